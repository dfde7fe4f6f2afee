"""Records training runs of the networks with Manifold Mixup, and checks weights that Swift wrote."""

import argparse
import sys
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.nn.functional import one_hot

from manifold_mixup_reference import LOSSES, mix
from networks import FULL, NARROW, Description, Network
from saving import save_reproducibly

STEPS = 20
SGD = {"momentum": 0.9, "weight_decay": 1e-4}
TOLERANCE = 1e-5


class Failure(Exception):
    """A run that proves nothing, or a file that does not hold what PyTorch computes."""


def shake(model: nn.Module) -> None:
    """Norms that do nothing, and statistics of 0 and 1, would hide an exchange of the two."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.uniform_(-0.5, 0.5)
                module.running_mean.uniform_(-0.5, 0.5)
                module.running_var.uniform_(0.5, 1.5)


def summaries(tensors: dict[str, Tensor | None], probe: Tensor) -> Tensor:
    """Of every tensor the sum with the probe's signs, and the Euclidean norm."""
    rows = []
    for value in tensors.values():
        flat = torch.zeros(1).double() if value is None else value.detach().flatten()
        rows.append(torch.stack([flat @ probe[: len(flat)].double(), flat.norm()]))
    return torch.stack(rows)


def evaluation(model: Network, inputs: Tensor) -> Tensor:
    with torch.no_grad():
        return model.eval()(inputs)


def record(name: str, description: Description, seed: int, path: Path) -> None:
    """Trains in float64 from weights that float32 can hold, and writes what there is to compare."""
    torch.manual_seed(seed)
    model = description.build()
    shake(model)
    tensors = {f"initial.{key}": value.clone() for key, value in model.state_dict().items()}
    state = {key: value for key, value in model.state_dict().items() if value.is_floating_point()}
    largest = max(value.numel() for value in state.values())
    probe = torch.randint(2, (largest,)).float() * 2 - 1
    batch = description.batch
    inputs = torch.randn(batch, *description.input_shape)
    labels = torch.arange(batch) % description.classes
    layers = torch.arange(STEPS) % (len(model.boundaries) + 1)
    lambdas = torch.distributions.Beta(2.0, 2.0).sample((STEPS,)).double()
    permutations = torch.stack([torch.randperm(batch) for _ in range(STEPS)])
    tensors |= {"input": inputs, "labels": labels, "layer": layers, "lambda": lambdas,
                "permutation": permutations, "probe": probe}

    model, inputs = model.double(), inputs.double()
    parameters = dict(model.named_parameters())
    targets = one_hot(labels, description.classes).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=description.learning_rate, nesterov=True,
                                **SGD)
    tensors["logits.evaluation"] = evaluation(model, inputs)
    model.train()
    losses = []
    for step, layer in enumerate(layers.tolist()):
        def mixed(states: Tensor) -> Tensor:
            return mix(lambdas[step], states, states[permutations[step]])

        # In turn, but so that every boundary gets both.
        loss = LOSSES[("soft-cross-entropy", "paper-bce")[step // (len(model.boundaries) + 1) % 2]]
        logits = model(inputs, layer, mixed)
        value = loss(logits, mixed(targets))
        optimizer.zero_grad()
        value.backward()
        if step == 0:
            gradients = {key: parameters[key].grad if key in parameters else None for key in state}
            tensors["logits.mixed"] = logits.detach()
            tensors["gradient"] = summaries(gradients, probe)
        optimizer.step()
        losses.append(value.detach())
    trained = model.state_dict()
    tensors["loss"] = torch.stack(losses)
    tensors["trained"] = summaries({key: trained[key] for key in state}, probe)
    tensors["logits.trained"] = evaluation(model, inputs)
    if not all(value.isfinite().all() for value in tensors.values()):
        raise Failure(f"{name}: a value is not finite; choose another --seed")
    metadata = description.metadata() | {key: str(value) for key, value in SGD.items()}
    metadata |= {"network": name, "names": " ".join(state), "seed": str(seed)}
    metadata["torch_version"] = torch.__version__
    save_reproducibly(tensors, path, metadata)


def check(path: Path) -> float:
    """Loads the weights strictly and returns how far PyTorch's logits are from those in the file."""
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}
            description = Description.of(file.metadata() or {})
        inputs, logits = tensors.pop("input"), tensors.pop("logits")
    except (OSError, SafetensorError, KeyError, ValueError) as reason:
        raise Failure(f"cannot be read: {reason}") from None
    model = description.build().to(inputs.dtype)
    try:
        model.load_state_dict(tensors, strict=True)
        expected = evaluation(model, inputs)
    except RuntimeError as reason:
        raise Failure(f"does not fit the network: {' '.join(str(reason).split())}") from None
    if expected.shape != logits.shape:
        raise Failure(f"has logits of shape {list(logits.shape)}, not {list(expected.shape)}")
    difference = float((expected - logits).abs().max() / expected.abs().max())
    if not difference <= TOLERANCE:
        raise Failure(f"has logits that differ from PyTorch's by {difference:.1e} relative")
    return difference


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record", help="train, and write a file for each network")
    recording.add_argument("names", nargs="*", metavar="NAME", help="default: all narrow ones")
    recording.add_argument("--output", type=Path, required=True, metavar="DIR")
    recording.add_argument("--seed", type=int, default=1, metavar="N", help="default 1")
    checking = commands.add_parser("check", help="compare a file's logits with PyTorch's")
    checking.add_argument("file", type=Path, metavar="FILE")
    options = parser.parse_args()
    torch.set_num_threads(1)
    try:
        if options.command == "check":
            difference = check(options.file)
            print(f"{options.file} agrees with PyTorch within {difference:.1e}")
            return 0
        known = NARROW | FULL
        for name in options.names or NARROW:
            if name not in known:
                raise Failure(f"unknown network '{name}'; known are {', '.join(known)}")
            path = options.output / f"{name}.safetensors"
            record(name, known[name], options.seed, path)
            print(f"{path.name}: {path.stat().st_size} bytes")
    except Failure as reason:
        where = f"{options.file} " if options.command == "check" else ""
        print(f"error: {where}{reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
