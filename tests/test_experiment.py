"""Runs as plain values: what simulate makes of them, with every runner on every surface, the same at every time."""

import hashlib
import os
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest

from engine import limits
from engine.descent import descend, outcome, stack
from engine.experiment import (
    FORMULA_VIEW,
    RUNNERS,
    Run,
    build_surface,
    objective_of,
    optimizer_of,
    round_rate,
    schedule_of,
    simulate,
    start_of,
    surface_of,
)
from engine.expressions import FormulaError
from engine.optimizers import OPTIMIZERS
from engine.schedules import SCHEDULES
from engine.surfaces import SURFACES, ravine

pytestmark = pytest.mark.filterwarnings("error")
every_runner = pytest.mark.parametrize("runner", RUNNERS)
FORMULA = "x**2 + 3*y**2 + sin(x*y)"


def assert_same(one, other) -> None:
    """Two Trajectories, bit for bit; NaN equals NaN."""
    *fields, state = one
    *others, other_state = other
    for a, b in zip((*fields, *state), (*others, *other_state), strict=True):
        np.testing.assert_array_equal(a, b, strict=True)


# Every runner on every surface


@every_runner
@pytest.mark.parametrize("surface", [*SURFACES, FORMULA, "1/x + y**2", "log(x*y)", "abs(x) + sqrt(abs(y))"])
def test_every_run_is_finite_or_honestly_diverged(surface, runner):
    hessian = build_surface(surface).hessian
    for rate in (1e-6, None, 10.0, 1e300):
        run = Run(surface, optimizer=runner, steps=60)
        run = run if rate is None else run.with_rate(rate)
        path = simulate(run)
        rows = len(path.count)
        assert 1 <= rows <= 61
        assert path.count.tolist() == list(range(rows))
        assert path.params.shape == path.grads.shape == path.updates.shape == (rows, 2)
        assert path.loss.shape == (rows,)
        for values in (path.params, path.loss, path.grads, path.updates[:-1]):
            assert np.isfinite(values).all()
        frozen = bool(np.isnan(path.updates[-1]).all())
        assert frozen or np.isfinite(path.updates[-1]).all()
        assert frozen or rows == 61
        moves = rows - 2 if frozen else rows - 1  # the frozen row repeats the last finite point
        np.testing.assert_array_equal(path.params[1 : moves + 1], (path.params + path.updates)[:moves])
        ended = outcome(path, hessian)
        assert len(ended) == 1
        kind, step = ended[0]
        assert kind in ("converged", "out of steps", "diverged", "stationary")
        assert 0 <= step < rows
        resting = np.abs(path.grads[-1]).max() <= 1e-4 and np.abs(path.updates[-1]).max() <= 1e-3
        beyond = abs(path.loss[-1] - path.loss[0]) > 1e3 * (1 + abs(path.loss[0]))
        assert (kind == "diverged") == bool(frozen or (beyond and not resting))
        assert not frozen or step == rows - 1
        assert (kind in ("converged", "stationary")) == bool(resting and not frozen)


# Noise, schedules, a changed rate


def slopes_of_noise(run: Run) -> np.ndarray:
    """The gradients of a run so far out on Easom's plateau that they are nothing but noise."""
    return simulate(replace(run, surface="easom", start=(1e4, 1e4))).grads


@every_runner
def test_noise_is_the_same_for_every_runner(runner):
    run = Run(noise=0.5, seed=3, steps=20)
    np.testing.assert_array_equal(slopes_of_noise(replace(run, optimizer=runner)), slopes_of_noise(run), strict=True)


def test_noise_is_a_function_of_seed_and_step():
    run = Run(noise=1.0, seed=3, steps=20)
    drawn = slopes_of_noise(run)
    assert drawn.shape == (21, 2)
    assert len(np.unique(drawn)) == drawn.size
    np.testing.assert_array_equal(slopes_of_noise(replace(run, steps=200))[:21], drawn)
    np.testing.assert_array_equal(slopes_of_noise(replace(run, noise=0.25)), 0.25 * drawn)
    np.testing.assert_array_equal(slopes_of_noise(replace(run, schedule="cosine").with_rate(0.5)), drawn)
    assert not (slopes_of_noise(replace(run, seed=4)) == drawn).any()
    many = slopes_of_noise(replace(run, noise=2.0, steps=5000))
    np.testing.assert_allclose(many.mean(0), 0, atol=0.1)
    np.testing.assert_allclose(np.cov(many.T), [[4, 0], [0, 4]], atol=0.25)
    assert abs(np.mean(many[1:] * many[:-1])) < 0.2


