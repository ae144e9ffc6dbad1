"""Sweeps over the learning rate: the same as run by run, a best not won by luck, and rates worth beginning with."""

from dataclasses import replace

import numpy as np
import pytest

from engine.descent import outcome
from engine.experiment import RUNNERS, Run, simulate, surface_of
from engine.limits import LEARNING_RATE, RATES_PER_DECADE
from engine.surfaces import SURFACES
from engine.sweeps import FLOOR, RateSweep, judged, rate_sweep, recommended_rate

pytestmark = pytest.mark.filterwarnings("error")
every_runner = pytest.mark.parametrize("runner", RUNNERS)
RATES = rate_sweep(Run("bowl", steps=1)).rates


def resting(key: str, runner: str) -> Run:
    """A run as the pages begin with it: PyTorch's defaults, without weight decay."""
    values = {h.name: h.default for h in RUNNERS[runner].hyperparameters}
    return Run(key, (), runner, tuple((values | ({"weight_decay": 0.0} if "weight_decay" in values else {})).items()))


def near(rate: float) -> int:
    """Index of the rate nearest to one."""
    return int(np.argmin(np.abs(np.log(RATES / rate))))


# The rates


def test_rates_cover_the_legal_interval_evenly_in_two_digits():
    assert (RATES[0], RATES[-1]) == LEARNING_RATE
    assert len(RATES) == 7 * RATES_PER_DECADE + 1
    assert RATES.tolist() == [float(f"{rate:.2g}") for rate in RATES]
    np.testing.assert_allclose(np.diff(np.log10(RATES)), 1 / RATES_PER_DECADE, atol=0.03)
    assert RATES.tolist() == [float(f"{rate:.2g}") for rate in np.geomspace(*LEARNING_RATE, len(RATES))]


# As run by run


def ends(run: Run, rates) -> np.ndarray:
    """The last loss at each rate, run by run; inf where it is frozen."""
    paths = [simulate(run.with_rate(float(rate))) for rate in rates]
    return np.array([np.inf if np.isnan(path.updates[-1]).any() else path.loss[-1] for path in paths])


@every_runner
@pytest.mark.parametrize(
    "run",
    [
        Run("rosenbrock", steps=60),
        Run("himmelblau", schedule="cosine", noise=0.5, seed=2, start=(1, 1), steps=40),
        Run("x**2 + 3*y**2 + sin(x*y)", rate_change=(10, 0.01), steps=40),
    ],
    ids=lambda run: run.surface,
)
def test_gaps_are_bit_for_bit_those_of_single_runs(run, runner):
    run = replace(run, optimizer=runner)
    surface = surface_of(run)
    first, lowest = simulate(run).loss[0], surface.lowest
    expected = np.maximum(ends(run, RATES[::8]) - lowest, FLOOR * (first - lowest))
    np.testing.assert_array_equal(rate_sweep(run).gaps[::8], expected)


@pytest.mark.parametrize("runner", ["sgd", "adam"])
@pytest.mark.parametrize("key", ["mccormick", "monkey_saddle", "x + y", "1/x"])
def test_a_surface_without_a_bottom_is_measured_from_the_lowest_loss_reached(key, runner):
    run = Run(key, optimizer=runner, steps=30)
    losses, first = ends(run, RATES), simulate(run).loss[0]
    lowest = min(losses.min(), first)
    sweep = rate_sweep(run)
    np.testing.assert_array_equal(sweep.gaps, np.maximum(losses - lowest, FLOOR * (first - lowest)))
    assert_consistent(sweep)


def test_diverged_rates_are_infinite():
    # the steep component is (1 - 50 rate) to the power of 4,000, and its square overflows above 0.0418
    sweep = rate_sweep(Run("ravine", steps=4000))
    np.testing.assert_array_equal(np.isinf(sweep.gaps), RATES > 0.0418)


