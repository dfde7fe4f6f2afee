"""A training in PyTorch that answers requests on standard input as `manifold-mixup bench step --serve` does.

The same network and the same method on random images: soft cross entropy, SGD with momentum, Nesterov
and weight decay. Plain PyTorch has its defaults; tuned, its fused SGD, and for images channels-last;
compiled, torch.compile too, and graphs, its mode that also starts a pass as one CUDA graph.

    pytorch_training.py CASE plain|tuned|compiled|graphs float32|bfloat16 THREADS cpu|cuda
"""

import json
import resource
import sys
import time

import torch

from cases import BATCH, CASES, CLASSES

# As many minibatches at once as the package evaluates; times are of one of them.
EVALUATED_BATCHES = 5


def peak_kib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Training:
    def __init__(self, case, way, precision, device):
        self.device = device
        description = case.description
        tuned = way != "plain"
        images = tuned and description.family != "mlp"
        layout = torch.channels_last if images else torch.contiguous_format
        self.network = description.build().to(device, memory_format=layout)
        self.layers = case.layers
        self.optimizer = torch.optim.SGD(
            self.network.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=1e-4,
            **({"fused": True} if tuned else {}))
        self.images = self.on_device(
            torch.randn(BATCH, *description.input_shape).contiguous(memory_format=layout))
        self.labels = self.on_device(torch.randint(0, CLASSES, (BATCH,)))
        self.targets = torch.nn.functional.one_hot(self.labels, CLASSES).float()
        self.precision = precision
        self.loss, self.logits = self.mixed_loss, self.plain_logits
        if way in ("compiled", "graphs"):
            options = {"dynamic": False, "mode": "reduce-overhead" if way == "graphs" else "default"}
            self.loss = torch.compile(self.mixed_loss, **options)
            self.logits = torch.compile(self.plain_logits, **options)

    def on_device(self, tensor):
        """On CUDA by pinned memory, while the program goes on."""
        return tensor if self.device == "cpu" else tensor.pin_memory().to(self.device, non_blocking=True)

    def autocast(self):
        return torch.autocast(self.device, torch.bfloat16, enabled=self.precision == "bfloat16")

    def mixed_loss(self, images, targets, weight, order, layer):
        def mix(state):
            return torch.lerp(state[order], state, weight.to(state.dtype))

        with self.autocast():
            logits = self.network(images, layer, mix)
        return -(mix(targets) * logits.float().log_softmax(1)).sum(1).mean()

    def plain_logits(self, images):
        with self.autocast():
            return self.network(images).float()

    def step(self):
        self.network.train()
        weight = self.on_device(torch.distributions.Beta(2.0, 2.0).sample())
        layer = self.layers[int(torch.randint(0, len(self.layers), ()))]
        order = self.on_device(torch.randperm(BATCH))
        loss = self.loss(self.images, self.targets, weight, order, layer)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def evaluate(self):
        self.network.eval()
        # One autocast around all, so that it converts the weights once.
        with torch.inference_mode(), self.autocast():
            for _ in range(EVALUATED_BATCHES):
                logits = self.logits(self.images)
                nll = torch.nn.functional.cross_entropy(logits, self.labels)
                nll.item(), (logits.argmax(1) != self.labels).float().mean().item()


def main():
    case, way, precision, threads, device = sys.argv[1:]
    torch.set_num_threads(int(threads))
    idle = peak_kib()
    training = Training(CASES[case], way, precision, device)
    engine = f"PyTorch {torch.__version__}, {way}, {precision}"
    print(json.dumps({"engine": engine, "idle_kib": idle}), flush=True)
    for line in sys.stdin:
        work, count = line.split()
        call = {"step": training.step, "evaluate": training.evaluate}[work]
        times = []
        for _ in range(int(count)):
            start = time.perf_counter()
            call()
            parts = EVALUATED_BATCHES if work == "evaluate" else 1
            times.append(1000 * (time.perf_counter() - start) / parts)
        print(json.dumps({"ms": times, "peak_kib": peak_kib()}), flush=True)


if __name__ == "__main__":
    main()