def test_noise_is_added_to_the_gradient_and_not_to_the_loss():
    quiet, loud = Run(FORMULA, steps=5), Run(FORMULA, steps=5, noise=0.1, seed=1)
    a, b = simulate(quiet), simulate(loud)
    assert a.loss[0] == b.loss[0]
    np.testing.assert_allclose(b.grads - surface_of(loud).gradient(b.params), slopes_of_noise(loud), atol=1e-12)
    np.testing.assert_array_equal(b.loss, surface_of(loud).value(b.params))


def test_every_replica_meets_the_same_noise():
    run = Run("easom", noise=1.0, steps=10, start=(1e4, 1e4))
    path = stack(descend(objective_of(run), optimizer_of(run), np.stack([start_of(run)] * 3), run.steps))
    for r in range(3):
        np.testing.assert_array_equal(path.grads[:, r], slopes_of_noise(run))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_schedule_sets_the_rate_of_each_step(schedule):
    run = Run(FORMULA, schedule=schedule, steps=40, rate_change=(25, 0.02)).with_rate(0.1)
    path = simulate(run)
    rates = [float(SCHEDULES[schedule](0.1 if k < 25 else 0.02, 40)(k)) for k in range(41)]
    assert [float(schedule_of(run)(k)) for k in range(41)] == rates
    np.testing.assert_array_equal(path.updates, -np.array(rates)[:, None] * path.grads)


@every_runner
@pytest.mark.parametrize("schedule", ["constant", "one_cycle"])
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_a_changed_rate_is_another_optimizer_from_that_step_on(runner, schedule, noise):
    run = Run("himmelblau", optimizer=runner, schedule=schedule, noise=noise, steps=40).with_rate(0.01)
    changed = simulate(replace(run, rate_change=(15, 0.002)))
    base = list(descend(objective_of(run), optimizer_of(run), start_of(run), 40))
    pause, other = base[15], optimizer_of(run.with_rate(0.002))
    rest = list(descend(objective_of(run), other, pause.params, 25, state=pause.state, start=15))
    assert_same(changed, stack(base[:15] + rest))
    assert not np.array_equal(changed.params, simulate(run).params)


def test_a_rate_may_change_at_once_or_never():
    run = Run("booth", optimizer="momentum", steps=20).with_rate(0.01)
    assert_same(simulate(replace(run, rate_change=(0, 0.002))), simulate(run.with_rate(0.002)))
    late = simulate(replace(run, rate_change=(20, 0.002)))
    assert_same(late._replace(updates=late.updates[:-1]), (p := simulate(run))._replace(updates=p.updates[:-1]))
    assert_same(simulate(replace(run, rate_change=(1000, 0.002))), simulate(run))


# Plain values


FULL = Run(
    "ravine",
    (("condition", 30.0), ("angle", 0.5)),
    "adam",
    (("learning_rate", 0.1), ("beta1", 0.8)),
    "cosine",
    (-1.0, 2.0),
    50,
    0.1,
    7,
    (20, 0.01),
)


def test_a_run_is_hashable_frozen_and_pickles():
    twin = pickle.loads(pickle.dumps(FULL))
    assert twin == FULL
    assert hash(twin) == hash(FULL)
    assert len({FULL, twin, replace(FULL, seed=8), FULL.with_rate(0.2)}) == 3
    with pytest.raises(FrozenInstanceError):
        FULL.steps = 3  # type: ignore[misc]
    assert_same(simulate(FULL), simulate(twin))
    path = simulate(FULL)
    assert_same(pickle.loads(pickle.dumps(path)), path)


def test_a_run_is_what_its_parts_are():
    surface = ravine(30.0, 0.5)
    optimizer = OPTIMIZERS["adam"].factory(schedule_of(FULL), beta1=0.8)
    noise = 0.1 * np.random.default_rng(7).standard_normal((51, 2))

    def objective(params, count):
        return surface.value(params), surface.gradient(params) + noise[count]

    by_hand = stack(descend(objective, optimizer, np.array([-1.0, 2.0]), 50))
    assert_same(simulate(FULL), by_hand)


def test_the_rate_of_a_run():
    assert FULL.learning_rate == 0.1
    assert Run(optimizer="sgd").learning_rate == 1e-3
    assert Run(optimizer="newton").learning_rate == 1.0
    other = FULL.with_rate(0.25)
    assert other.learning_rate == 0.25
    assert dict(other.hyperparameters) == {"learning_rate": 0.25, "beta1": 0.8}
    assert replace(other, hyperparameters=FULL.hyperparameters) == FULL


