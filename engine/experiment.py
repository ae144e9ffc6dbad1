"""A run as plain values, the way a link holds it, and the one place where its names become functions."""

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

from engine import Array, Objective, expressions
from engine.curvature import newton
from engine.descent import Trajectory, descend, stack
from engine.optimizers import OPTIMIZERS, Hyperparameter, Optimizer, OptimizerEntry
from engine.regressions import REGRESSIONS, regression
from engine.schedules import SCHEDULES
from engine.surfaces import SURFACES, Surface, ravine

NEWTON = OptimizerEntry(
    label="Damped Newton",
    factory=newton,
    hyperparameters=(
        Hyperparameter("learning_rate", 1.0, 1e-6, 10.0, True),
        Hyperparameter("damping", 1e-3, 1e-9, 1e3, True),
    ),
    formula=r"\theta \leftarrow \theta - \eta\,(|H| + \mu I)^{-1} g",
    adaptive="by curvature",
    momentum="no",
    best_for="few weights, as a reference: it also needs the Hessian at every step",
    source="Dauphin et al. 2014",
)

RUNNERS: dict[str, OptimizerEntry] = OPTIMIZERS | {"newton": NEWTON}
"""Everything that can run on a surface: the optimizers, and Newton's method, which needs the surface's Hessian too."""

FORMULA_VIEW = 3.0  # half the side of the square in which a typed formula is shown, unless the run says otherwise


@dataclass(frozen=True)
class Run:
    """One descent as plain, hashable values; a race is a tuple of Runs with surface and start in common.

    ``surface`` is a key of SURFACES or REGRESSIONS or a formula typed by the user; ``start`` None means the surface's
    own; ``noise`` is the standard deviation added to each component of every gradient; from step ``rate_change[0]`` on
    the rate is ``rate_change[1]``; ``batch_size`` is for regressions, None for all samples at every step.
    """

    surface: str = "rosenbrock"
    surface_parameters: tuple[tuple[str, float], ...] = ()
    optimizer: str = "sgd"
    hyperparameters: tuple[tuple[str, float], ...] = ()
    schedule: str = "constant"
    start: tuple[float, float] | None = None
    steps: int = 200
    noise: float = 0.0
    seed: int = 0
    rate_change: tuple[int, float] | None = None
    batch_size: int | None = None

    @property
    def learning_rate(self) -> float:
        """The run's base rate, before its schedule."""
        values = dict(self.hyperparameters)
        entry = RUNNERS[self.optimizer]
        return values.get("learning_rate", next(h.default for h in entry.hyperparameters if h.name == "learning_rate"))

    def with_rate(self, rate: float) -> "Run":
        """The same run at another base rate."""
        others = tuple(pair for pair in self.hyperparameters if pair[0] != "learning_rate")
        return replace(self, hyperparameters=(("learning_rate", rate), *others))


@lru_cache(maxsize=128)
def build_surface(name: str, parameters: tuple[tuple[str, float], ...] = ()) -> Surface:
    """The Surface of a run: a registry entry, a ravine of given shape, a regression on its data, or a typed formula
    (``view``: half its side).

    Raises expressions.FormulaError, a ValueError, where ``name`` is neither a key nor a formula.
    """
    if name == "ravine":
        return ravine(**dict(parameters))
    if name in SURFACES:
        return SURFACES[name]
    if name in REGRESSIONS:
        return regression(name, **dict(parameters)).surface
    half = dict(parameters).get("view", FORMULA_VIEW)
    return expressions.surface(name, domain=((-half, half), (-half, half)))


def surface_of(run: Run) -> Surface:
    """The Surface that ``run`` names."""
    return build_surface(run.surface, run.surface_parameters)


def start_of(run: Run) -> Array:
    """Where ``run`` starts: (2,), float64."""
    return np.array(surface_of(run).start if run.start is None else run.start, dtype=float)


def schedule_of(run: Run, rate: Any = None) -> Callable[[int], Any]:
    """Count of the step -> learning rate, with the change in mid-run; ``rate`` replaces the base rate, arrays too."""
    base = SCHEDULES[run.schedule](run.learning_rate if rate is None else rate, run.steps)
    if run.rate_change is None:
        return base
    step, new_rate = run.rate_change
    changed = SCHEDULES[run.schedule](new_rate, run.steps)
    return lambda count: changed(count) if count >= step else base(count)


def optimizer_of(run: Run, rate: Any = None) -> Optimizer:
    """The Optimizer that ``run`` names; ``rate`` (R, 1) in place of its base rate makes a sweep."""
    entry = RUNNERS[run.optimizer]
    factory: Callable[..., Optimizer] = entry.factory
    if run.optimizer == "newton":
        factory = partial(newton, surface_of(run).hessian)
    values = dict(run.hyperparameters) | {"learning_rate": schedule_of(run, rate)}
    return factory(**values)


def objective_of(run: Run) -> Objective:
    """The run's surface as an Objective, with its gradient noise: the same draw for every replica and every runner.

    Raises ValueError for batches of a surface that is no regression.
    """
    objective: Objective = surface_of(run).objective
    if run.batch_size is not None:
        objective = regression(run.surface, **dict(run.surface_parameters)).objective(run.batch_size, run.seed)
    if not run.noise:
        return objective
    # row k is the k-th draw of one stream, so a longer run starts with the same noise
    noise = run.noise * np.random.default_rng(run.seed).standard_normal((run.steps + 1, 2))

    def noisy(params: Array, count: int) -> tuple[Array, Array]:
        loss, grads = objective(params, count)
        return loss, grads + noise[count]

    return noisy


def simulate(run: Run) -> Trajectory:
    """Run it: at most ``steps + 1`` rows, fewer where it diverges. Raises ValueError for names that do not exist."""
    _check([run.optimizer], RUNNERS)
    _check([run.schedule], SCHEDULES)
    _check([name for name, _ in run.hyperparameters], [h.name for h in RUNNERS[run.optimizer].hyperparameters])
    return stack(descend(objective_of(run), optimizer_of(run), start_of(run), run.steps))


def _check(names: Iterable[str], legal: Collection[str]) -> None:
    for name in names:
        if name not in legal:
            raise ValueError(f"there is no {name[:20]!r}; there are: {', '.join(legal)}")


def round_rate(rate: float, digits: int = 2) -> float:
    """``rate`` to so many significant digits, as a reader would type it."""
    return round(rate, digits - 1 - math.floor(math.log10(rate)))
