"""Writes the fixture of the attacks: adversarial examples that PyTorch makes, in float64."""

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from networks import NARROW
from saving import save_reproducibly

MEAN, DEVIATION = [0.49, 0.48, 0.45], [0.25, 0.24, 0.26]
EXAMPLES, CLASSES, SIDE = 6, 5, 16

# name: (epsilon, step, steps, units, loss, projected); lengths in pixels are levels of 255.
ATTACKS = {
    "fgsm": (0.03, 0.03, 1, "normalised", "soft-cross-entropy", True),
    "fgsm-bce": (0.03, 0.03, 1, "normalised", "paper-bce", True),
    "fgsm-pixels": (8, 8, 1, "pixels", "soft-cross-entropy", True),
    "pgd": (0.1, 0.03, 6, "normalised", "soft-cross-entropy", True),
    "pgd-pixels": (8, 2, 6, "pixels", "paper-bce", True),
    "authors-pgd": (None, 0.03, 6, "normalised", "paper-bce", False),
}


def loss_of(name: str, logits: Tensor, labels: Tensor) -> Tensor:
    if name == "soft-cross-entropy":
        return functional.cross_entropy(logits, labels)
    targets = functional.one_hot(labels, CLASSES).to(logits.dtype)
    return functional.binary_cross_entropy(logits.softmax(1), targets)


def channels(values: list[float], dtype: torch.dtype) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).to(dtype).to(torch.float64).view(-1, 1, 1)


def attacked(model: nn.Module, images: Tensor, labels: Tensor, settings: tuple) -> Tensor:
    epsilon, step, steps, units, loss, projected = settings
    unit = torch.ones(1, dtype=torch.float64)
    if units == "pixels":
        unit = channels([1 / (255 * s) for s in DEVIATION], torch.float64)
    current = images
    for _ in range(steps):
        leaf = current.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(loss_of(loss, model(leaf), labels), leaf)
        # A sign that rounding decides would make the comparison a matter of luck.
        assert gradient.abs().min() > 1e-12 * gradient.abs().max()
        current = current + step * unit * gradient.sign()
        if projected:
            radius = epsilon * unit
            current = torch.minimum(torch.maximum(current, images - radius), images + radius)
        if units == "pixels":
            # The ends of the range are rounded as normalised bytes are.
            low = channels([-m / s for m, s in zip(MEAN, DEVIATION)], torch.float32)
            high = channels([(1 - m) / s for m, s in zip(MEAN, DEVIATION)], torch.float32)
            current = torch.minimum(torch.maximum(current, low), high)
    return current


def record(seed: int) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    model = NARROW["preact-resnet-18"].build()
    pixels = torch.randint(0, 256, (EXAMPLES, 3, SIDE, SIDE), dtype=torch.uint8)
    # Black and white, so that the clamp has something to do.
    pixels[:, :, :3], pixels[:, :, 13:] = 0, 255
    labels = torch.arange(EXAMPLES) % CLASSES
    mean, deviation = channels(MEAN, torch.float64), channels(DEVIATION, torch.float64)
    images = ((pixels / 255.0).double() - mean) / deviation
    images = images.float()
    for _ in range(20):  # running statistics that are not 0 and 1
        model(images + 0.3 * torch.randn_like(images))
    state = {f"initial.{name}": value.clone() for name, value in model.state_dict().items()}
    model = model.double().eval()
    found = {
        f"attack.{name}": attacked(model, images.double(), labels, settings).detach()
        for name, settings in ATTACKS.items()
    }
    logits = {"logits": model(images.double()).detach()}
    return state | {"input": images, "labels": labels} | logits | found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="made if needed")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default 1")
    options = parser.parse_args()
    torch.set_num_threads(1)
    metadata = {
        "torch_version": torch.__version__,
        "mean": " ".join(map(str, MEAN)),
        "deviation": " ".join(map(str, DEVIATION)),
    }
    for name, (epsilon, step, steps, units, loss, _) in ATTACKS.items():
        metadata[name] = f"{epsilon} {step} {steps} {units} {loss}"
    save_reproducibly(record(options.seed), options.output / "attacks.safetensors", metadata)


if __name__ == "__main__":
    main()
