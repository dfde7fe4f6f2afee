"""Times a training step of PyTorch and of this package in alternation, on the same network.

A step is one minibatch of random images with Manifold Mixup, soft cross entropy and SGD with momentum,
Nesterov and weight decay. A round is some steps of each, one after the other, so that a slow moment of
the machine strikes all; medians over the rounds are reported. PyTorch runs plain (float32, its
defaults) and tuned: fused SGD, and for images channels-last; "bfloat16" is tuned under autocast. The
package's own times come from `manifold-mixup bench step`, whose steps also read and normalise the images.

    step.py [--tool .build/release/manifold-mixup] [--rounds 5] [--threads 2] [--cases mlp narrow]
"""

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))

import torch  # noqa: E402

import networks  # noqa: E402

CLASSES, BATCH = 10, 100


def preact(width):
    network = dataclasses.replace(
        networks.preact(18, width=width), classes=CLASSES, input_shape=(3, 32, 32))
    return network, ["--model", "preact-resnet-18", "--width", str(width)]


def wide():
    network = dataclasses.replace(
        networks.wide(28, 2, width=16), classes=CLASSES, input_shape=(3, 32, 32))
    return network, ["--model", "wide-resnet", "--widen-factor", "2"]


def perceptron(widths):
    network = dataclasses.replace(
        networks.perceptron(widths, bottleneck=0), classes=CLASSES, input_shape=(1, 28, 28))
    flags = ["--widths", ",".join(map(str, widths)), "--activation", "leaky-relu"]
    return network, flags


CASES = {
    "mlp": (perceptron((256, 256)), 200),
    "mlp-wide": (perceptron((1024,) * 3), 50),
    "narrow": (preact(16), 5),
    "wide-resnet-28-2": (wide(), 2),
    "preact-resnet-18": (preact(64), 1),
}


class Peer:
    """The same training in plain PyTorch."""

    def __init__(self, description, tuned, bfloat16):
        images = len(description.input_shape) == 3 and description.family != "mlp"
        layout = torch.channels_last if tuned and images else torch.contiguous_format
        self.network = description.build().to(memory_format=layout)
        self.boundaries = len(self.network.boundaries) + 1
        self.optimizer = torch.optim.SGD(
            self.network.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=1e-4,
            **({"fused": True} if tuned else {}))
        self.images = torch.randn(BATCH, *description.input_shape).contiguous(memory_format=layout)
        labels = torch.randint(0, CLASSES, (BATCH,))
        self.targets = torch.nn.functional.one_hot(labels, CLASSES).float()
        self.bfloat16 = bfloat16

    def step(self):
        weight = torch.distributions.Beta(2.0, 2.0).sample().item()
        order = torch.randperm(BATCH)

        def mix(state):
            return weight * state + (1 - weight) * state[order]

        layer = int(torch.randint(0, self.boundaries, ()))
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            logits = self.network(self.images, layer, mix)
        loss = -(mix(self.targets) * logits.float().log_softmax(1)).sum(1).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def milliseconds(self, steps):
        times = []
        for _ in range(steps):
            start = time.perf_counter()
            self.step()
            times.append(1000 * (time.perf_counter() - start))
        return statistics.median(times)


def ours(arguments, flags, description, steps, precision):
    shape = ",".join(map(str, description.input_shape))
    command = [arguments.tool, "bench", "step", *flags, "--input-shape", shape, "--json",
               "--rounds", str(steps), "--threads", str(arguments.threads),
               "--batch-size", str(BATCH), "--precision", precision]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tool", default=".build/release/manifold-mixup")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    print(f"torch {torch.__version__}, {arguments.threads} threads, {os.cpu_count()} cores, "
          f"load {os.getloadavg()[0]:.1f}; ms a step (times that of the fused engine)")
    for name in arguments.cases:
        (description, flags), steps = CASES[name]
        for precision in ["float32", "bfloat16"]:
            bfloat16 = precision == "bfloat16"
            peers = {"tuned": Peer(description, tuned=True, bfloat16=bfloat16)}
            if not bfloat16:
                peers["plain"] = Peer(description, tuned=False, bfloat16=False)
            times = {key: [] for key in ["fused", "autograd", *peers]}
            for peer in peers.values():
                peer.milliseconds(2)
            for _ in range(arguments.rounds):
                for key, peer in peers.items():
                    times[key].append(peer.milliseconds(steps))
                report = ours(arguments, flags, description, steps, precision)
                times["fused"].append(report["fused_ms"])
                times["autograd"].append(report["autograd_ms"])
            cells = [f"fused {statistics.median(times['fused']):.3f}"]
            for key in ["autograd", *peers]:
                ratio = statistics.median(
                    theirs / own for theirs, own in zip(times[key], times["fused"]))
                label = key if key == "autograd" else f"PyTorch {key}"
                cells.append(f"{label} {statistics.median(times[key]):.3f} ({ratio:.2f})")
            print(f"{name}, {precision}: " + ", ".join(cells), flush=True)


if __name__ == "__main__":
    main()