@pytest.mark.parametrize("condition", [4.0, 20.0, 300.0])
def test_a_quadratic_has_its_best_rate_where_the_book_puts_it(condition):
    run = Run("ravine", (("condition", condition),), start=(3.0, 3.0), steps=12)
    sweep = rate_sweep(run)
    expected = 4.5 * ((1 - RATES) ** 24 + condition * (1 - condition * RATES) ** 24)
    np.testing.assert_allclose(sweep.gaps, expected, rtol=1e-9)
    # the mean over its neighbours keeps the best off the edge of stability, 2/condition
    assert 0.5 < sweep.best / (2 / (1 + condition)) <= 1
    assert_consistent(sweep)


# What may be called best


def assert_consistent(sweep: RateSweep) -> None:
    assert sweep.best in sweep.rates
    assert sweep.window[0] <= sweep.best <= sweep.window[1]
    assert sweep.window[0] in sweep.rates
    assert sweep.window[1] in sweep.rates
    assert sweep.decades == pytest.approx(np.log10(sweep.window[1] / sweep.window[0]))
    best = sweep.smooth[sweep.rates == sweep.best][0]
    inside = (sweep.rates >= sweep.window[0]) & (sweep.rates <= sweep.window[1])
    assert best <= sweep.good <= 10 * best
    assert (sweep.smooth[inside] <= sweep.good).all()
    for edge in (np.flatnonzero(inside)[0] - 1, np.flatnonzero(inside)[-1] + 1):
        assert not 0 <= edge < len(sweep.rates) or sweep.smooth[edge] > sweep.good
    score = np.maximum(sweep.smooth, sweep.gaps)
    assert score[sweep.rates == sweep.best] <= score.min() * (1 + 1e-9)


def flat(level: float = 1.0) -> np.ndarray:
    return np.full(len(RATES), level)


def test_smooth_is_the_geometric_mean_over_an_eighth_of_a_decade():
    gaps = 10 ** np.random.default_rng(0).uniform(-6, 2, len(RATES))
    sweep = judged(RATES, gaps)
    np.testing.assert_array_equal(sweep.gaps, gaps)
    for i in range(2, len(RATES) - 2):
        assert RATES[i + 2] / RATES[i - 2] == pytest.approx(10**0.25, rel=0.1)
        assert sweep.smooth[i] == pytest.approx(np.prod(gaps[i - 2 : i + 3]) ** 0.2)
    assert_consistent(sweep)


def test_one_lucky_rate_does_not_win():
    gaps = flat()
    gaps[near(0.5)] = 1e-4  # lucky
    gaps[near(0.01) - 2 : near(0.01) + 3] = 0.01
    sweep = judged(RATES, gaps)
    assert RATES[gaps.argmin()] == 0.49
    assert sweep.best == 0.01
    assert_consistent(sweep)


def test_a_neighbours_luck_does_not_win_either():
    gaps = flat()
    gaps[near(0.01)] = 1e-12
    gaps[near(1.0) - 3 : near(1.0) + 4] = 0.5
    sweep = judged(RATES, gaps)
    assert sweep.smooth[near(0.01) + 1] < 0.01
    assert sweep.gaps[sweep.best == RATES] < 1


@pytest.mark.parametrize("end", [0, -1])
def test_luck_at_the_end_of_the_grid_counts_no_more_than_elsewhere(end):
    gaps = flat()
    gaps[end] = 1e-4
    gaps[50:55] = 0.1
    sweep = judged(RATES, gaps)
    assert sweep.smooth[end] == pytest.approx(1e-4**0.2)
    assert sweep.best == RATES[52]


