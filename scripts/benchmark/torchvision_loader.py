"""torchvision's loading of images, which answers requests on standard input; "pass 3" asks for three times.

Random images of CIFAR's size go through flip, crop with a padding of 4 pixels and normalisation, and
become minibatches of float32 tensors. torchvision works on PIL images, as its CIFAR10 does (v1), or on
tensors of bytes (v2).

    torchvision_loader.py v1|v2 WORKERS IMAGES BATCH
"""

import json
import resource
import sys
import time

import numpy
import torch
from PIL import Image

# Transforms use none of torchvision's compiled operators, which may be for another build of torch. For
# these two, importing it asks for more than their names.
try:
    import torchvision  # noqa: F401
except RuntimeError:
    for name in ("nms", "qnms"):
        torch.library.define(
            f"torchvision::{name}", "(Tensor boxes, Tensor scores, float threshold) -> Tensor")

from torchvision import transforms as v1
from torchvision.transforms import v2

MEAN, DEVIATION = [0.5] * 3, [0.3] * 3


class Images(torch.utils.data.Dataset):
    """Random images that go through a transform one by one."""

    def __init__(self, images, transform):
        self.images, self.transform = images, transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.transform(self.images[index]), index % 10


class PILImages(Images):
    """The same, made PIL images first."""

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.images[index])), index % 10


def dataset(version, count):
    images = numpy.random.default_rng(1).integers(0, 256, (count, 32, 32, 3), dtype=numpy.uint8)
    if version == "v1":
        return PILImages(images, v1.Compose([
            v1.RandomHorizontalFlip(), v1.RandomCrop(32, padding=4), v1.ToTensor(),
            v1.Normalize(MEAN, DEVIATION)]))
    return Images(torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), v2.Compose([
        v2.RandomHorizontalFlip(), v2.RandomCrop(32, padding=4),
        v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, DEVIATION)]))


def peak_kib():
    """Of this process; what its workers share with it is counted here only."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main():
    version, workers, count, batch = sys.argv[1], *map(int, sys.argv[2:])
    idle = peak_kib()
    loader = torch.utils.data.DataLoader(
        dataset(version, count), batch_size=batch, shuffle=True, num_workers=workers,
        persistent_workers=workers > 0)
    print(json.dumps({"engine": f"torchvision {version}", "idle_kib": idle}), flush=True)
    for line in sys.stdin:
        times = []
        for _ in range(int(line.split()[1])):
            start = time.perf_counter()
            seen = sum(len(labels) for _, labels in loader)
            times.append(1000 * (time.perf_counter() - start))
            assert seen == count
        print(json.dumps({"ms": times, "peak_kib": peak_kib()}), flush=True)


if __name__ == "__main__":
    main()
