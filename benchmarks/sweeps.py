"""Sweeps over processes: how much two are worth, and what a million runs take of memory."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.timing import Row

ROUNDS = 3
ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "engine.sweeps", "rosenbrock"]
# about ten seconds on one core: 300,000 runs of Adam's family, every row written
TEN_SECONDS = ["--optimizers", "adam,nadam,radam", "--rates", "1e-5:1:1000", "--x=-2:2:100", "--steps", "500"]
MILLION = ["--optimizers", "sgd,adam", "--rates", "1e-5:1:500", "--x=-2:2:1000", "--steps", "100"]


def rows() -> Iterator[Row]:
    """The command line, measured from outside: start, workers and writing included."""
    times: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for jobs, taken in times.items():
            taken.append(run(TEN_SECONDS, jobs)[0])
    one, two = (min(taken) for taken in times.values())
    yield Row(
        "a sweep of ten seconds: two processes against one", f"{one / two:.2f}× ({one:.1f} s, {two:.1f} s)", "≥ 1.7×"
    )

    jobs = os.cpu_count() or 1
    seconds, largest = run(MILLION, jobs)
    what = f"a million runs × 100 steps into a CSV file, {jobs} workers ({seconds:.0f} s): peak memory"
    yield Row(what, f"≤ {(jobs + 1) * largest / 1e6:.2f} GB ({largest / 1e3:.0f} MB the largest process)", "< 1 GB")


def run(sweep: list[str], jobs: int) -> tuple[float, int]:
    """Seconds that the command takes, and the peak in kB of the largest of its processes."""
    with TemporaryDirectory() as folder:
        begun = perf_counter()
        command = [*COMMAND, str(Path(folder) / "table.csv"), *sweep, "--jobs", str(jobs)]
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
        return perf_counter() - begun, usage.ru_maxrss
