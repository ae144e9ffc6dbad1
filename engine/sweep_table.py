"""The command line for sweeps too large for a page: ``python -m engine.sweeps --help``."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from functools import partial
from pathlib import Path
from time import perf_counter

from joblib import parallel_config
from threadpoolctl import threadpool_limits

from engine.experiment import RUNNERS, Run, surface_of
from engine.parallel import WorkerDied, follow, spread
from engine.surfaces import SURFACES
from engine.sweep_files import CsvTable, ParquetTable, Refused, held
from engine.sweep_plan import Block, Grid, Plan, as_csv, as_parquet

HANG = 600  # seconds without a block, which takes about one, until workers are taken for hung
TRIES = 3  # times in a row that workers may be lost without a block done
WAIT = 5  # seconds for a scheduler to answer
MOST = 10_000_000  # values of a grid, steps or seeds
BLOCKS = 1_000_000  # what a plan may come to

Backend = Callable[[], AbstractContextManager[object]]

EXAMPLES = """
A grid is LOW:HIGH:COUNT, or one number, given after an = where it begins with a minus. Run the same
command again to go on where it was cut off. Examples:

  python -m engine.sweeps rosenbrock table.csv --optimizers sgd,adam --rates 1e-5:1:500 --steps 500
  python -m engine.sweeps ravine map.parquet --optimizers momentum --rates 1e-3:1:200 --momenta 0:0.99:201
  python -m engine.sweeps "x**4 - x**2 + y**2" starts.csv --rates 0.1 --x=-2:2:300 --y=-2:2:300
  python -m engine.sweeps bowl noise.csv --rates 1e-3:1:50 --noise 0.5 --seeds 100 --jobs 4
