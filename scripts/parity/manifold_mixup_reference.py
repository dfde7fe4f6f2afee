"""Manifold Mixup (Verma et al., 2019, section 2) in plain PyTorch, written from its definition.

A network is a prefix g_k followed by a suffix f_k. One training step draws a boundary k, a weight
lambda and a partner for every row, and takes the loss of

    f_k(lambda * g_k(x) + (1 - lambda) * g_k(x'))  against  lambda * y + (1 - lambda) * y'

with one-hot targets y. The gradient flows through the suffix and through both prefixes.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]


class MLP(nn.Module):
    """Three linear layers with ReLU between them; boundaries 0 (input), 1 and 2 (after a ReLU)."""

    def __init__(self, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.fc1 = nn.Linear(widths[0], widths[1])
        self.fc2 = nn.Linear(widths[1], widths[2])
        self.fc3 = nn.Linear(widths[2], widths[3])

    def prefix(self, x: Tensor, layer: int) -> Tensor:
        """g_k: the hidden state at boundary `layer`."""
        for linear in [self.fc1, self.fc2][:layer]:
            x = torch.relu(linear(x))
        return x

    def suffix(self, hidden: Tensor, layer: int) -> Tensor:
        """f_k: the logits, given the hidden state at boundary `layer`."""
        for linear in [self.fc1, self.fc2][layer:]:
            hidden = torch.relu(linear(hidden))
        return self.fc3(hidden)

    def forward(self, x: Tensor) -> Tensor:
        return self.suffix(x, layer=0)


def mix(lam: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """lambda * first + (1 - lambda) * second.

    `lam` is float64, a scalar or one value a row; both weights are rounded to the tensors' type
    only after the subtraction.
    """
    lam = lam.reshape(-1, 1)
    return lam.to(first.dtype) * first + (1 - lam).to(first.dtype) * second


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean over the batch of -sum(y log softmax(z))."""
    return -(targets * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()


def paper_bce(logits: Tensor, targets: Tensor) -> Tensor:
    """The paper's loss: binary cross entropy on the softmax, mean over batch x classes.

    torch.nn.BCELoss clamps each logarithm at -100.
    """
    return nn.BCELoss()(torch.softmax(logits, dim=1), targets)


LOSSES: dict[str, Loss] = {"soft-cross-entropy": soft_cross_entropy, "paper-bce": paper_bce}


def mixed_step(
    model: MLP,
    loss: Loss,
    layer: int,
    lam: Tensor,
    permutation: Tensor,
    inputs: Tensor,
    targets: Tensor,
    blocks_gradients: bool = False,
) -> tuple[Tensor, Tensor]:
    """Loss and logits of a minibatch mixed at `layer` with its own shuffled rows.

    Blocked gradients end at the mix, the paper's ablation.
    """
    hidden = model.prefix(inputs, layer)
    if blocks_gradients:
        hidden = hidden.detach()
    logits = model.suffix(mix(lam, hidden, hidden[permutation]), layer)
    return loss(logits, mix(lam, targets, targets[permutation])), logits


def two_minibatch_step(
    model: MLP,
    loss: Loss,
    layer: int,
    lam: Tensor,
    inputs: tuple[Tensor, Tensor],
    targets: tuple[Tensor, Tensor],
) -> tuple[Tensor, Tensor]:
    """Loss and logits of one minibatch mixed at `layer` with a second one, row by row.

    The prefix sees both minibatches as one, so that anything it computes over the batch is shared.
    """
    first, second = model.prefix(torch.cat(inputs), layer).chunk(2)
    logits = model.suffix(mix(lam, first, second), layer)
    return loss(logits, mix(lam, *targets)), logits
