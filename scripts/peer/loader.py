"""Times torchvision's loader and this package's in alternation, on the same kind of work.

Both go through random images of CIFAR's size: flip, crop with a padding of 4 pixels, normalisation,
minibatches of float32 tensors. A round is one pass of each, one after the other, so that a slow moment
of the machine strikes both; medians over the rounds are reported. torchvision works on PIL images, as
its CIFAR10 does (v1), and on tensors of bytes (v2).

    loader.py [--tool .build/release/manifold-mixup] [--rounds 5] [--images 50000] [--workers 0 1 2]
"""

import argparse
import json
import os
import statistics
import subprocess
import time

import numpy
import torch
import torchvision
from PIL import Image
from torchvision import transforms as v1
from torchvision.transforms import v2

MEAN, DEVIATION = [0.5] * 3, [0.3] * 3


class Images(torch.utils.data.Dataset):
    """Random images that go through a transform one by one."""

    def __init__(self, images, labels, transform):
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.transform(self.images[index]), self.labels[index]


class PILImages(Images):
    """The same, made PIL images first."""

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.images[index])), self.labels[index]


def datasets(count):
    images = numpy.random.default_rng(1).integers(0, 256, (count, 32, 32, 3), dtype=numpy.uint8)
    labels = [index % 10 for index in range(count)]
    on_pil = v1.Compose([
        v1.RandomHorizontalFlip(), v1.RandomCrop(32, padding=4), v1.ToTensor(),
        v1.Normalize(MEAN, DEVIATION),
    ])
    on_tensors = v2.Compose([
        v2.RandomHorizontalFlip(), v2.RandomCrop(32, padding=4),
        v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, DEVIATION),
    ])
    tensors = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
    return {
        "v1": PILImages(images, labels, on_pil),
        "v2": Images(tensors, labels, on_tensors),
    }


def loader(dataset, workers, batch_size):
    return torch.utils.data.DataLoader(
        dataset, batch_size=batch_size, shuffle=True, num_workers=workers,
        persistent_workers=workers > 0)


def peer_rate(batches, count):
    start = time.perf_counter()
    seen = sum(len(labels) for _, labels in batches)
    assert seen == count
    return count / (time.perf_counter() - start)


def our_rate(tool, workers, count, batch_size):
    command = [tool, "bench", "data", "--workers", str(workers), "--rounds", "1",
               "--images", str(count), "--batch-size", str(batch_size), "--json"]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return report["loader"][0]["images_per_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tool", default=".build/release/manifold-mixup")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2])
    arguments = parser.parse_args()

    print(f"torch {torch.__version__}, torchvision {torchvision.__version__}, "
          f"{arguments.images} images in minibatches of {arguments.batch_size}, "
          f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print("workers  torchvision v1  torchvision v2        ours  over v1  over v2   (images/s, ratios)")
    for workers in arguments.workers:
        peers = {name: loader(dataset, workers, arguments.batch_size)
                 for name, dataset in datasets(arguments.images).items()}
        for batches in peers.values():
            next(iter(batches))  # starts the workers
        rates = {"v1": [], "v2": [], "ours": []}
        for _ in range(arguments.rounds):
            for name, batches in peers.items():
                rates[name].append(peer_rate(batches, arguments.images))
            rates["ours"].append(
                our_rate(arguments.tool, workers, arguments.images, arguments.batch_size))
        ratio = {name: statistics.median(
            ours / theirs for ours, theirs in zip(rates["ours"], rates[name])) for name in peers}
        median = {name: statistics.median(values) for name, values in rates.items()}
        print(f"{workers:7}  {median['v1']:14.0f}  {median['v2']:14.0f}  {median['ours']:10.0f}"
              f"  {ratio['v1']:7.1f}  {ratio['v2']:7.1f}", flush=True)


if __name__ == "__main__":
    main()
