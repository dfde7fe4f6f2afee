"""Writes the fixture of the spectra: the singular values that NumPy finds, class by class."""

import argparse
from pathlib import Path

import numpy as np
import torch

from saving import save_reproducibly

COUNTS, DIMENSIONS = [12, 30, 5], 16


def states(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Classes with a mean each, the first flat: it varies in two directions only."""
    blocks = []
    for label, count in enumerate(COUNTS):
        rank = 2 if label == 0 else DIMENSIONS
        spread = generator.normal(size=(count, rank)) @ generator.normal(size=(rank, DIMENSIONS))
        blocks.append(4 * generator.normal(size=DIMENSIONS) + spread)
    labels = np.repeat(np.arange(len(COUNTS)), COUNTS)
    order = generator.permutation(len(labels))
    return np.concatenate(blocks).astype(np.float32)[order], labels[order]


def spectra(name: str, rows: np.ndarray) -> dict[str, np.ndarray]:
    centred = rows - rows.mean(0)
    return {
        f"{name}.uncentred": np.linalg.svd(rows, compute_uv=False),
        f"{name}.centred": np.linalg.svd(centred, compute_uv=False),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="made if needed")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default 1")
    options = parser.parse_args()
    features, labels = states(np.random.default_rng(options.seed))
    rows = features.astype(np.float64)
    found = spectra("all", rows)
    for label in range(len(COUNTS)):
        found |= spectra(f"class.{label}", rows[labels == label])
    # What is between the classes: every example replaced by its class's mean.
    means = np.stack([rows[labels == label].mean(0) for label in labels])
    found["between"] = np.linalg.svd(means - rows.mean(0), compute_uv=False)[: len(COUNTS)]
    tensors = {"features": features, "labels": labels} | found
    save_reproducibly(
        {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in tensors.items()},
        options.output / "spectrum.safetensors",
        {"numpy_version": np.__version__},
    )


if __name__ == "__main__":
    main()
