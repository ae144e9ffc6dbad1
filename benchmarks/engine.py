"""The engine's time on one core: a race, and a batch of many starts."""

from collections.abc import Iterator

import numpy as np

from benchmarks.timing import Row, seconds
from engine.descent import descend, last_step
from engine.experiment import Run, simulate
from engine.optimizers import OPTIMIZERS
from engine.surfaces import SURFACES

RACE = ("sgd", "momentum", "nesterov", "rmsprop", "adam")


def rows() -> Iterator[Row]:
    """Five runners for 300 steps, and 40,000 Adam runs for 200."""
    race = [Run("rosenbrock", optimizer=key, hyperparameters=(("learning_rate", 1e-3),), steps=300) for key in RACE]
    took = seconds(lambda: [simulate(run) for run in race])
    yield Row("five runners × 300 steps on Rosenbrock", f"{took * 1e3:.0f} ms", "≤ 60 ms")

    surface = SURFACES["rosenbrock"]
    starts = np.random.default_rng(0).uniform(-2, 2, (40_000, 2))
    adam = OPTIMIZERS["adam"].factory(1e-2)
    took = seconds(lambda: last_step(descend(surface.objective, adam, starts, 200)))
    yield Row("40,000 Adam runs × 200 steps in one batch, ends kept", f"{took:.2f} s", "≤ 0.3 s")
