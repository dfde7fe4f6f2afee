"""Weights on their way between PyTorch and the tool: what `export` wrote, and what others wrote.

    exported.py check FOLDER      PyTorch computes the logits of every NAME.examples from NAME.safetensors
    exported.py authors FOLDER    NAME.archive and NAME.pickle: NAME.safetensors as the authors' code
                                  saves it, and attack.archive, which runs a program when it is read

NAME.examples is a safetensors file with `input` and `logits`.
"""

import argparse
import json
import os
import sys
import types
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file

from networks import Description


def described(path: str) -> Description:
    """The network that an exported file describes in its metadata."""
    with safe_open(path, "pt") as file:
        content = json.loads(file.metadata()["manifold-mixup"])
    model, common = content["model"], {
        "input_shape": tuple(content["input"]["shape"]),
        "classes": len(content["classes"]),
        "textbook": content["model"].get("variant") == "textbook",
    }
    if model["name"] == "mlp":
        return Description("mlp", widths=tuple(model["widths"]),
                           bottleneck=model["bottleneck"] or 0, **common)
    if model["name"] == "wide-resnet":
        return Description("wide-resnet", depth=model["depth"], width=16,
                           widen_factor=model["widen-factor"], **common)
    return Description("preact-resnet", depth=int(model["name"].split("-")[-1]),
                       width=model["width"], initial_stride=model["initial-stride"], **common)


def check(folder: Path) -> None:
    """Prints the names of the files whose logits PyTorch does not compute."""
    for file in sorted(folder.glob("*.safetensors")):
        network = described(str(file)).build().eval()
        network.load_state_dict(load_file(file), strict=True)
        expected = load_file(file.with_suffix(".examples"))
        with torch.no_grad():
            logits = network(expected["input"])
        difference = (logits - expected["logits"]).abs().max().item()
        if not difference <= 1e-5 * max(1.0, expected["logits"].abs().max().item()):
            print(file.stem)


class Attack:
    """An object whose pickle runs a program."""

    def __init__(self, folder: Path) -> None:
        self.command = f"touch '{folder}/attacked'"

    def __reduce__(self):
        return os.system, (self.command,)


def authors(folder: Path) -> None:
    """A dictionary with the state_dict of a DataParallel, and with an object of a class of their own."""
    recorder = type("RecorderMeter", (), {"__module__": "utils"})
    module = types.ModuleType("utils")
    module.RecorderMeter = recorder
    sys.modules["utils"] = module
    meter = recorder()
    meter.epoch_losses = torch.zeros(3, 2).numpy()
    for file in sorted(folder.glob("*.safetensors")):
        network = described(str(file)).build()
        network.load_state_dict(load_file(file))
        content = {"epoch": 3, "arch": file.stem, "recorder": meter,
                   "state_dict": torch.nn.DataParallel(network).state_dict(),
                   "optimizer": torch.optim.SGD(network.parameters(), lr=0.1).state_dict()}
        torch.save(content, file.with_suffix(".archive"))
        # Of old, PyTorch wrote pickles; now it writes archives of one.
        torch.save(content, file.with_suffix(".pickle"), _use_new_zipfile_serialization=False)
    torch.save({"state_dict": {"w": torch.ones(1)}, "x": Attack(folder)}, folder / "attack.archive")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["check", "authors"])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    {"check": check, "authors": authors}[arguments.command](arguments.folder)


if __name__ == "__main__":
    main()