def test_the_facts_of_rosenbrock():
    # its single best rates win by luck: a little finer or coarser a grid names another
    run = Run("rosenbrock", start=(-1.2, 1.0), steps=300)
    for runner, gap in (("momentum", 1.6e-5), ("adam", 1.3e-3), ("sgd", 7.7e-2), ("rmsprop", 3.9e-2)):
        sweep = rate_sweep(replace(run, optimizer=runner))
        assert sweep.gaps.min() < 10 * gap
        assert sweep.gaps.min() <= sweep.gaps[sweep.best == RATES][0] <= sweep.smooth.min() * 100
        assert_consistent(sweep)
    lucky = rate_sweep(replace(run, optimizer="adamax"))
    assert lucky.gaps.min() < lucky.gaps[lucky.best == RATES][0] / 4


def test_a_tie_goes_to_its_middle():
    gaps = flat()
    gaps[30:71] = 1e-6
    sweep = judged(RATES, gaps)
    assert sweep.best == RATES[50]
    assert sweep.window == (RATES[32], RATES[68])
    assert_consistent(sweep)


def test_every_rate_alike():
    sweep = judged(RATES, flat(0.3))
    assert sweep.best == RATES[len(RATES) // 2]
    assert sweep.window == tuple(LEARNING_RATE)
    assert sweep.decades == pytest.approx(7)
    assert_consistent(rate_sweep(Run("easom", start=(100.0, 100.0), steps=5)))


def test_a_rate_beside_divergence_is_not_best():
    gaps = flat(np.inf)
    gaps[:60] = 1.0
    gaps[57:60] = 1e-6
    sweep = judged(RATES, gaps)
    assert np.isinf(sweep.smooth[58:]).all()
    assert sweep.best == RATES[57]
    assert_consistent(sweep)


def test_nothing_is_best_where_every_rate_diverged():
    for gaps in (flat(np.inf), np.where(np.arange(len(RATES)) == 40, 1.0, np.inf)):
        sweep = judged(RATES, gaps)
        assert np.isnan(sweep.best)
        assert np.isnan(sweep.window).all()
        assert np.isnan(sweep.decades)
    sweep = rate_sweep(Run("log(x) + y**2", start=(-1.0, 2.0), steps=10))
    assert np.isnan(sweep.best)
    assert np.isinf(sweep.gaps).all()
    assert np.isnan(rate_sweep(Run("rosenbrock", start=(1e200, 1.0), steps=3)).best)


@every_runner
def test_a_sweep_of_any_runner_is_consistent(runner):
    run = replace(resting("beale", runner), steps=80)
    sweep = rate_sweep(run)
    assert_consistent(sweep)
    path = simulate(run.with_rate(sweep.best))
    assert sweep.gaps[sweep.best == RATES] == max(path.loss[-1], FLOOR * path.loss[0])


# A rate to begin with


@every_runner
@pytest.mark.parametrize("key", SURFACES)
def test_the_recommended_rate_descends_on_every_surface(key, runner):
    run = resting(key, runner)
    rate = recommended_rate(run)
    assert LEARNING_RATE.low <= rate <= LEARNING_RATE.high
    assert rate == float(f"{rate:.2g}")
    path = simulate(run.with_rate(rate))
    assert len(path.count) == 201
    assert outcome(path, surface_of(run).hessian)[0].kind != "diverged"
    assert path.loss[-1] < path.loss[0]


def test_the_recommended_rate_depends_on_surface_and_optimizer_alone():
    run = resting("himmelblau", "adam")
    rate = recommended_rate(run)
    other = replace(run, start=(3.0, 2.0), noise=5.0, seed=3, schedule="cosine", rate_change=(3, 1.0), steps=7)
    assert recommended_rate(other.with_rate(7.0)) == rate
    assert recommended_rate(replace(run, optimizer="sgd", hyperparameters=())) != rate


@pytest.mark.parametrize("text", ["x**3", "1/x", "exp(exp(x**2))", "1e300*x", "log(x)", "abs(x) + abs(y)", "x**0*3"])
def test_the_recommended_rate_of_a_formula_is_legal(text):
    for runner in ("sgd", "momentum", "adam"):
        rate = recommended_rate(Run(text, optimizer=runner), steps=40)
        assert LEARNING_RATE.low <= rate <= LEARNING_RATE.high
