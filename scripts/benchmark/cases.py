"""The networks that are measured, as PyTorch builds them and as the options of this package say them."""

import dataclasses
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))

import networks  # noqa: E402

CLASSES, BATCH = 10, 100


@dataclasses.dataclass(frozen=True)
class Case:
    """A training, of which a step or an evaluation is timed."""

    title: str
    description: networks.Description
    flags: tuple[str, ...]
    layers: tuple[int, ...]  # where it is mixed
    work: str = "step"

    def options(self):
        """The package's options."""
        shape = ",".join(map(str, self.description.input_shape))
        return [*self.flags, "--input-shape", shape, "--batch-size", str(BATCH)]

    def mixing(self):
        return ["--method", "manifold-mixup", "--layers", ",".join(map(str, self.layers))]


def residual(title, description, flags, work="step"):
    description = dataclasses.replace(description, classes=CLASSES, input_shape=(3, 32, 32))
    return Case(title, description, flags, layers=(0, 1, 2), work=work)


def perceptron(title, widths, layers, bottleneck=0):
    description = dataclasses.replace(
        networks.perceptron(widths, bottleneck), classes=CLASSES, input_shape=(1, 28, 28))
    flags = ["--widths", ",".join(map(str, widths)), "--activation", "leaky-relu"]
    if bottleneck:
        flags += ["--bottleneck", str(bottleneck)]
    return Case(title, description, tuple(flags), layers)


def preact(width, work="step"):
    title = "PreActResNet-18" + (f" of width {width}" if width != 64 else "")
    return residual(title, networks.preact(18, width), (
        "--model", "preact-resnet-18", "--width", str(width)), work)


CASES = {
    "mlp": perceptron("784-256-256-10", (256, 256), layers=(0, 1, 2)),
    "appendix-g": perceptron(
        "the paper's Appendix G, a bottleneck of 12 units", (1024,) * 3 + (12,) + (1024,) * 4,
        layers=(4,), bottleneck=4),
    "narrow": preact(16),
    "wrn-28-2": residual(
        "WRN-28-2", networks.wide(28, 2, width=16), ("--model", "wide-resnet", "--widen-factor", "2")),
    "preact-resnet-18": preact(64),
    "evaluation": preact(64, work="evaluate"),
}
