"""Moves an MLP's weights between PyTorch and Swift, with an input and its logits as the proof."""

import argparse
import sys
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from manifold_mixup_reference import MLP
from saving import save_reproducibly

WIDTHS = (64, 32, 16, 10)
ROWS = 5
TOLERANCE = 1e-5


class Mismatch(Exception):
    """The file does not hold what PyTorch computes."""


def save(path: Path, seed: int) -> None:
    """Writes a fresh network's state_dict, an input and the logits that PyTorch gives it."""
    torch.manual_seed(seed)
    model = MLP(WIDTHS)
    inputs = torch.randn(ROWS, WIDTHS[0])
    with torch.no_grad():
        tensors = {**model.state_dict(), "input": inputs, "logits": model(inputs)}
    widths = " ".join(map(str, WIDTHS))
    description = {"widths": widths, "activation": "relu", "torch_version": torch.__version__}
    save_reproducibly(tensors, path, description)


def read(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as reason:
        raise Mismatch(f"cannot be read: {reason}") from None


def check(path: Path) -> float:
    """Loads the weights into PyTorch and returns how far its logits are from those in the file.

    The widths are the file's own. The difference is relative to the largest logit, or to 1.
    """
    tensors = read(path)
    needed = {"input", "logits", *MLP(WIDTHS).state_dict()}
    if missing := needed - tensors.keys():
        raise Mismatch(f"lacks {', '.join(sorted(missing))}")
    inputs, logits = tensors.pop("input"), tensors.pop("logits")
    if not inputs.is_floating_point() or inputs.numel() == 0:
        raise Mismatch(f"has an input of {list(inputs.shape)} {inputs.dtype}, not floating rows")
    layers = [tensors[f"fc{number}.weight"] for number in (1, 2, 3)]
    if any(layer.dim() != 2 for layer in layers):
        raise Mismatch("has a weight that is not a matrix")
    model = MLP((layers[0].shape[1], *(layer.shape[0] for layer in layers))).to(inputs.dtype)
    try:
        model.load_state_dict(tensors)
        with torch.no_grad():
            expected = model(inputs)
    except RuntimeError as reason:
        raise Mismatch(f"does not fit the network: {' '.join(str(reason).split())}") from None
    if expected.shape != logits.shape:
        shapes = f"{list(logits.shape)}, PyTorch's are {list(expected.shape)}"
        raise Mismatch(f"has logits of shape {shapes}")
    difference = float((expected - logits).abs().max() / expected.abs().max().clamp(min=1))
    if not difference <= TOLERANCE:
        raise Mismatch(f"has logits that differ from PyTorch's by {difference:.1e} relative")
    return difference


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    saving = commands.add_parser("save", help="write weights, an input and its logits")
    saving.add_argument("file", type=Path, metavar="OUT")
    saving.add_argument("--seed", type=int, default=1, metavar="N", help="default 1")
    checking = commands.add_parser("check", help="compare a file's logits with PyTorch's")
    checking.add_argument("file", type=Path, metavar="FILE")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.command == "save":
        save(options.file, options.seed)
        return 0
    try:
        difference = check(options.file)
    except Mismatch as reason:
        print(f"error: {options.file} {reason}", file=sys.stderr)
        return 1
    print(f"{options.file} agrees with PyTorch within {difference:.1e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
