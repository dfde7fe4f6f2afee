"""Writes the fixture of the deformations: what SciPy and torchvision make of small images."""

import argparse
from math import cos, pi, sin
from pathlib import Path

import numpy as np
import scipy
import torch
import torchvision
from scipy.ndimage import affine_transform
from torch import Tensor
from torchvision.transforms.functional import InterpolationMode, affine

from saving import save_reproducibly

SHAPES = {"even": (2, 8, 10), "odd": (2, 7, 7)}
# In degrees, and in percent for the zoom; more than a right angle shears into a mirror image.
CASES = [("rotation", a) for a in (-71.3, -20.0, 3.7, 55.1)]
CASES += [("shear", a * 180 / pi) for a in (-0.5, 0.3, 1.0, 2.5, -3.0)]
CASES += [("zoom", p) for p in (20, 40, 60, 80, 120, 140, 160, 180)]
FILL = {"black": -1.75, "mean": 0.0}


def authors(image: np.ndarray, kind: str, amount: float, order: int, fill: float) -> np.ndarray:
    """The authors' matrices, from output to input, around a centre that is one pixel off."""
    _, height, width = image.shape
    angle = amount * (pi / 180)
    matrix = {
        "rotation": [[cos(angle), -sin(angle)], [sin(angle), cos(angle)]],
        "shear": [[1.0, -sin(angle)], [0.0, cos(angle)]],
        "zoom": [[amount / 100, 0.0], [0.0, amount / 100]],
    }[kind]
    centre = (height / 2 + 0.5, width / 2 + 0.5)
    offset = [c - (row[0] * centre[0] + row[1] * centre[1]) for c, row in zip(centre, matrix)]
    channels = [
        affine_transform(channel, np.array(matrix), offset, order=order, mode="constant", cval=fill)
        for channel in image
    ]
    return np.stack(channels)


def by_torchvision(image: np.ndarray, kind: str, amount: float, order: int, fill: float) -> Tensor:
    return affine(
        torch.from_numpy(image),
        angle=amount if kind == "rotation" else 0.0,
        translate=[0, 0],
        scale=amount / 100 if kind == "zoom" else 1.0,
        shear=[amount if kind == "shear" else 0.0, 0.0],
        interpolation=InterpolationMode.BILINEAR if order else InterpolationMode.NEAREST,
        fill=[fill] * len(image),
    )


def record(seed: int) -> dict[str, Tensor]:
    rng = np.random.default_rng(seed)
    tensors: dict[str, Tensor] = {}
    for name, shape in SHAPES.items():
        # Float32 numbers in float64, so that both sides start from the same.
        image = rng.standard_normal(shape).astype(np.float32).astype(np.float64)
        tensors[f"{name}.image"] = torch.from_numpy(image)
        for order, interpolation in enumerate(("nearest", "bilinear")):
            for fill, value in FILL.items():
                found = [authors(image, *case, order, value) for case in CASES]
                key = f"{interpolation}.{fill}"
                tensors[f"{name}.authors.{key}"] = torch.from_numpy(np.stack(found))
                others = [by_torchvision(image, *case, order, value) for case in CASES]
                tensors[f"{name}.torchvision.{key}"] = torch.stack(others)
    return tensors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="made if needed")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default 1")
    options = parser.parse_args()
    metadata = {
        "cases": ";".join(f"{kind} {amount!r}" for kind, amount in CASES),
        "fill": str(FILL["black"]),
        "scipy_version": scipy.__version__,
        "torchvision_version": torchvision.__version__,
    }
    path = options.output / "deformations.safetensors"
    save_reproducibly(record(options.seed), path, metadata)


if __name__ == "__main__":
    main()
