"""Images a second of this package's loader and of torchvision's, in turns."""

import json
import os
import statistics
import subprocess
import sys

from contender import HERE, Contender, Gone

IMAGES, BATCH, WORKERS = 10_000, 100, (0, 1, 2)
SCRIPT = os.path.join(HERE, "torchvision_loader.py")


def our_rate(tool, workers):
    """Images a second, and the memory of the process at its peak."""
    command = [tool, "bench", "data", "--workers", str(workers), "--rounds", "1",
               "--images", str(IMAGES), "--batch-size", str(BATCH), "--json"]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return report["loader"][0]["images_per_second"], report["peak_kib"]


def measure(tool, rounds):
    rows, missing = [], {}
    for workers in WORKERS:
        peers = {}
        for version in ("v1", "v2"):
            command = [sys.executable, SCRIPT, version, str(workers), str(IMAGES), str(BATCH)]
            try:
                peers[version] = Contender(f"torchvision {version}", command, "", is_ours=False)
                peers[version].ask("pass", 1)  # starts the workers
            except Gone as reason:
                peers.pop(version, None)
                missing[version] = str(reason)
        rates = {name: [] for name in ["ours", *peers]}
        for _ in range(rounds):
            for name, peer in peers.items():
                rates[name].append(1000 * IMAGES / peer.ask("pass", 1)[0])
            rate, peak = our_rate(tool, workers)
            rates["ours"].append(rate)
        rows.append({
            "workers": workers, "images_per_second": rates,
            "ratios": {name: statistics.median(
                a / b for a, b in zip(rates["ours"], rates[name])) for name in peers},
            "peak_kib": {"ours": peak, **{name: peer.peak_kib for name, peer in peers.items()}}})
        for peer in peers.values():
            peer.close()
    return {"case": "loading", "images": IMAGES, "batch": BATCH, "rows": rows, "missing": missing}


def text(result):
    lines = ["\nimages a second, flipped, cropped and normalised; and how many times torchvision's",
             "workers   " + "".join(f"{name:>36}" for name in ("ours", "torchvision v1", "v2"))]
    for row in result["rows"]:
        cells = []
        for name, rates in sorted(row["images_per_second"].items()):
            ratio = f" ({row['ratios'][name]:.1f}×)" if name in row["ratios"] else ""
            cells.append(f"{statistics.median(rates):.0f}{ratio}, "
                         f"{row['peak_kib'][name] / 1024:.0f} MiB")
        lines.append(f"{row['workers']:7}   " + "".join(f"{cell:>36}" for cell in cells))
    lines += [f"torchvision {name}: not measured: {reason}"
              for name, reason in result["missing"].items()]
    return "\n".join(lines)
