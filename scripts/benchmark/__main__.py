"""Times this package's training against PyTorch's, all in turns, on the same networks.

Every contender is a process of its own that is started once and works only when it is its turn; a round
is a block of steps of each. Printed are medians over the rounds, and the medians and quartiles of the
rounds' ratios. The floor is what the machine itself needs for the arithmetic or the bytes of a step; it
is not known of a GPU.

    benchmark [--rounds 5] [--cases mlp narrow …] [--threads 2] [--precisions float32 …] [--no-compile]
              [--device cuda] [--json FILE]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

try:
    import torch
except ImportError:
    sys.exit("benchmark: this Python has no PyTorch; install scripts/benchmark/requirements.txt, or set "
             "MANIFOLD_MIXUP_PYTHON to one that has it")

import loading
from cases import BATCH, CASES
from contender import Gone, ours, pytorch
from floor import Work, floor

PRECISIONS = ("float32", "bfloat16")
# The package's, of each device; the first one is also timed without mixing.
ENGINES = {"cpu": ("fused", "autograd"), "cuda": ("cuda-graphs", "autograd")}


def quartiles(values):
    if len(values) < 2:
        return [values[0]] * 3
    return statistics.quantiles(values, n=4, method="inclusive")


def machine_speed(arguments, before=None):
    """What the machine can do; where it was measured before, the better of both, since what else runs
    can only make it look slower."""
    command = [arguments.tool, "bench", "machine", "--threads", str(arguments.threads), "--json"]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    for key in found.keys() & (before or {}).keys():
        if key.endswith(("_gflops", "_per_second")):
            found[key] = max(found[key], before[key])
    return found


def starters(key, case, arguments):
    """Functions that start the contenders, by name."""
    tool, threads, device = arguments.tool, arguments.threads, arguments.device
    engines = ENGINES[device]
    compiled = ["compiled"] + ["graphs"] * (device == "cuda")
    found = {}
    for precision in arguments.precisions:
        for engine in engines:
            found[f"{engine} {precision}"] = \
                lambda e=engine, p=precision: ours(tool, case, e, p, threads, device)
        if case.work == "step":
            found[f"{engines[0]} {precision}, no mixing"] = \
                lambda p=precision: ours(tool, case, engines[0], p, threads, device, mixes=False)
        ways = ["plain"] * (precision == "float32") + ["tuned"] + compiled * arguments.compile
        for way in ways:
            found[f"PyTorch {way} {precision}"] = \
                lambda w=way, p=precision: pytorch(key, w, p, threads, device)
    return found


def measure(key, arguments, machine):
    case = CASES[key]
    contenders, missing = [], {}
    for name, start in starters(key, case, arguments).items():
        try:
            contender = start()
            contender.warm_up(case.work)
            contenders.append(contender)
        except Gone as reason:
            missing[name] = str(reason)
    for number in range(arguments.rounds if contenders else 0):
        # Who is first takes turns, so that nobody profits from it.
        shift = number % len(contenders)
        for contender in contenders[shift:] + contenders[:shift]:
            contender.block(case.work)
    for contender in contenders:
        contender.close()
    floors, trips = {}, []
    if arguments.device == "cpu":
        trips.append(machine.get("round_trip_ns"))
        machine.update(machine_speed(arguments, machine))
        work = Work.of(case)
        floors = {precision: floor(case, work, precision, machine)
                  for precision in arguments.precisions}
        trips.append(machine.get("round_trip_ns"))
    return {"case": key, "title": case.title, "work": case.work, "batch": BATCH, "floor": floors,
            "round_trips_ns": trips, "missing": missing, **compare(contenders, floors, arguments)}


def fastest(contenders):
    return min(contenders, key=lambda contender: statistics.median(contender.times))


def compare(contenders, floors, arguments):
    """Everything as numbers; each against the package's faster engine in the same precision."""
    by_name = {contender.name: contender for contender in contenders}

    def ratios(over, under):
        return quartiles([a / b for a, b in zip(over.times, under.times)])

    engines, precisions = ENGINES[arguments.device], arguments.precisions
    best = {}
    for precision in precisions:
        own = [by_name[f"{engine} {precision}"] for engine in engines
               if f"{engine} {precision}" in by_name]
        if own:
            best[precision] = fastest(own)
    rows = []
    for contender in contenders:
        low, median, high = quartiles(contender.times)
        against = best.get(contender.precision)
        rows.append({
            "name": contender.name, "engine": contender.engine, "precision": contender.precision,
            "ms": median, "ms_quartiles": [low, high], "ms_rounds": contender.times,
            "ratio_quartiles": ratios(contender, against) if against else None,
            "floor_share": floors[contender.precision]["ms"] / median if floors else None,
            "idle_kib": contender.idle_kib, "peak_kib": contender.peak_kib})
    result = {"contenders": rows, "best": {p: c.name for p, c in best.items()}, "method": {},
              "over_pytorch": {}}
    for precision in precisions:
        mixed, plain = (by_name.get(f"{engines[0]} {precision}{end}") for end in ("", ", no mixing"))
        if mixed and plain:
            result["method"][precision] = ratios(mixed, plain)
    peers = [contender for contender in contenders if not contender.is_ours]
    for label, group in {
            "at its best": peers, "at its best in float32": [
                peer for peer in peers if peer.precision == "float32"]}.items():
        own = [contender for precision, contender in best.items()
               if label == "at its best" or precision == "float32"]
        if group and own:
            result["over_pytorch"][label] = {
                "ours": fastest(own).name, "theirs": fastest(group).name,
                "ratio_quartiles": ratios(fastest(group), fastest(own))}
    return result