"""


def grid(text: str) -> Grid:
    """LOW:HIGH:COUNT or one number.

    >>> grid("0:0.9:10"), grid("0.1")
    (Grid(low=0.0, high=0.9, points=10), Grid(low=0.1, high=0.1, points=1))
    """
    low, *others = text.split(":")
    high, count = others or (low, "1")
    found = Grid(number(low), number(high), whole(count))
    if found.high < found.low or (found.points == 1) != (found.low == found.high):
        raise argparse.ArgumentTypeError(f"{text!r} must rise from LOW to HIGH in a COUNT of 2 or more")
    return found


def number(text: str) -> float:
    """A finite number."""
    value = float(text)
    if not abs(value) < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a finite number")
    return value


def whole(text: str) -> int:
    """A whole number from 1 to ten million."""
    value = int(text)
    if not 1 <= value <= MOST:
        raise argparse.ArgumentTypeError(f"{text!r} must be from 1 to {MOST:,}")
    return value


def parser() -> argparse.ArgumentParser:
    """All that the command takes."""
    to = argparse.ArgumentParser(
        "python -m engine.sweeps",
        description="Run every combination of optimizers, learning rates, momenta, starts and seeds on a surface, and "
        "write a table with a row a run: how it was set, where it ended, and why.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    to.add_argument("surface", help=f"a formula in x and y, or one of: {', '.join(SURFACES)}")
    to.add_argument("table", type=Path, help="what to write: NAME.csv, or NAME.parquet, a folder of files")
    to.add_argument("--optimizers", default="sgd", help=f"any of {','.join(RUNNERS)} (default: sgd)")
    to.add_argument("--rates", type=grid, required=True, metavar="GRID", help="learning rates, evenly on a log axis")
    to.add_argument("--momenta", type=grid, metavar="GRID", help="for optimizers that have one (default: their own)")
    to.add_argument("--x", type=grid, metavar="GRID", help="starts (default: the surface's own)")
    to.add_argument("--y", type=grid, metavar="GRID")
    to.add_argument("--steps", type=whole, default=200, help="of each run (default: 200)")
    to.add_argument("--noise", type=number, default=0.0, help="standard deviation added to each gradient component")
    to.add_argument("--seeds", type=whole, default=1, metavar="COUNT", help="of the noise: 0, 1, … (default: 0 alone)")
    to.add_argument("--jobs", type=whole, default=os.cpu_count(), help="processes here (default: one a core)")
    to.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster to use in their place, tcp://HOST:PORT")
    return to


def plan_of(options: argparse.Namespace) -> Plan:
    """The sweep that was asked for. Raises ValueError, which says what is wrong."""
    optimizers = tuple(dict.fromkeys(options.optimizers.split(",")))
    for name in optimizers:
        if name not in RUNNERS:
            raise ValueError(f"there is no optimizer {name!r}; there are: {', '.join(RUNNERS)}")
    if options.rates.low <= 0:
        raise ValueError("learning rates must be above 0")
    if options.momenta and not 0 <= options.momenta.low <= options.momenta.high < 1:
        raise ValueError("momenta must be at least 0 and below 1")
    if options.momenta and not any(h.name == "momentum" for name in optimizers for h in RUNNERS[name].hyperparameters):
        raise ValueError("none of these optimizers has a momentum")
    if options.noise < 0:
        raise ValueError("noise must be 0 or more")
    if options.seeds > 1 and not options.noise:
        raise ValueError("without --noise all seeds give the same run")
    surface = " ".join(options.surface.split())
    surface_of(Run(surface))  # or a FormulaError, which is a ValueError
    plan = Plan(surface, optimizers, options.rates, options.steps, options.momenta, options.x, options.y,
                options.noise, options.seeds)  # fmt: skip
    runs = sum(plan.runs(name) for name in optimizers)
    if runs > BLOCKS * plan.block_size:
        raise ValueError(f"{runs:,} runs of {plan.steps:,} steps are too many for one table: write several")
    return plan


def local(jobs: int) -> Backend:
    """Processes of this machine."""
    if jobs == 1:
        return lambda: parallel_config("loky", n_jobs=1)
    first = {"initializer": follow, "initargs": (os.getpid(),)}
    return lambda: parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1, **first)


def chosen(options: argparse.Namespace) -> list[Backend]:
    """The cluster that was asked for, if it answers, and processes of this machine."""
    backends = [local(options.jobs)]
    if options.scheduler:
        try:
            from engine.cluster import Cluster, connect

            client = connect(options.scheduler, WAIT)
            backends.insert(0, lambda: parallel_config(Cluster(client)))
        except ImportError:
            say("There is no Dask here (see deploy/README.md). Going on with processes of this machine.")
        except OSError as fault:
            say(f"{fault} Going on with processes of this machine.")
    return backends


def write(plan: Plan, table: CsvTable | ParquetTable, backends: list[Backend]) -> None:
    """All blocks that are not there yet, in order. Raises what ends it: Refused, OSError, WorkerDied, TimeoutError."""
    function = partial(as_parquet if isinstance(table, ParquetTable) else as_csv, plan)
    with held(table, plan.as_values()), closing(table):
        blocks = plan.blocks()
        done = table.begin(blocks)
        progress = Progress([block.high - block.low for block in blocks], done)
        for number, data in enumerate(computed(function, blocks[done:], backends), done):
            table.add(number, data)
            progress.show(number + 1)
        progress.end()


def computed(function: Callable[[Block], bytes], blocks: list[Block], backends: list[Backend]) -> Iterator[bytes]:
    """What ``function`` gives for each block, from the next of ``backends`` (the last again) where workers fail."""
    done = faults = 0
    while done < len(blocks):
        try:
            with backends[0]():
                for data in spread(function, blocks[done:], HANG):
                    done, faults = done + 1, 0
                    yield data
        except Exception as fault:
            lost = isinstance(fault, (WorkerDied, TimeoutError))
            faults += 1
            if faults > TRIES or not (lost or backends[1:]):
                raise
            backends = backends[1:] or backends
            what = (
                str(fault) if lost else f"The workers failed ({(str(fault).strip() or repr(fault)).splitlines()[0]})."
            )
            say(f"{what} Going on with new processes of this machine.")


class Progress:
    """How far it is, on stderr: one line that changes on a terminal, else a line now and then."""

    def __init__(self, sizes: Sequence[int], done: int) -> None:
        self.sizes, self.before, self.total = sizes, sum(sizes[:done]), sum(sizes)
        self.runs, self.begun, self.shown = self.before, perf_counter(), -1e9
        if done:
            say(f"{self.before:,} of {self.total:,} runs are there already.")

    def show(self, done: int) -> None:
        """That so many blocks are done."""
        self.runs += self.sizes[done - 1]
        now = perf_counter()
        terminal = sys.stderr.isatty()
        if now - self.shown < (0.1 if terminal else 10):
            return
        self.shown = now
        left = (now - self.begun) / (self.runs - self.before) * (self.total - self.runs)
        line = f"{self.runs:,} of {self.total:,} runs ({self.runs / self.total:.0%}), about {left:,.0f} s left"
        print(f"\r{line:79}" if terminal else line, end="" if terminal else "\n", file=sys.stderr, flush=True)

    def end(self) -> None:
        """That all is done."""
        say(f"{self.total:,} runs, of which {self.runs - self.before:,} in {perf_counter() - self.begun:,.1f} s now.")


def say(sentence: str) -> None:
    """On stderr, over the line of progress."""
    print(f"\r{sentence:79}" if sys.stderr.isatty() else sentence, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """What the command line does; the exit status."""
    to = parser()
    options = to.parse_args(arguments)
    threadpool_limits(1, "blas")
    kinds: dict[str, type[CsvTable | ParquetTable]] = {".csv": CsvTable, ".parquet": ParquetTable}
    try:
        if options.table.suffix not in kinds:
            raise ValueError(f"the table's name must end in .csv or .parquet, not {options.table.name!r}")
        plan = plan_of(options)
    except ValueError as fault:
        to.error(str(fault))
    try:
        write(plan, kinds[options.table.suffix](options.table), chosen(options))
    except Refused as fault:
        say(str(fault))
        return 2
    except KeyboardInterrupt:
        say("Stopped. What is written stays; the same command goes on from there.")
        return 130
    except (WorkerDied, TimeoutError) as fault:
        say(
            f"{fault} So it was {TRIES + 1} times in a row. What is written stays; the same command goes on from there."
        )
        return 1
    except OSError as fault:
        say(f"Cannot write {options.table}: {fault.strerror or fault}. What is written stays; once there is room or a "
            "way, the same command goes on from there.")  # fmt: skip
        return 1
    return 0
