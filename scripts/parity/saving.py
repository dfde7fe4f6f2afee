"""Safetensors files whose bytes depend on their content only."""

import json
from pathlib import Path

from safetensors.torch import save
from torch import Tensor


def save_reproducibly(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Saves with a sorted header; the library itself writes the metadata in a random order."""
    content = save(tensors, metadata)
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8:start]), sort_keys=True, separators=(",", ":"))
    padded = header.encode().ljust((len(header.encode()) + 7) // 8 * 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(padded).to_bytes(8, "little") + padded + content[start:])
