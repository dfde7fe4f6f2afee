"""What a step has to compute and to move at least, and how long the machine needs for that at best."""

import dataclasses
from math import prod

import torch

from cases import BATCH


@dataclasses.dataclass(frozen=True)
class Work:
    """Of one minibatch; operations are nominal, each multiplication and each addition one."""

    operations: int
    parameters: int
    activations: int  # numbers that layers with weights give out
    inputs: int

    @classmethod
    def of(cls, case):
        layers = []

        def count(layer, inputs, output):
            sums = layer.weight.numel() // layer.weight.shape[0]
            layers.append((2 * output.numel() * sums, output.numel()))

        shape = (BATCH, *case.description.input_shape)
        with torch.device("meta"):
            network = case.description.build()
            for module in network.modules():
                if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
                    module.register_forward_hook(count)
            network(torch.empty(shape))
        forward = sum(operations for operations, _ in layers)
        # The gradients of weights and of inputs are products of the same size; the first layer's
        # input needs none.
        step = 3 * forward - layers[0][0]
        return cls(
            operations=step if case.work == "step" else forward,
            parameters=sum(p.numel() for p in network.parameters()),
            activations=sum(numbers for _, numbers in layers),
            inputs=prod(shape))

    def bytes(self, work, precision):
        """Each read and written once: in a step weights, momenta and activations, the latter in the
        precision of the products; an evaluation only reads weights."""
        size = 2 if precision == "bfloat16" else 4
        if work == "evaluate":
            return 4 * self.parameters + 4 * self.inputs
        return 4 * 4 * self.parameters + 2 * size * self.activations + 4 * self.inputs


def floor(case, work, precision, machine):
    """The milliseconds of arithmetic and of memory, and the larger of both; memory does not count where
    all fits into the cache."""
    rate = machine.get(f"{precision}_gflops") or machine["float32_gflops"]
    moved = work.bytes(case.work, precision)
    bandwidth = max(machine["read_gbytes_per_second"], machine["copy_gbytes_per_second"])
    arithmetic, memory = work.operations / rate / 1e6, moved / bandwidth / 1e6
    fits = moved <= machine["cache_bytes"]
    return {
        "gflop": work.operations / 1e9, "mbytes": moved / 1e6, "fits_in_cache": fits,
        "arithmetic_ms": arithmetic, "memory_ms": memory,
        "ms": arithmetic if fits else max(arithmetic, memory)}
