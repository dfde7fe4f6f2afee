"""A process that works when it is asked to, and its times."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))

# glibc then keeps the memory that PyTorch frees in every step, in place of giving it back.
TUNED_MALLOC = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "4294967296",
                "MALLOC_TOP_PAD_": "268435456"}
# A block is as long as this, but one step at least.
BLOCK_MILLISECONDS = 200
# Threads without work look for some for milliseconds; then they sleep, and disturb nobody.
SLEEP_SECONDS = 0.05


class Gone(Exception):
    """The process ended before it had answered."""


class Contender:
    """One of those that take turns; it is started once, and works in blocks."""

    def __init__(self, name, command, precision, is_ours, environment=None):
        self.name, self.precision, self.is_ours = name, precision, is_ours
        self.times, self.count, self.peak_kib = [], None, 0
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
            env={**os.environ, **(environment or {})})
        greeting = self._read()
        self.engine, self.idle_kib = greeting["engine"], greeting["idle_kib"]

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            lines = self.errors.read().strip().splitlines()
            raise Gone(lines[-1] if lines else f"exit status {self.process.returncode}")
        return json.loads(line)

    def ask(self, work, count):
        try:
            self.process.stdin.write(f"{work} {count}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # what it has said on standard error is read below
        answer = self._read()
        self.peak_kib = answer["peak_kib"]
        return answer["ms"]

    def warm_up(self, work):
        """Finds the number of times that make a block; a compiler does its work here."""
        self.ask(work, 12 if "compiled" in self.name else 2)
        usual = statistics.median(self.ask(work, 3))
        self.count = max(round(BLOCK_MILLISECONDS / usual), 1)

    def block(self, work):
        time.sleep(SLEEP_SECONDS)
        times = self.ask(work, self.count + self.count // 5)  # the first to warm up
        self.times.append(statistics.median(times[-self.count:]))

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.errors.close()


def ours(tool, case, engine, precision, threads, device, mixes=True):
    method = case.mixing() if mixes else ["--method", "none"]
    command = [tool, "bench", "step", "--serve", "--engine", engine, "--precision", precision,
               "--threads", str(threads), "--device", device, *method, *case.options()]
    if engine != "fused" and case.description.family != "mlp":
        command.append("--channels-last")
    name = f"{engine} {precision}" + ("" if mixes else ", no mixing")
    return Contender(name, command, precision, is_ours=True)


def pytorch(key, way, precision, threads, device):
    script = os.path.join(HERE, "pytorch_training.py")
    command = [sys.executable, script, key, way, precision, str(threads), device]
    return Contender(f"PyTorch {way} {precision}", command, precision, is_ours=False,
                     environment={} if way == "plain" else TUNED_MALLOC)
