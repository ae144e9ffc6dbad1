"""Sweeps over processes: how much two are worth, and what a million runs take of memory."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from joblib import parallel_config

from benchmarks.timing import Row
from engine.parallel import spread
from engine.sweep_plan import Grid, Plan, as_csv

ROUNDS = 3
ROOT = Path(__file__).parents[1]
# about ten seconds on one core
PLAN = Plan("rosenbrock", ("adam", "nadam", "radam"), Grid(1e-5, 1.0, 1000), 500, x=Grid(-2.0, 2.0, 100))
MILLION = ["--optimizers", "sgd,adam", "--rates", "1e-5:1:500", "--x=-2:2:1000", "--steps", "100"]


def rows() -> Iterator[Row]:
    """What two processes are worth, and what the command line takes of memory."""
    times: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for jobs, taken in times.items():
            begun = perf_counter()
            with parallel_config("loky", n_jobs=jobs, **({"inner_max_num_threads": 1} if jobs > 1 else {})):
                for _ in spread(partial(as_csv, PLAN), PLAN.blocks()):
                    pass
            taken.append(perf_counter() - begun)
    one, two = (median(taken) for taken in times.values())
    quicker = f"{one / two:.2f}× ({one:.1f} s, {two:.1f} s; {times[2][0]:.1f} s where they start first)"
    yield Row("a sweep of ten seconds: two processes against one", quicker, "≥ 1.7×")

    jobs = os.cpu_count() or 1
    seconds, largest = command(MILLION, jobs)
    what = f"a million runs × 100 steps into a CSV file, {jobs} workers ({seconds:.0f} s): peak memory"
    yield Row(what, f"≤ {(jobs + 1) * largest / 1e6:.2f} GB ({largest / 1e3:.0f} MB the largest process)", "< 1 GB")


def command(sweep: list[str], jobs: int) -> tuple[float, int]:
    """Seconds that the command line takes, and the peak in kB of the largest of its processes."""
    with TemporaryDirectory() as folder:
        begun = perf_counter()
        table = str(Path(folder) / "table.csv")
        arguments = [sys.executable, "-m", "engine.sweeps", "rosenbrock", table, *sweep, "--jobs", str(jobs)]
        process = subprocess.Popen(arguments, cwd=ROOT, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}")
        return perf_counter() - begun, usage.ru_maxrss
