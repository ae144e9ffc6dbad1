"""Sweeps over rates: each run as it is alone, the measured edge of divergence, regions, and the range test."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import limits
from engine.curvature import sharpness
from engine.descent import descend, last_step
from engine.experiment import Run, simulate, surface_of
from engine.optimizers import OPTIMIZERS
from engine.quadratics import stability_limit
from engine.range_test import growing_rate, network_range, surface_range
from engine.rates import (
    DIVERGENT,
    GOOD,
    TOO_LARGE,
    TOO_SMALL,
    Curves,
    join,
    judge,
    lowest_of,
    network_block,
    network_curves,
    network_schedules,
    rate_grid,
    surface_curves,
    three_rates,
)
from engine.schedules import SCHEDULES
from engine.surfaces import SURFACES
from engine.training import Learner, Training, data_of, network_of, objective_of, optimizer_of, start_of, train

pytestmark = pytest.mark.filterwarnings("error")
RATES = rate_grid(1e-4, 10, 64)
SMALL = Training(samples=60, hidden=(8, 8), batch_size=16)
QUADRATICS = [
    Run("bowl"),
    Run("booth"),
    Run("matyas"),
    *(Run("ravine", (("condition", k), ("angle", a))) for k in (2.0, 10.0, 50.0, 1000.0) for a in (0.0, 0.6)),
]
named = {"ids": lambda run: f"{run.surface}{[round(v, 2) for _, v in run.surface_parameters]}"}


def swept(run: Run, rates=RATES):
    curves = surface_curves(run, rates)
    return curves, judge(curves, lowest_of(run, curves))


# Rates


@given(st.floats(*limits.LEARNING_RATE), st.floats(*limits.LEARNING_RATE), st.integers(2, 64))
def test_rates_are_typed_numbers_in_order_and_within_the_ends(low, high, count):
    low, high = sorted((low, high))
    rates = rate_grid(low, high, count)
    assert 1 <= len(rates) <= count and (np.diff(rates) > 0).all()
    assert rates.tolist() == [float(f"{rate:.3g}") for rate in rates]
    np.testing.assert_allclose(rates[[0, -1]], (low, high), rtol=0.006)


# As run by run


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("surface", ["rosenbrock", "x**2 + 3*y**2 + sin(x*y)"])
def test_losses_on_a_surface_are_bit_for_bit_those_of_single_runs(surface, optimizer):
    run = Run(surface, optimizer=optimizer, steps=30)
    rates = RATES[::7]
    curves = surface_curves(run, rates)
    for column, rate in enumerate(rates.tolist()):
        alone = simulate(run.with_rate(rate))
        frozen = np.isnan(alone.updates).any(-1)
        expected = np.full(31, np.inf)
        expected[: len(frozen)] = np.where(frozen, np.inf, alone.loss)
        np.testing.assert_array_equal(curves.losses[:, column], expected)
        assert curves.final[column] == expected[-1]


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "lion"])
@pytest.mark.parametrize("training", [SMALL, replace(SMALL, dataset="blobs", loss="categorical_cross_entropy")],
                         ids=["moons", "blobs"])  # fmt: skip
def test_networks_at_many_rates_are_bit_for_bit_single_ones_in_whichever_blocks(training, optimizer):
    learner = Learner(optimizer, steps=25)
    rates = rate_grid(1e-3, 10, 9)
    whole = network_curves(training, learner, rates)
    parts = [network_block((training, learner, tuple(rates[part::2]))) for part in (1, 0)]
    for mine, theirs in zip(join(parts), whole, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    data = data_of(training)
    for column, rate in enumerate(rates.tolist()):
        steps = list(train(training, learner.with_rate(rate), 25))
        losses = [np.inf if np.isnan(s.updates).any() else float(s.loss) for s in steps]
        np.testing.assert_array_equal(whole.losses[: len(losses), column], losses)
        if np.isfinite(losses[-1]):
            final = network_of(training).loss(steps[-1].params, data.X, data.y, training.loss)
            assert whole.final[column] == float(final)
        else:
            assert whole.final[column] == np.inf


def test_schedules_side_by_side_are_bit_for_bit_single_ones():
    learner = Learner("momentum", (("learning_rate", 0.1),), steps=40)
    curves = network_schedules(SMALL, learner, list(SCHEDULES))
    for column, name in enumerate(SCHEDULES):
        scheduled = replace(learner, schedule=name)
        losses = [float(s.loss) for s in descend(objective_of(SMALL), optimizer_of(scheduled), start_of(SMALL), 40)]
        np.testing.assert_array_equal(curves.losses[:, column], losses)


# The edge


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov"])
@pytest.mark.parametrize("run", QUADRATICS, **named)
def test_the_measured_edge_is_the_theorys_within_one_cell(run, optimizer):
    run = replace(run, optimizer=optimizer)
    limit = stability_limit(run, np.zeros(2))
    assert limit.exact and limit.sharpness == pytest.approx(sharpness(surface_of(run).hessian(np.zeros(2))))
    rates = rate_grid(limit.rate / 300, limit.rate * 10, 64)
    _, judgement = swept(run, rates)
    before, first = judgement.edge
    cell = int(np.searchsorted(rates, limit.rate))
    assert abs(int(np.searchsorted(rates, first)) - cell) <= 1
    assert before < limit.rate * 1.06 and first > limit.rate
    assert judgement.diverged.tolist() == [False] * int(np.searchsorted(rates, first)) + [True] * int(
        (rates >= first).sum()
    )


def test_the_edge_of_plain_descent_is_two_over_the_largest_eigenvalue():
    assert stability_limit(Run("ravine", (("condition", 50.0),)), np.zeros(2)).rate == pytest.approx(2 / 50)
    assert stability_limit(Run("booth"), np.zeros(2)).rate == pytest.approx(2 / 18)


def test_a_long_run_close_to_the_edge_is_told_apart_on_either_side():
    run = Run("ravine", (("condition", 50.0),), steps=1000)
    _, judgement = swept(run, np.array([0.0399, 0.03999, 0.04001, 0.0401]))
    assert judgement.diverged.tolist() == [False, False, False, True]  # 0.04001 doubles only every 690 steps
    _, judgement = swept(replace(run, steps=5000), np.array([0.03999, 0.04001]))
    assert judgement.diverged.tolist() == [False, True]


def test_the_limit_elsewhere_is_that_of_the_nearest_minimum():
    run = Run("himmelblau")
    for minimum in SURFACES["himmelblau"].minima:
        limit = stability_limit(run, minimum + 0.1)
        assert not limit.exact and (limit.at == minimum).all()
        assert limit.rate == pytest.approx(2 / sharpness(SURFACES["himmelblau"].hessian(minimum)))
    curve = stability_limit(Run("two_weight_net"), np.array((2.0, 0.5)))
    assert curve.rate == pytest.approx(2 / (2.0**2 + 0.5**2))


@pytest.mark.parametrize(
    "run",
    [Run("booth", optimizer="adam"), Run("monkey_saddle"), Run("ackley", optimizer="adam"),
     Run("booth", optimizer="momentum", hyperparameters=(("dampening", 0.5),))],
    ids=["adam", "no minimum", "kink", "dampening"],
)  # fmt: skip
def test_no_limit_is_claimed_where_none_is_known(run):
    assert stability_limit(run, np.ones(2)) is None


def test_weight_decay_bends_the_loss():
    decayed = Run("bowl", hyperparameters=(("weight_decay", 3.0),))
    assert stability_limit(decayed, np.zeros(2)).rate == pytest.approx(2 / 5)
    assert swept(decayed)[1].edge[0] < 0.4 < swept(decayed)[1].edge[1]


# Regions


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("surface", SURFACES)
def test_on_every_surface_the_three_rates_crawl_arrive_and_overshoot(surface, optimizer):
    run = Run(surface, optimizer=optimizer)
    curves, judgement = swept(run)
    small, good, large = three_rates(judgement)
    assert small <= good <= large and {small, good, large} <= set(RATES.tolist())
    if not np.isfinite(judgement.sweep.best):
        return
    assert judgement.verdict(good) == GOOD
    assert judgement.verdict(small) == TOO_SMALL or small == RATES[0]
    at = {rate: float(loss) for rate, loss in zip(curves.rates.tolist(), curves.final, strict=True)}
    assert at[good] <= at[small] or judgement.verdict(small) == GOOD
    if np.isfinite(judgement.edge[1]):
        assert judgement.verdict(large) == DIVERGENT and judgement.diverged[large == RATES].all()


def test_verdicts_follow_the_regions_in_order():
    _, judgement = swept(Run("ravine"))
    words = [judgement.verdict(float(rate)) for rate in RATES]
    order = [TOO_SMALL, GOOD, TOO_LARGE, DIVERGENT]
    assert sorted(words, key=order.index) == words and set(words) == set(order)


def test_where_every_rate_diverges_none_is_good_and_there_are_three_all_the_same():
    _, judgement = swept(Run("ravine"), rate_grid(0.1, 10, 20))
    assert np.isnan(judgement.sweep.best) and judgement.edge == (0.0, 0.1)
    assert three_rates(judgement) == (0.1, pytest.approx(1.13), 10.0)
    assert {judgement.verdict(rate) for rate in (0.1, 1.0, 10.0)} == {DIVERGENT}


def test_two_rates_are_a_sweep():
    _, judgement = swept(Run("booth"), np.array([0.01, 1.0]))
    assert judgement.diverged.tolist() == [False, True] and judgement.edge == (0.01, 1.0)


def test_a_run_that_hovers_or_falls_for_ever_does_not_diverge():
    steps = np.arange(41)
    hovering = 5 + np.sin(steps * 2.0)
    falling = 100.0 - steps
    growing = 1.2**steps
    swinging = 0.9**steps * (1.1 + np.cos(steps / 4))
    losses = np.stack((hovering, falling, growing, swinging), -1)
    judged = judge(Curves(np.array([0.1, 0.2, 0.3, 0.4]), losses, losses[-1]))
    assert judged.diverged.tolist() == [False, False, True, False]


# Range test


def test_a_range_test_is_one_run_whose_rate_grows_by_one_factor():
    run = Run("rosenbrock", steps=100)
    test = surface_range(run, 1e-4, 1.0)
    assert test.rates[0] == pytest.approx(1e-4) and test.rates[-1] == pytest.approx(1.0)
    np.testing.assert_allclose(np.diff(np.log(test.rates)), np.log(1e4) / 100)
    schedule = growing_rate(1e-4, 1.0, 100)
    step = last_step(descend(surface_of(run).objective, OPTIMIZERS["sgd"].factory(schedule), [-1.2, 1.0], 20))
    assert test.losses[20] == step.loss


def test_a_range_test_names_the_fall_and_the_blow_up():
    test = surface_range(Run("booth", steps=200), 1e-4, 10)
    assert test.steepest < test.blow_up
    at = np.argmax(test.rates == test.blow_up)
    assert 2 / 18 < test.blow_up < 1 and (test.smooth[at:] > 2 * test.smooth.min()).all()
    slopes = np.diff(np.log(test.smooth[: test.smooth.argmin() + 1]))
    assert test.rates[slopes.argmin()] == test.steepest
    slower = surface_range(Run("booth", steps=800), 1e-4, 10)
    assert 2 / 18 < slower.blow_up < test.blow_up
    arrived = surface_range(Run("booth", steps=5000), 1e-4, 10)
    assert arrived.losses[-1] == 0 and np.isnan(arrived.blow_up)  # at the very minimum there is no error to grow


def test_a_range_test_that_stays_below_the_edge_does_not_blow_up():
    test = surface_range(Run("booth", steps=200), 1e-4, 0.1)
    assert np.isnan(test.blow_up) and np.isfinite(test.losses).all()


def test_a_range_test_from_a_minimum_has_no_fall():
    test = surface_range(Run("bowl", steps=50, start=(0.0, 0.0)), 1e-3, 0.1)
    assert np.isnan(test.steepest) and np.isnan(test.blow_up)


def test_a_range_test_of_a_network_sees_the_batches_of_training():
    learner = Learner("sgd", steps=60)
    test = network_range(SMALL, learner, 1e-3, 100)
    first = next(iter(train(SMALL, learner, 0)))
    assert test.losses[0] == first.loss and test.blow_up > 0.1
    assert all(after > before for before, after in pairwise(test.rates))