def test_surfaces_by_name_and_by_formula():
    for key, surface in SURFACES.items():
        if key != "ravine":
            assert build_surface(key) is surface
        np.testing.assert_array_equal(start_of(Run(key)), surface.start)
    np.testing.assert_array_equal(build_surface("ravine", (("condition", 7.0),)).hessian(np.zeros(2)), np.diag([1, 7]))
    typed = build_surface(FORMULA)
    assert typed is build_surface(FORMULA)
    assert typed.domain == ((-FORMULA_VIEW, FORMULA_VIEW),) * 2
    assert build_surface(FORMULA, (("view", 7.0),)).domain == ((-7.0, 7.0), (-7.0, 7.0))
    assert float(typed.value(np.array([1.0, 2.0]))) == pytest.approx(1 + 12 + np.sin(2))
    start = start_of(Run(FORMULA, start=(1, 2)))
    assert start.dtype == np.float64
    assert start.tolist() == [1, 2]


def test_the_start_belongs_to_the_caller():
    surface = SURFACES["bowl"]
    start_of(Run("bowl"))[:] = 7
    assert surface.start.tolist() == [4, 3]


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (Run(optimizer="nope"), "there is no 'nope'; there are: sgd, momentum"),
        (Run(optimizer="x" * 10_000), "there is no 'xxxxxxxxxxxxxxxxxxxx'; there are"),
        (Run(optimizer="__class__"), "there is no '__class__'"),
        (Run(schedule="nope"), "there is no 'nope'; there are: constant, step"),
        (Run(hyperparameters=(("momentum", 0.9),)), "there is no 'momentum'; there are: learning_rate, weight_decay"),
        (Run(steps=0), "steps must be a whole number of at least 1, not 0"),
        (Run(steps=-5), "steps must be a whole number of at least 1, not -5"),
        (Run().with_rate(-1.0), "learning_rate must be at least 0|rate must be at least 0"),
        (Run().with_rate(float("nan")), "rate must be"),
        (Run(seed=-1, noise=1.0), "non-negative"),
        (Run(surface="nope"), "unknown name 'nope'"),
        (Run(surface="3*"), "formula|character"),
        (Run(surface="ravine", surface_parameters=(("condition", -1.0),)), "a ravine needs a positive condition"),
    ],
)
def test_errors_are_sentences(run, words):
    with pytest.raises(ValueError, match=words) as fault:
        simulate(run)
    assert len(str(fault.value)) < 300


def test_a_faulty_formula_is_named_as_such():
    with pytest.raises(FormulaError):
        simulate(Run(surface="__import__('os')"))


@pytest.mark.parametrize(
    ("rate", "rounded"), [(0.0123, 0.012), (0.0996, 0.1), (9.99, 10.0), (1e-6, 1e-6), (1.26e-6, 1.3e-6), (123.0, 120.0)]
)
def test_round_rate(rate, rounded):
    assert round_rate(rate) == rounded


def test_limits_agree_with_the_hyperparameters_and_clamp():
    for entry in RUNNERS.values():
        rate = next(h for h in entry.hyperparameters if h.name == "learning_rate")
        assert (rate.low, rate.high) == limits.LEARNING_RATE
    assert limits.STEPS.clamp(10**9) == limits.STEPS.high
    assert limits.STEPS.clamp(-1) == limits.STEPS.low
    assert limits.STEPS.clamp(7) == 7
    for surface in SURFACES.values():
        assert limits.LEARNING_RATE.clamp(surface.rate) == surface.rate
        assert (limits.START.clamp(surface.start[0]), limits.START.clamp(surface.start[1])) == tuple(surface.start)


# The same link twice


def digest() -> str:
    """A fingerprint of every runner's path, bit for bit."""
    whole = hashlib.sha256()
    for surface in ("rosenbrock", "ackley", FORMULA):
        for runner in RUNNERS:
            path = simulate(Run(surface, optimizer=runner, schedule="cosine", noise=0.1, seed=5, steps=30))
            *fields, state = path
            for leaf in (*fields, *state):
                whole.update(np.ascontiguousarray(leaf).tobytes())
    return whole.hexdigest()


def test_two_processes_agree_to_the_last_bit():
    root = Path(__file__).parent.parent
    prints = {digest()}
    for seed in ("1", "2"):
        environment = os.environ | {
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join((str(root), str(root / "tests"))),
        }
        code = "import test_experiment; print(test_experiment.digest())"
        answer = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
        prints.add(answer.stdout.strip())
    assert len(prints) == 1
