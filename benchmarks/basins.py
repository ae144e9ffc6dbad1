"""The time of a map of basins on one core: every start's end and its count of steps."""

from collections.abc import Iterator
from functools import partial

from benchmarks.timing import Row, seconds
from engine.basins import basins
from engine.experiment import Run, surface_of
from engine.optimizers import OPTIMIZERS
from engine.sweeps import recommended_rate

SIZE, STEPS = (200, 200), 200


def rows() -> Iterator[Row]:
    """200 × 200 starts × 200 steps on Himmelblau, each optimizer at its own good rate."""
    for key in ("sgd", "momentum", "adam"):
        run = Run("himmelblau", optimizer=key, steps=STEPS)
        run = run.with_rate(recommended_rate(run))
        took = seconds(partial(basins, run, surface_of(run).domain, SIZE))
        yield Row(f"basins of {OPTIMIZERS[key].label}: 200 × 200 starts × 200 steps", f"{took:.2f} s", "≤ 0.3 s")
