"""Basins: each start of a grid ends as it does alone, to the last bit, and where theory knows, as theory says."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from engine.basins import (
    DIVERGED,
    ELSEWHERE,
    MOVING,
    STAY,
    UNDEFINED,
    Basins,
    axes,
    basins,
    border_dimension,
    join,
    reach,
    settle,
    uncertainty,
)
from engine.descent import REST, SLOPE, outcome
from engine.experiment import Run, simulate, surface_of
from engine.optimizers import OPTIMIZERS
from engine.surfaces import SURFACES
from engine.sweeps import recommended_rate

SMALL = (12, 15)


def run_of(surface, optimizer="sgd", rate=None, steps=60, **others):
    run = Run(surface, optimizer=optimizer, steps=steps, **others)
    return run.with_rate(recommended_rate(run) if rate is None else rate)


def alone(run, start):
    """Label, steps and end by looking at the whole path of one start."""
    surface = surface_of(run)
    path = simulate(replace(run, start=tuple(float(v) for v in start)))
    frozen = np.isnan(path.updates).any(-1)
    end = path.params[-1]
    if frozen.any():
        first = int(path.count[np.argmax(frozen)])
        return (DIVERGED if first else UNDEFINED), first, end
    away = np.hypot(*(path.params[:, None] - surface.minima).transpose(2, 0, 1)) if len(surface.minima) else None
    resting = bool((np.abs(path.grads[-1]) <= SLOPE).all() and (np.abs(path.updates[-1]) <= REST).all())
    if away is not None:
        nearest = int(np.argmin(away[-1]))
        distance = away[:, nearest]
        if surface.distance_to_curve is not None:
            branch = np.argmin(away, axis=1) == nearest
            distance = np.where(branch, surface.distance(path.params), np.inf)
        outside = np.flatnonzero(distance > reach(surface))
        entered = int(outside[-1]) + 1 if outside.size else 0
        if entered <= max(run.steps - STAY, 0) or (entered <= run.steps and resting):
            return nearest, entered, end
    if resting:
        return ELSEWHERE, run.steps, end
    gone = outcome(path, surface.hessian)[0].kind == "diverged"
    return (DIVERGED if gone else MOVING), run.steps, end


def check_sample(run, box, size=SMALL, count=25):
    found = basins(run, box, size)
    x, y = axes(box, size)
    cells = list(product(range(size[0]), range(size[1])))
    for i, j in np.random.default_rng(0).permutation(cells)[:count]:
        label, steps, end = alone(run, (x[j], y[i]))
        np.testing.assert_array_equal(found.ends[i, j], end)
        assert (found.labels[i, j], found.steps[i, j]) == (label, steps), (x[j], y[i])
    return found


@pytest.mark.parametrize("surface", ["himmelblau", "twin_wells", "two_weight_net", "monkey_saddle"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_start_ends_where_it_ends_alone_to_the_last_bit(surface, optimizer):
    run = run_of(surface, optimizer)
    check_sample(run, SURFACES[surface].domain, count=8)
    check_sample(run.with_rate(min(10.0, 8 * run.learning_rate)), SURFACES[surface].domain, count=8)


@pytest.mark.parametrize("surface", SURFACES)
def test_so_it_does_on_every_surface(surface):
    check_sample(run_of(surface, "momentum", steps=STAY * 3), SURFACES[surface].domain, count=12)


def test_where_rates_are_chaotic_and_starts_many_blocks_and_stretches_change_nothing():
    run = run_of("twin_wells", "momentum", 0.09, steps=203)
    box = ((-2.0, 1.0), (-1.5, 2.0))
    found = check_sample(run, box, (120, 90), count=60)
    assert set(np.unique(found.labels)) == {MOVING, 0, 1}
    bands = [basins(run, box, (120, 90), rows) for rows in ((0, 7), (7, 100), (100, 120))]
    for whole, joined in zip(found, join(bands), strict=True):
        np.testing.assert_array_equal(whole, joined)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_with_noise_and_a_schedule_too(schedule):
    check_sample(run_of("himmelblau", "adam", 0.3, noise=3.0, seed=4, schedule=schedule), ((-6, 6), (-6, 6)))


def test_a_zoomed_pixel_has_the_fate_of_the_same_start_in_the_whole_view():
    run = run_of("himmelblau", "momentum", 0.008, steps=150)
    whole = basins(run, ((-6.0, 6.0), (-6.0, 6.0)), (60, 60))
    part = basins(run, ((-6.0, 0.0), (0.0, 6.0)), (30, 30))
    for all_starts, some in zip(whole, part, strict=True):
        np.testing.assert_array_equal(all_starts[30:, :30], some)
    # thrice as fine: every third is the same start
    fine = basins(run, ((-6.0, 0.0), (0.0, 6.0)), (90, 90))
    np.testing.assert_array_equal(fine.labels[1::3, 1::3], part.labels)
    np.testing.assert_array_equal(fine.ends[1::3, 1::3], part.ends)


def test_rows_are_y_and_columns_are_x():
    box = ((-1.0, 1.0), (-3.0, 4.0))
    run = run_of("mccormick", rate=0.1, steps=1)
    found = basins(run, box, (7, 4))
    assert found.labels.shape == found.steps.shape == (7, 4) and found.ends.shape == (7, 4, 2)
    x, y = [-0.75, -0.25, 0.25, 0.75], [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5]
    for i, j in product(range(7), range(4)):
        start = np.array([x[j], y[i]])
        np.testing.assert_allclose(found.ends[i, j], start - 0.1 * SURFACES["mccormick"].gradient(start), atol=1e-12)


def test_small_rates_split_the_double_well_where_the_ridge_is():
    run = run_of("double_well", rate=0.01, steps=800)
    found = basins(run, ((-1.9, 1.9), (-1.0, 1.5)), (9, 40))
    x, _ = axes(((-1.9, 1.9), (-1.0, 1.5)), (9, 40))
    np.testing.assert_array_equal(found.labels, np.tile(np.where(x > 0, 0, 1), (9, 1)))
    assert (found.steps < 800).all()


def test_steps_are_counted_as_the_closed_form_has_them():
    # on the bowl x² + y² the distance shrinks by 1 − 2η at every step
    run = run_of("bowl", rate=0.1, steps=100)
    found = basins(run, ((-5.0, 5.0), (-5.0, 5.0)), (10, 10))
    x, y = axes(((-5.0, 5.0), (-5.0, 5.0)), (10, 10))
    distance = np.hypot(*np.meshgrid(x, y))
    wanted = np.ceil(np.log(reach(SURFACES["bowl"]) / distance) / np.log(0.8))
    np.testing.assert_array_equal(found.steps, wanted)


def test_a_run_that_passes_through_at_the_end_has_not_arrived():
    start = np.array([[2.0, 0.0]])
    run = run_of("bowl", rate=0.05, steps=200)
    entered = int(settle(run, start).steps[0])
    for steps, label in ((entered - 1, MOVING), (entered + STAY - 1, MOVING), (entered + STAY, 0)):
        assert settle(replace(run, steps=steps), start).labels[0] == label
    at_once = settle(run_of("bowl", rate=0.5, steps=2), start)  # half the step is exact: it rests
    assert (at_once.labels[0], at_once.steps[0]) == (0, 1)


def test_starts_that_arrive_nowhere_say_why():
    past = settle(run_of("himmelblau", rate=0.1, steps=50), np.array([[5.0, 5.0], [3.0, 2.0]]))
    assert past.labels.tolist() == [DIVERGED, 0]
    assert 0 < past.steps[0] < 50 and np.isfinite(past.ends).all()
    ridge = settle(run_of("saddle", rate=0.1, steps=150), np.array([[1.0, 0.0], [1.0, 0.5]]))
    assert ridge.labels.tolist() == [ELSEWHERE, 0] and ridge.ends[0, 1] == 0
    plain = settle(run_of("easom", rate=0.1), np.array([[-2.0, -2.0]]))
    assert plain.labels.tolist() == [ELSEWHERE]
    slow = settle(run_of("rosenbrock", rate=1e-4), np.array([[-1.2, 1.0]]))
    assert (slow.labels[0], slow.steps[0]) == (MOVING, 60)
    nowhere = settle(run_of("log(x) + y**2 + x", rate=0.1), np.array([[-1.0, 0.0]]))
    assert (nowhere.labels[0], nowhere.steps[0]) == (UNDEFINED, 0)


def test_without_minima_nothing_arrives():
    found = basins(run_of("monkey_saddle", rate=0.05, steps=300), SURFACES["monkey_saddle"].domain, (20, 20))
    assert set(np.unique(found.labels)) <= {DIVERGED, MOVING, ELSEWHERE}
    assert (found.labels == DIVERGED).any()


def test_typed_formulas_have_the_minima_that_are_found():
    run = Run("(x**2-1)**2 + (y-0.5)**2", (("view", 2.0),), steps=100).with_rate(0.05)
    found = basins(run, surface_of(run).domain, (10, 10))
    assert set(np.unique(found.labels)) == {0, 1}
    minima = surface_of(run).minima
    np.testing.assert_allclose(found.ends, minima[found.labels], atol=1e-3)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_whoever_keeps_circling_a_minimum_has_arrived(optimizer):
    run = run_of("bowl", optimizer, rate=0.05 if optimizer != "adadelta" else None, steps=400)
    assert settle(run, np.array([[1.0, -0.7]])).labels.tolist() == [0]


@pytest.mark.parametrize("surface", SURFACES)
def test_circles_do_not_touch_and_lie_well_inside_the_view(surface):
    entry = SURFACES[surface]
    radius = reach(entry)
    assert 0 < radius <= min(high - low for low, high in entry.domain) / 50
    for k, point in enumerate(entry.minima):
        others = np.delete(entry.minima, k, axis=0)
        assert (np.hypot(*(others - point).T) >= 4 * radius * (1 - 1e-12)).all()


@pytest.mark.parametrize(
    "box", [((-6.0, 6.0), (-6.0, 6.0)), ((1e-9, 1.1e-8), (-3.0, -2.99)), ((1e5, 1e5 + 1e-3), (-0.2, 0.1))]
)
def test_starts_are_short_numbers_in_order_inside_the_box(box):
    for (low, high), starts in zip(box, axes(box, (200, 200)), strict=True):
        assert (np.diff(starts) > 0).all() and low < starts[0] and starts[-1] < high
        np.testing.assert_allclose(np.diff(starts), (high - low) / 200, rtol=2e-3)
    assert [repr(float(v)) for v in axes(((-6.0, 6.0), (0.0, 1.0)), (200, 200))[0][:3]] == ["-5.97", "-5.91", "-5.85"]


def test_a_smooth_border_has_dimension_one_and_chance_two():
    y, x = np.mgrid[:200, :200]
    for labels in (x > 77, x + 0.37 * y > 120, np.hypot(x - 100, y - 90) < 60):
        assert border_dimension(labels) == pytest.approx(1, abs=0.005)
    assert uncertainty(x > 77)[0] == 1 / 199 / 2
    chance = np.random.default_rng(0).integers(0, 2, (200, 200))
    assert border_dimension(chance) == pytest.approx(2, abs=0.01)
    assert np.isnan(border_dimension(np.zeros((200, 200))))


@pytest.mark.parametrize("a", [0.5, 0.6, 0.7])
def test_a_fractal_border_has_its_known_dimension(a):
    # the graph of Weierstrass' function Σ aᵏ cos(3ᵏ π x) has dimension 2 + ln a / ln 3
    x = np.linspace(0.1, 7.1, 200)
    height = sum(a**k * np.cos(3**k * np.pi * x) for k in range(25))
    levels = np.linspace(height.min(), height.max(), 200)
    assert border_dimension(levels[:, None] > height) == pytest.approx(2 + np.log(a) / np.log(3), abs=0.08)


def test_borders_fray_with_the_rate():
    maps = [basins(run_of("himmelblau", "momentum", rate, steps=150), ((-6, 6), (-6, 6)), (100, 100)).labels
            for rate in (0.001, 0.004, 0.01)]  # fmt: skip
    plain, frayed, torn = (border_dimension(labels) for labels in maps)
    assert 0.95 < plain < 1.15 < frayed < torn < 2


def test_an_empty_box_is_refused():
    for box in (((1.0, 1.0), (0.0, 1.0)), ((0.0, 1.0), (2.0, 1.0)), ((np.nan, 1.0), (0.0, 1.0))):
        with pytest.raises(ValueError, match="a width and a height"):
            basins(Run("bowl"), box, (2, 2))


def test_everything_is_small():
    found = basins(run_of("bowl", steps=3), SURFACES["bowl"].domain, (5, 4))
    assert isinstance(found, Basins)
    assert (found.labels.dtype, found.steps.dtype, found.ends.dtype) == (np.int16, np.int32, np.float64)
