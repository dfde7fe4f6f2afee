"""Records what PyTorch computes with narrow residual networks: logits and gradients."""

import argparse
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from saving import save_reproducibly

BATCH, IMAGE, CLASSES = 3, (3, 16, 16), 5


class Block(nn.Module):
    """Normalisation, ReLU and convolution, twice or three times, around a shortcut."""

    def __init__(self, convolutions: list[nn.Conv2d], shortcut: nn.Conv2d | None, raw: bool):
        super().__init__()
        for number, convolution in enumerate(convolutions, start=1):
            self.add_module(f"bn{number}", nn.BatchNorm2d(convolution.in_channels))
            self.add_module(f"conv{number}", convolution)
        self.count, self.raw = len(convolutions), raw
        if shortcut is not None:
            self.shortcut = nn.Sequential(shortcut)

    def forward(self, x: Tensor) -> Tensor:
        activated = functional.relu(self.bn1(x))
        identity = x
        if hasattr(self, "shortcut"):
            identity = self.shortcut(x if self.raw else activated)
        out = self.conv1(activated)
        for number in range(2, self.count + 1):
            norm, convolution = getattr(self, f"bn{number}"), getattr(self, f"conv{number}")
            out = convolution(functional.relu(norm(out)))
        return out + identity


class Network(nn.Module):
    """A convolution, stages of blocks, perhaps a normalisation, the mean, a linear layer."""

    def __init__(self, first: nn.Conv2d, stages: list[list[Block]], final: dict[str, nn.Module],
                 width: int):
        super().__init__()
        self.conv1 = first
        self.names = []
        for number, blocks in enumerate(stages, start=1):
            self.names.append(f"layer{number}")
            self.add_module(self.names[-1], nn.Sequential(*blocks))
        self.final = list(final)
        for name, module in final.items():
            self.add_module(name, module)
        self.linear = nn.Linear(width, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        for name in self.names:
            x = getattr(self, name)(x)
        for name in self.final:
            x = functional.relu(getattr(self, name)(x))
        return self.linear(x.mean(dim=(2, 3)))


def convolution(inputs: int, outputs: int, size: int, stride: int = 1, bias: bool = False):
    return nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=bias)


def preactresnet(depths: list[int], width: int, bottleneck: bool, stride: int = 1,
                 final_norm: bool = False) -> Network:
    stages, inputs = [], width
    for stage, depth in enumerate(depths):
        inner = width * 2**stage
        outer = 4 * inner if bottleneck else inner
        blocks = []
        for index in range(depth):
            step = 2 if stage > 0 and index == 0 else 1
            if bottleneck:
                branch = [convolution(inputs, inner, 1), convolution(inner, inner, 3, step),
                          convolution(inner, outer, 1)]
            else:
                branch = [convolution(inputs, outer, 3, step), convolution(outer, outer, 3)]
            changes = step != 1 or inputs != outer
            shortcut = convolution(inputs, outer, 1, step) if changes else None
            blocks.append(Block(branch, shortcut, raw=False))
            inputs = outer
        stages.append(blocks)
    final = {"bn": nn.BatchNorm2d(inputs)} if final_norm else {}
    return Network(convolution(IMAGE[0], width, 3, stride), stages, final, inputs)


def wide_resnet(count: int, factor: int, width: int, textbook: bool = False) -> Network:
    stages, inputs, bias = [], width, not textbook
    for stage in range(3):
        outputs = width * factor * 2**stage
        blocks = []
        for index in range(count):
            step = 2 if stage > 0 and index == 0 else 1
            first, second = (step, 1) if textbook else (1, step)
            branch = [convolution(inputs, outputs, 3, first, bias),
                      convolution(outputs, outputs, 3, second, bias)]
            changes = step != 1 or inputs != outputs
            shortcut = convolution(inputs, outputs, 1, step, bias) if changes else None
            blocks.append(Block(branch, shortcut, raw=not textbook))
            inputs = outputs
        stages.append(blocks)
    final = {"bn1": nn.BatchNorm2d(inputs, momentum=0.1 if textbook else 0.9)}
    return Network(convolution(IMAGE[0], width, 3, bias=bias), stages, final, inputs)


# The widths keep each file below 300 KB.
NETWORKS: dict[str, Callable[[], Network]] = {
    "preactresnet18": lambda: preactresnet([2, 2, 2, 2], width=3, bottleneck=False),
    "preactresnet18-textbook": lambda: preactresnet(
        [2, 2, 2, 2], width=3, bottleneck=False, stride=2, final_norm=True
    ),
    "preactresnet50": lambda: preactresnet([3, 4, 6, 3], width=2, bottleneck=True),
    "wide_resnet": lambda: wide_resnet(count=2, factor=2, width=3),
    "wide_resnet-textbook": lambda: wide_resnet(count=1, factor=2, width=3, textbook=True),
}


def record(name: str, seed: int, path: Path) -> None:
    """Writes weights, a minibatch, and what the network makes of it."""
    torch.manual_seed(seed)
    model = NETWORKS[name]()
    with torch.no_grad():
        # Norms that do nothing, and statistics of 0 and 1, would hide an exchange of the two.
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.uniform_(-0.5, 0.5)
                module.running_mean.uniform_(-0.5, 0.5)
                module.running_var.uniform_(0.5, 1.5)
    images, labels = torch.randn(BATCH, *IMAGE), torch.randint(CLASSES, (BATCH,))
    tensors = {f"initial.{key}": value.clone() for key, value in model.state_dict().items()}
    tensors |= {"input": images, "labels": labels}
    with torch.no_grad():
        tensors["logits.evaluation"] = model.eval()(images)
    logits = model.train()(images)
    functional.cross_entropy(logits, labels).backward()
    tensors["logits.training"] = logits.detach()
    tensors |= {f"gradient.{key}": value.grad for key, value in model.named_parameters()}
    # What the training pass left in the running statistics.
    buffers = {key: value for key, value in model.named_buffers() if "running" in key}
    tensors |= {f"after.{key}": value for key, value in buffers.items()}
    description = {"network": name, "seed": str(seed), "torch_version": torch.__version__}
    save_reproducibly(tensors, path, description)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default 1")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in NETWORKS:
        path = options.output / f"{name}.safetensors"
        record(name, options.seed, path)
        print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
