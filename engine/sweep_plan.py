"""A large sweep as plain values: which runs it holds, in which order, and what a block of them gives."""

import csv
import io
import math
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from engine import Array, Objective
from engine.descent import descend
from engine.endings import endings
from engine.experiment import RUNNERS, Run, objective_of, optimizer_of, surface_of

RUN_STEPS, RUNS = 2_000_000, 16_384  # at most in a block: some tenths of a second, and arrays fit a cache
COLUMNS = ("surface", "optimizer", "learning_rate", "momentum", "start_x", "start_y", "seed", "steps",
           "final_x", "final_y", "final_loss", "gap", "outcome", "outcome_step")  # fmt: skip


class Grid(NamedTuple):
    """``points`` values from ``low`` to ``high``, both included."""

    low: float
    high: float
    points: int


class Block(NamedTuple):
    """Runs ``low`` to ``high`` (not included) of one optimizer's."""

    optimizer: str
    low: int
    high: int


@dataclass(frozen=True)
class Plan:
    """Every combination of optimizers, momenta, rates, starts and seeds on one surface."""

    surface: str  # a key or a formula
    optimizers: tuple[str, ...]
    rates: Grid  # evenly on a log axis
    steps: int
    momenta: Grid | None = None  # for optimizers that have a momentum; None: their defaults
    x: Grid | None = None  # of the starts; None: the surface's own
    y: Grid | None = None
    noise: float = 0.0
    seeds: int = 1  # of the noise: 0, 1, …

    def as_values(self) -> dict[str, Any]:
        """The plan as JSON holds it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def axes(self, optimizer: str) -> tuple[Array, ...]:
        """Momenta, rates, y, x and seeds of one optimizer's runs, the last going round fastest."""
        entry = RUNNERS[optimizer]
        momenta = [next((h.default for h in entry.hyperparameters if h.name == "momentum"), math.nan)]
        start = surface_of(Run(self.surface)).start
        return (
            np.linspace(*self.momenta) if self.momenta and not math.isnan(momenta[0]) else np.array(momenta),
            np.geomspace(*self.rates),
            start[1:] if self.y is None else np.linspace(*self.y),
            start[:1] if self.x is None else np.linspace(*self.x),
            np.arange(self.seeds),
        )

    def runs(self, optimizer: str) -> int:
        """How many runs there are of one optimizer."""
        return math.prod(len(axis) for axis in self.axes(optimizer))

    @property
    def block_size(self) -> int:
        """The number of runs in a block."""
        return max(1, min(RUNS, RUN_STEPS // (self.steps + 1)))

    def blocks(self) -> list[Block]:
        """All runs, in the table's order. Where one block ends and the next begins changes no result."""
        size = self.block_size
        return [
            Block(optimizer, low, min(low + size, runs))
            for optimizer in self.optimizers
            for runs in [self.runs(optimizer)]
            for low in range(0, runs, size)
        ]


def columns(plan: Plan, block: Block) -> dict[str, Any]:
    """Let a block's runs descend together: COLUMNS, each an array of one value a run, or one value for all.

    Diverged runs end at their last finite point. The gap is the loss above the surface's lowest known one, NaN where
    none is known; the momentum is NaN for an optimizer without.
    """
    axes = plan.axes(block.optimizer)
    indices = np.unravel_index(np.arange(block.low, block.high), [len(axis) for axis in axes])
    momenta, rates, y, x, seeds = (axis[index] for axis, index in zip(axes, indices, strict=True))
    others: Any = () if np.isnan(momenta).any() else (("momentum", momenta[:, None]),)  # Run's values may be a sweep's
    run = Run(plan.surface, optimizer=block.optimizer, hyperparameters=others, steps=plan.steps)
    surface = surface_of(run)
    objective = _noisy(objective_of(run), plan, seeds) if plan.noise else objective_of(run)
    stream = descend(objective, optimizer_of(run, rates[:, None]), np.stack([x, y], -1), plan.steps)
    ends = endings(stream, surface.hessian)
    final_x, final_y = ends.last.params.T
    with np.errstate(all="ignore"):
        gaps = ends.last.loss - surface.lowest
    values = (plan.surface, block.optimizer, rates, momenta, x, y, seeds, plan.steps,
              final_x, final_y, ends.last.loss, gaps, ends.kinds, ends.steps)  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def _noisy(objective: Objective, plan: Plan, seeds: Array) -> Objective:
    """Each replica with its own seed's noise, the same as in ``objective_of`` a run with that seed."""
    drawn, which = np.unique(seeds, return_inverse=True)
    shape = (plan.steps + 1, 2)
    noise = np.stack([plan.noise * np.random.default_rng(seed).standard_normal(shape) for seed in drawn.tolist()])

    def noisy(params: Array, count: int) -> tuple[Array, Array]:
        loss, grads = objective(params, count)
        return loss, grads + noise[which, count]

    return noisy


def as_csv(plan: Plan, block: Block) -> bytes:
    """A block's rows; numbers as Python reads them back, to the last bit."""
    text = io.StringIO()
    count = block.high - block.low
    table = [_cells(value) if isinstance(value, np.ndarray) else [value] * count
             for value in columns(plan, block).values()]  # fmt: skip
    csv.writer(text, lineterminator="\n").writerows(zip(*table, strict=True))
    return text.getvalue().encode()


def _cells(values: Array) -> list[Any]:
    """As Python's own values; what is not known stays empty."""
    cells = values.tolist()
    return ["" if cell != cell else cell for cell in cells] if values.dtype.kind == "f" else cells


def as_parquet(plan: Plan, block: Block) -> bytes:
    """A block's rows as a Parquet file."""
    import pyarrow
    import pyarrow.parquet

    file = io.BytesIO()
    count = block.high - block.low
    table = {name: value if isinstance(value, np.ndarray) else np.full(count, value)
             for name, value in columns(plan, block).items()}  # fmt: skip
    pyarrow.parquet.write_table(pyarrow.table(table), file)
    return file.getvalue()