def text(result):
    lines = [f"\n{result['title']}: {result['work']}, minibatches of {result['batch']}",
             f"{'':28}{'ms':>10}{'quartiles':>20}{'ratio':>8}{'quartiles':>14}{'floor':>7}"
             f"{'peak MiB':>10}{'idle':>6}"]
    for row in result["contenders"]:
        low, high = row["ms_quartiles"]
        ratio = row["ratio_quartiles"]
        ratios = f"{ratio[1]:8.2f}{ratio[0]:8.2f}–{ratio[2]:.2f}" if ratio else f"{'':20}"
        share = f"{100 * row['floor_share']:5.0f} %" if row["floor_share"] else f"{'':7}"
        lines.append(
            f"{row['name']:28}{row['ms']:10.3f}{low:11.3f}–{high:<8.3f}{ratios:22}"
            f"{share}{row['peak_kib'] / 1024:10.0f}"
            f"{row['idle_kib'] / 1024:6.0f}")
    lines += [f"{name}: not measured: {reason}" for name, reason in result["missing"].items()]
    for precision, ratio in result["method"].items():
        lines.append(f"the method, {precision}: a step with mixing takes {ratio[1]:.3f} "
                     f"({ratio[0]:.3f}–{ratio[2]:.3f}) of one without")
    for label, found in result["over_pytorch"].items():
        low, median, high = found["ratio_quartiles"]
        lines.append(f"PyTorch {label} ({found['theirs']}) takes {median:.2f} ({low:.2f}–{high:.2f}) "
                     f"times as long as {found['ours']}")
    for precision, values in result["floor"].items():
        cached = ", which fit into the cache" if values["fits_in_cache"] else ""
        lines.append(
            f"floor, {precision}: {values['gflop']:.3f} GFLOP in {values['arithmetic_ms']:.3f} ms; "
            f"{values['mbytes']:.1f} MB in {values['memory_ms']:.3f} ms{cached}")
    trips = result["round_trips_ns"]
    if trips and all(trips):
        before, after = trips
        lines.append(f"a cache line to another core and back: {before:.0f} ns before, {after:.0f} ns after")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="benchmark", description=__doc__.splitlines()[0])
    parser.add_argument("--tool", default=".build/release/manifold-mixup")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--cases", nargs="+", choices=[*CASES, "loading"],
                        default=[*CASES, "loading"])
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS,
                        help="both, or float32 where the CPU has no instructions for bfloat16, which "
                             "takes many times as long then")
    parser.add_argument("--no-compile", dest="compile", action="store_false",
                        help="without torch.compile, which takes minutes")
    parser.add_argument("--device", choices=ENGINES, default="cpu",
                        help="cuda needs a CUDA build of PyTorch, and of the tool's libtorch")
    parser.add_argument("--json", metavar="FILE", help="write everything that was measured")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or arguments.threads < 1:
        parser.error("--rounds and --threads must be 1 or more")
    on_cuda = arguments.device == "cuda"
    if on_cuda and not torch.cuda.is_available():
        sys.exit("benchmark: this PyTorch finds no CUDA device; it must be a CUDA build, and so must the "
                 "libtorch of the tool (docs/devices.md)")
    machine = machine_speed(arguments)
    load = os.getloadavg()[0]
    bfloat16 = machine.get("bfloat16_gflops")
    arguments.precisions = arguments.precisions or PRECISIONS[:2 if bfloat16 or on_cuda else 1]
    if on_cuda:
        print(torch.cuda.get_device_name())
    print(f"{machine['cpu']}, {machine['threads']} threads of {os.cpu_count()} cores, load {load:.1f}; "
          f"{' '.join(machine['features'])}\n"
          f"at best {machine['float32_gflops']:.0f} GFLOP/s in float32, "
          f"{f'{bfloat16:.0f} in bfloat16' if bfloat16 else 'no bfloat16'}; "
          f"{machine['read_gbytes_per_second']:.1f} GB/s read, "
          f"{machine['copy_gbytes_per_second']:.1f} copied\n"
          f"torch {torch.__version__}; {arguments.rounds} rounds; ratios are over the package's faster "
          "engine in the same precision, the floor is that of the precision", flush=True)
    results = []
    for key in arguments.cases:
        if key == "loading":
            result = loading.measure(arguments.tool, arguments.rounds)
            print(loading.text(result), flush=True)
        else:
            result = measure(key, arguments, machine)
            print(text(result), flush=True)
        results.append(result)
    if arguments.json:
        report = {"machine": machine, "device": arguments.device, "load": load, "torch": torch.__version__,
                  "rounds": arguments.rounds, "cases": results}
        with open(arguments.json, "w") as file:
            json.dump(report, file, indent=1)


if __name__ == "__main__":
    sys.exit(main())
