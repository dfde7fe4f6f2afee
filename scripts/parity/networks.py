"""The networks in plain PyTorch, and the sizes in which they are trained to compare them."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from torch import Tensor, nn
from torch.nn import functional

from manifold_mixup_reference import mix

Mix = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Description:
    """What a file says of its network and run, for its reader; 0 is "not of this family"."""

    family: str
    depth: int = 0
    width: int = 0
    widen_factor: int = 0
    initial_stride: int = 0
    textbook: bool = False
    widths: tuple[int, ...] = ()
    bottleneck: int = 0
    input_shape: tuple[int, ...] = (3, 16, 16)
    classes: int = 5
    batch: int = 8
    learning_rate: float = 0.02

    def metadata(self) -> dict[str, str]:
        def text(value: object) -> str:
            return " ".join(map(str, value)) if isinstance(value, tuple) else str(value).lower()

        return {key: text(value) for key, value in asdict(self).items()}

    @classmethod
    def of(cls, metadata: dict[str, str]) -> "Description":
        def numbers(key: str) -> tuple[int, ...]:
            return tuple(map(int, metadata[key].split()))

        whole = ("depth", "width", "widen_factor", "initial_stride", "bottleneck", "classes",
                 "batch")
        return cls(family=metadata["family"], textbook=metadata["textbook"] == "true",
                   widths=numbers("widths"), input_shape=numbers("input_shape"),
                   learning_rate=float(metadata["learning_rate"]),
                   **{key: int(metadata[key]) for key in whole})

    def build(self) -> "Network":
        if self.family == "mlp":
            return mlp(self)
        return preactresnet(self) if self.family == "preact-resnet" else wide_resnet(self)


class Network(nn.Module):
    """Parts in a row; some of them have a boundary behind them, and boundary 0 is the input."""

    def __init__(self, parts: dict[str, nn.Module], boundaries: list[str]) -> None:
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)
        self.names, self.boundaries = list(parts), boundaries

    def forward(self, x: Tensor, layer: int | None = None, mixing: Mix = mix) -> Tensor:
        """The logits; `mixing` is applied to the state at boundary `layer`."""
        x = mixing(x) if layer == 0 else x
        for name in self.names:
            x = getattr(self, name)(x)
            if layer and self.boundaries[layer - 1] == name:
                x = mixing(x)
        return x


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


class MeanOverImage(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(2, 3))


def convolution(inputs: int, outputs: int, size: int, stride: int = 1, bias: bool = False):
    return nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=bias)


def residual_network(
    first: nn.Conv2d, stages: list[list[Block]], last: dict[str, nn.Module], outputs: int,
    classes: int,
) -> Network:
    parts = {f"layer{number}": nn.Sequential(*blocks) for number, blocks in enumerate(stages, 1)}
    end = {"pool": MeanOverImage(), "linear": nn.Linear(outputs, classes)}
    return Network({"conv1": first, **parts, **last, **end}, ["layer1", "layer2", "layer3"])


def preactresnet(description: Description) -> Network:
    depths = {18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 152: [3, 8, 36, 3]}
    bottleneck = description.depth >= 50
    stages, inputs = [], description.width
    for stage, depth in enumerate(depths[description.depth]):
        inner = description.width * 2**stage
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
    norm = {"bn": nn.BatchNorm2d(inputs), "relu": nn.ReLU()} if description.textbook else {}
    first = convolution(description.input_shape[0], description.width, 3,
                        description.initial_stride)
    return residual_network(first, stages, norm, inputs, description.classes)


def wide_resnet(description: Description) -> Network:
    textbook = description.textbook
    stages, inputs, bias = [], description.width, not textbook
    for stage in range(3):
        outputs = description.width * description.widen_factor * 2**stage
        blocks = []
        for index in range((description.depth - 4) // 6):
            step = 2 if stage > 0 and index == 0 else 1
            first, second = (step, 1) if textbook else (1, step)
            branch = [convolution(inputs, outputs, 3, first, bias),
                      convolution(outputs, outputs, 3, second, bias)]
            changes = step != 1 or inputs != outputs
            shortcut = convolution(inputs, outputs, 1, step, bias) if changes else None
            blocks.append(Block(branch, shortcut, raw=not textbook))
            inputs = outputs
        stages.append(blocks)
    norm = nn.BatchNorm2d(inputs, momentum=0.1 if textbook else 0.9)
    first = convolution(description.input_shape[0], description.width, 3, bias=bias)
    return residual_network(first, stages, {"bn1": norm, "relu": nn.ReLU()}, inputs,
                            description.classes)


def mlp(description: Description) -> Network:
    """Linear layers and LeakyReLU; the bottleneck is linear only. Behind each is a boundary."""
    parts: dict[str, nn.Module] = {"flatten": nn.Flatten()}
    boundaries, inputs = [], 1
    for size in description.input_shape:
        inputs *= size
    for number, outputs in enumerate(description.widths, start=1):
        parts[f"fc{number}"] = nn.Linear(inputs, outputs)
        boundaries.append(f"fc{number}")
        if number != description.bottleneck:
            parts[f"activation{number}"] = nn.LeakyReLU()
            boundaries[-1] = f"activation{number}"
        inputs = outputs
    parts[f"fc{len(description.widths) + 1}"] = nn.Linear(inputs, description.classes)
    return Network(parts, boundaries)


def preact(depth: int, width: int, stride: int = 1, textbook: bool = False,
           rate: float = 0.02) -> Description:
    return Description("preact-resnet", depth=depth, width=width, initial_stride=stride,
                       textbook=textbook, learning_rate=rate)


def wide(depth: int, factor: int, width: int, textbook: bool = False) -> Description:
    return Description("wide-resnet", depth=depth, width=width, widen_factor=factor,
                       textbook=textbook)


def perceptron(widths: tuple[int, ...], bottleneck: int) -> Description:
    return Description("mlp", widths=widths, bottleneck=bottleneck, input_shape=(12,))


# Narrow, so that their files are small. A network that is both deep and narrow is chaotic: with the
# usual learning rate, rounding grows by a factor of ten in every step. With a small one it does not.
NARROW = {
    "preact-resnet-18": preact(18, width=3),
    "preact-resnet-18-textbook": preact(18, width=3, stride=2, textbook=True),
    "preact-resnet-34": preact(34, width=2),
    "preact-resnet-34-textbook": preact(34, width=2, textbook=True),
    "preact-resnet-50": preact(50, width=2, rate=1e-5),
    "preact-resnet-50-textbook": preact(50, width=2, textbook=True, rate=1e-5),
    "preact-resnet-152": preact(152, width=1, rate=1e-6),
    "preact-resnet-152-textbook": preact(152, width=1, textbook=True, rate=1e-6),
    "wide-resnet-10-2-textbook": wide(10, 2, width=3, textbook=True),
    "wide-resnet-16-2": wide(16, 2, width=3),
    "wide-resnet-28-2": wide(28, 2, width=2),
    "wide-resnet-28-2-textbook": wide(28, 2, width=2, textbook=True),
    "mlp-bottleneck-4": perceptron((9, 8, 9, 3, 8, 7, 8, 9), bottleneck=4),
    "mlp-bottleneck-2": perceptron((9, 3, 8, 7, 8, 9), bottleneck=2),
}


# As wide as in the paper. The images are as small as they can be: the last states have 2×2 pixels, and
# with one pixel there are too few for the statistics, which amplify rounding.
FULL = {
    "full-preact-resnet-18": preact(18, width=64),
    "full-preact-resnet-18-textbook": preact(18, width=64, textbook=True),
    "full-preact-resnet-34": preact(34, width=64),
    "full-preact-resnet-50": preact(50, width=64),
    "full-preact-resnet-152": preact(152, width=64),
    "full-wide-resnet-28-2": wide(28, 2, width=16),
    "full-wide-resnet-28-10": wide(28, 10, width=16),
    "full-wide-resnet-28-10-textbook": wide(28, 10, width=16, textbook=True),
    "full-mlp-12": perceptron((1024,) * 3 + (12,) + (1024,) * 4, bottleneck=4),
    "full-mlp-30": perceptron((1024, 30) + (1024,) * 4, bottleneck=2),
    "full-mlp-2": perceptron((1024, 1024, 2, 1024, 1024), bottleneck=3),
}

SHAPES = {"mlp": (784,), "preact-resnet": (3, 16, 16), "wide-resnet": (3, 8, 8)}
FULL = {
    name: replace(network, classes=10, batch=4, input_shape=SHAPES[network.family])
    for name, network in FULL.items()
}
