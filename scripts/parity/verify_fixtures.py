"""Recomputes the fixtures in float64 with NumPy and hand-written gradients, without PyTorch."""

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy import ndarray as Array
from safetensors import safe_open

TOLERANCE = 1e-5
Tensors = dict[str, Array]


def softmax(logits: Array) -> Array:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def soft_cross_entropy(logits: Array, targets: Array) -> tuple[float, Array]:
    """The loss and its gradient with respect to the logits."""
    top = logits.max(axis=1, keepdims=True)
    log_total = top + np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
    row_sums = targets.sum(axis=1, keepdims=True)
    gradient = (row_sums * softmax(logits) - targets) / len(logits)
    return -(targets * (logits - log_total)).sum() / len(logits), gradient


def paper_bce(logits: Array, targets: Array) -> tuple[float, Array]:
    """The loss and its gradient with respect to the logits, with PyTorch's two clamps."""
    p = softmax(logits)
    with np.errstate(divide="ignore"):
        log_p, log_q = np.maximum(np.log(p), -100), np.maximum(np.log1p(-p), -100)
    by_p = (p - targets) / np.maximum(p * (1 - p), 1e-12) / p.size
    gradient = p * (by_p - (by_p * p).sum(axis=1, keepdims=True))
    return -(targets * log_p + (1 - targets) * log_q).mean(), gradient


LOSSES = {"soft-cross-entropy": soft_cross_entropy, "paper-bce": paper_bce}


def step(weights: Tensors, file: Tensors, info: dict[str, str], number: int) -> tuple:
    """Loss, logits and gradients of one mixed minibatch, by the chain rule."""
    lam = file["lambda"][number].reshape(-1, 1)
    one_hot = np.eye(weights["fc3.bias"].size)
    state, targets = file["input"], one_hot[file["labels"]]
    if "second.input" in file:
        rows = len(state)
        state = np.concatenate([state, file["second.input"]])
        targets = np.concatenate([targets, one_hot[file["second.labels"]]])
        first, partner = np.arange(rows), np.arange(rows, 2 * rows)
    else:
        first, partner = np.arange(len(state)), file["permutation"][number]

    def mix(values: Array) -> Array:
        return lam * values[first] + (1 - lam) * values[partner]

    layer, inputs = int(info["layer"]), []
    for index in range(3):
        unmixed = state
        state = mix(state) if index == layer else state
        inputs.append((unmixed, state))
        state = state @ weights[f"fc{index + 1}.weight"].T + weights[f"fc{index + 1}.bias"]
        state = np.maximum(state, 0) if index < 2 else state
    loss, slope = LOSSES[info["loss"]](state, mix(targets))

    gradients: Tensors = {}
    for index in (2, 1, 0):
        unmixed, mixed = inputs[index]
        gradients[f"fc{index + 1}.weight"] = slope.T @ mixed
        gradients[f"fc{index + 1}.bias"] = slope.sum(axis=0)
        slope = slope @ weights[f"fc{index + 1}.weight"]
        if index == layer and info["variant"] == "blocked-gradients":
            break
        if index == layer:
            both = np.zeros_like(unmixed)
            np.add.at(both, first, lam * slope)
            np.add.at(both, partner, (1 - lam) * slope)
            slope = both
        slope = slope * (unmixed > 0)
    return loss, state, gradients


def update(weights: Tensors, gradients: Tensors, memory: dict, info: dict, count: int) -> None:
    """SGD with Nesterov momentum, or Adam, in place; what has no gradient stays as it is."""
    rate, decay = float(info["learning_rate"]), float(info["weight_decay"])
    for name, gradient in gradients.items():
        value = weights[name]
        gradient = gradient + decay * value
        first, second = memory.get(name, (np.zeros_like(value), np.zeros_like(value)))
        if info["optimizer"] == "adam":
            beta1, beta2 = float(info["beta1"]), float(info["beta2"])
            first = beta1 * first + (1 - beta1) * gradient
            second = beta2 * second + (1 - beta2) * gradient**2
            scale = np.sqrt(second / (1 - beta2**count)) + float(info["epsilon"])
            value -= rate * first / (1 - beta1**count) / scale
        else:
            first = float(info["momentum"]) * first + gradient
            value -= rate * (gradient + float(info["momentum"]) * first)
        memory[name] = (first, second)


def difference(found: Array, expected: Array) -> float:
    """Largest difference, relative to the largest expected value; NaN counts as infinite."""
    found, expected = np.asarray(found), np.asarray(expected)
    if found.shape != expected.shape:
        return np.inf
    worst = np.abs(found - expected).max() / np.abs(expected).max()
    return float(worst) if np.isfinite(worst) else np.inf


def verify_run(file: Tensors, info: dict[str, str]) -> dict[str, float]:
    """The worst difference of each kind of tensor over a whole run.

    The losses are compared with the largest of the run: a single row is soon fitted, and a loss
    of nearly zero has no correct digits in float32.
    """
    weights = {k.removeprefix("initial."): v.copy() for k, v in file.items() if "initial." in k}
    worst = {"weights": 0.0, "gradient": 0.0}
    losses: list[float] = []
    memory: dict[str, tuple[Array, Array]] = {}
    if "lambda.drawn" in file:
        folded = np.maximum(file["lambda.drawn"], 1 - file["lambda.drawn"])
        worst["folding"] = difference(file["lambda"], folded)
    for number in range(int(info["steps"])):
        loss, logits, gradients = step(weights, file, info, number)
        losses.append(loss)
        if number == 0:
            worst["logits"] = difference(logits, file["logits"])
            for name, value in gradients.items():
                found = difference(value, file[f"gradient.{name}"])
                worst["gradient"] = max(worst["gradient"], found)
        update(weights, gradients, memory, info, number + 1)
        for name, value in weights.items():
            found = difference(value, file[f"weights.{name}"][number])
            worst["weights"] = max(worst["weights"], found)
    worst["loss"] = difference(losses, file["loss"])
    return worst


def verify_losses(file: Tensors) -> dict[str, float]:
    """The differences of the losses alone."""
    worst: dict[str, float] = {}
    for name, function in LOSSES.items():
        loss, gradient = function(file["logits"], file["targets"])
        for kind in ("float32", "float64"):
            worst[f"{name} {kind}"] = max(
                difference([loss], file[f"{name}.loss.{kind}"]),
                difference(gradient, file[f"{name}.gradient.{kind}"]),
            )
    return worst


def read(path: Path) -> tuple[Tensors, dict[str, str]]:
    with safe_open(path, framework="numpy") as source:
        tensors = {name: source.get_tensor(name) for name in source.keys()}
        info = source.metadata() or {}
    wide = {k: v.astype(np.float64) if v.dtype == np.float32 else v for k, v in tensors.items()}
    return wide, info


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verify", type=Path, required=True, metavar="DIR")
    folder = parser.parse_args().verify
    paths = sorted(
        path
        for path in folder.glob("*.safetensors")
        if path.stem != "state_dict" and "network" not in read(path)[1]
    )
    if not paths:
        print(f"error: no fixtures in {folder}; write_fixtures.py makes them", file=sys.stderr)
        return 1
    failed = False
    for path in paths:
        file, info = read(path)
        worst = verify_losses(file) if path.stem == "losses" else verify_run(file, info)
        failed |= max(worst.values()) > TOLERANCE
        numbers = "  ".join(f"{kind} {value:.1e}" for kind, value in worst.items())
        print(f"{path.stem:36} {numbers}")
    print("FAILED" if failed else f"all {len(paths)} files agree within {TOLERANCE}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
