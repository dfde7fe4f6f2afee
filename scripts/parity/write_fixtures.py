"""Writes the parity fixtures: runs of the PyTorch reference that the Swift tests repeat."""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from cases import ALPHA, Case, all_cases
from manifold_mixup_reference import LOSSES, MLP, mixed_step, two_minibatch_step
from saving import save_reproducibly

WIDTHS = (6, 8, 7, 5)
CLASSES = WIDTHS[-1]


class TrivialCase(Exception):
    """A case that would pass although the code under test is wrong."""


def minibatch(rng: np.random.Generator, rows: int) -> tuple[Tensor, Tensor]:
    """Gaussian inputs, and shuffled labels that cover the classes as evenly as they can."""
    inputs = rng.standard_normal((rows, WIDTHS[0])).astype(np.float32)
    labels = rng.permutation(rows) % CLASSES
    return torch.from_numpy(inputs), torch.from_numpy(labels)


def draws(rng: np.random.Generator, case: Case) -> dict[str, Tensor]:
    """Every step's lambda and permutation, under the names that they have in the file."""
    shape = (case.steps, case.batch) if case.variant == "per-sample-lambda" else (case.steps,)
    lam = rng.beta(ALPHA, ALPHA, size=shape)
    drawn = {"lambda": torch.from_numpy(lam)}
    if case.variant == "folded-lambda":
        drawn["lambda.drawn"] = drawn["lambda"]
        drawn["lambda"] = torch.from_numpy(np.maximum(lam, 1 - lam))
    if case.variant != "two-minibatches":
        permutations = [rng.permutation(case.batch) for _ in range(case.steps)]
        drawn["permutation"] = torch.from_numpy(np.stack(permutations))
    return drawn


def data(case: Case, seed: int) -> dict[str, Tensor]:
    """What a run is given: the minibatch, or two of them, and each step's draws."""
    rng = np.random.default_rng([seed, case.layer, case.batch])
    inputs, labels = minibatch(rng, case.batch)
    given = {"input": inputs, "labels": labels, **draws(rng, case)}
    if case.variant == "two-minibatches":
        given["second.input"], given["second.labels"] = minibatch(rng, case.batch)
        if torch.equal(labels, given["second.labels"]):
            raise TrivialCase(f"{case.name}: both minibatches have the same labels")
    return given


def forward(case: Case, model: MLP, given: dict[str, Tensor], step: int) -> tuple[Tensor, Tensor]:
    """Loss and logits of one step."""
    loss, lam = LOSSES[case.loss], given["lambda"][step]
    targets = one_hot(given["labels"], CLASSES).float()
    if case.variant != "two-minibatches":
        permutation, inputs = given["permutation"][step], given["input"]
        blocked = case.blocks_gradients
        return mixed_step(model, loss, case.layer, lam, permutation, inputs, targets, blocked)
    second_targets = one_hot(given["second.labels"], CLASSES).float()
    both_inputs = (given["input"], given["second.input"])
    both_targets = (targets, second_targets)
    return two_minibatch_step(model, loss, case.layer, lam, both_inputs, both_targets)


def run(case: Case, seed: int) -> dict[str, Tensor]:
    """Trains on one minibatch and returns everything that the file holds."""
    torch.manual_seed(seed)
    model = MLP(WIDTHS)
    optimizer = case.optimizer(model)
    parameters = dict(model.named_parameters())
    given = data(case, seed)
    record = dict(given)
    record |= {f"initial.{name}": value.detach().clone() for name, value in parameters.items()}

    losses: list[Tensor] = []
    weights: dict[str, list[Tensor]] = {name: [] for name in parameters}
    for step in range(case.steps):
        loss, logits = forward(case, model, given, step)
        optimizer.zero_grad()
        loss.backward()
        for name, value in parameters.items():
            if not case.trains(name):
                if value.grad is not None:
                    raise TrivialCase(f"{case.name}: a gradient reaches {name} in step {step}")
                continue
            if not value.grad.abs().max() > 0:
                raise TrivialCase(f"{case.name}: no gradient reaches {name} in step {step}")
            if step == 0:
                record[f"gradient.{name}"] = value.grad.clone()
        if step == 0:
            record["logits"] = logits.detach()
        optimizer.step()
        losses.append(loss.detach())
        for name, value in parameters.items():
            weights[name].append(value.detach().clone())

    record["loss"] = torch.stack(losses)
    record |= {f"weights.{name}": torch.stack(values) for name, values in weights.items()}
    part = max(case.steps // 5, 1)
    if not record["loss"][-part:].mean() < record["loss"][:part].mean():
        raise TrivialCase(f"{case.name}: the loss does not fall")
    return record


def losses_alone(seed: int) -> dict[str, Tensor]:
    """Both losses and their gradients at given logits, in float32 and float64."""
    rows, classes = 16, 10
    rng = np.random.default_rng(seed)
    logits = 2 * rng.standard_normal((rows, classes))
    logits[0] = np.where(np.arange(classes) == 3, 60, -60)
    logits[1] = np.where(np.arange(classes) < 5, 60, -60)
    first, second = np.eye(classes)[rng.integers(classes, size=(2, rows))]
    lam = rng.beta(ALPHA, ALPHA, size=(rows, 1))
    lam[2] = 1
    targets = lam * first + (1 - lam) * second
    record = {
        "logits": torch.from_numpy(logits.astype(np.float32)),
        "targets": torch.from_numpy(targets.astype(np.float32)),
    }
    for name, loss in LOSSES.items():
        for kind, label in ((torch.float32, "float32"), (torch.float64, "float64")):
            leaf = record["logits"].to(kind).requires_grad_()
            value = loss(leaf, record["targets"].to(kind))
            (gradient,) = torch.autograd.grad(value, leaf)
            record[f"{name}.loss.{label}"] = value.detach().reshape(1)
            record[f"{name}.gradient.{label}"] = gradient
    return record


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="made if needed")
    parser.add_argument("--seed", type=int, default=14, metavar="N", help="default 14")
    parser.add_argument("--steps", type=int, default=100, metavar="N", help="default 100")
    options = parser.parse_args()
    if options.steps < 2:
        parser.error("--steps must be at least 2")
    torch.set_num_threads(1)
    try:
        for case in all_cases(options.steps):
            path = options.output / f"{case.name}.safetensors"
            save_reproducibly(run(case, options.seed), path, case.description(options.seed))
    except TrivialCase as reason:
        print(f"error: seed {options.seed}, {reason}; choose another --seed", file=sys.stderr)
        return 1
    description = {"torch_version": torch.__version__, "seed": str(options.seed)}
    path = options.output / "losses.safetensors"
    save_reproducibly(losses_alone(options.seed), path, description)
    return 0


if __name__ == "__main__":
    sys.exit(main())
