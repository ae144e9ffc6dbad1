"""Regressions against finite differences, scikit-learn and every batch there is; and as surfaces that runs descend."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from engine.datasets import batches_per_epoch, minibatch
from engine.descent import descend, stack
from engine.experiment import Run, build_surface, objective_of, optimizer_of, simulate, surface_of
from engine.regression import Regression
from engine.regressions import REGRESSIONS, regression
from engine.relief import relief
from engine.sweeps import rate_sweep

every_entry = pytest.mark.parametrize("key", REGRESSIONS)
LOGISTIC = [key for key, entry in REGRESSIONS.items() if entry.model == "logistic"]
LINEAR = [key for key, entry in REGRESSIONS.items() if entry.model == "linear"]
POINTS = np.array([(0.0, 0.0), (1.3, -0.7), (-2.0, 3.0), (0.1, 5.0)])


def of(model: str, inputs, targets) -> Regression:
    """A regression on points of one's own."""
    entry = next(entry for entry in REGRESSIONS.values() if entry.model == model)
    return Regression(entry, np.array(inputs, float), np.array(targets, float))


def differences(function, points, h):
    """The derivative of ``function`` along each weight, by central differences, in a new last axis."""
    steps = h * np.eye(2)
    return np.stack([(function(points + step) - function(points - step)) / (2 * h) for step in steps], -1)


# The surface


@every_entry
def test_gradient_and_hessian_are_the_slopes_of_value_and_gradient(key):
    fitted = regression(key, 40)
    np.testing.assert_allclose(fitted.gradient(POINTS), differences(fitted.value, POINTS, 1e-6), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(fitted.hessian(POINTS), differences(fitted.gradient, POINTS, 1e-6), rtol=1e-6, atol=1e-8)


@every_entry
def test_a_point_has_the_same_bits_alone_among_others_and_in_blocks(key):
    surface = regression(key, 500).surface
    points = np.random.default_rng(0).normal(size=(3, 700, 2))  # more than one block
    loss, grads = surface.objective(points, 0)
    curvature = surface.hessian(points)
    assert loss.shape == (3, 700) and grads.shape == points.shape and curvature.shape == (3, 700, 2, 2)
    for place in ((0, 0), (1, 350), (2, 699)):
        np.testing.assert_array_equal(surface.value(points[place]), loss[place])
        np.testing.assert_array_equal(surface.gradient(points[place]), grads[place])
        np.testing.assert_allclose(surface.hessian(points[place]), curvature[place], rtol=1e-14)


@every_entry
def test_single_precision_stays_single_and_whole_numbers_become_floats(key):
    fitted = regression(key, 30)
    params = np.float32([0.5, -0.25])
    loss, grads = fitted.objective(4)(params, 3)
    results = (loss, grads, fitted.hessian(params), fitted.sample_gradients(params), fitted.covariance(params, 3))
    assert {array.dtype for array in (*results, fitted.noise_scale(params))} == {np.dtype(np.float32)}
    np.testing.assert_allclose(grads, fitted.objective(4)(params.astype(float), 3)[1], rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(fitted.gradient(np.array([1, -2])), fitted.gradient(np.array([1.0, -2.0])))


@every_entry
def test_the_minimum_is_flat_seen_and_the_lowest_point_of_the_map(key):
    fitted = regression(key, 80)
    surface = fitted.surface
    assert len(surface.minima) == 1
    assert np.abs(fitted.gradient(fitted.minimum)).max() < 1e-12
    assert (np.linalg.eigvalsh(fitted.hessian(fitted.minimum)) > 0).all()
    (x0, x1), (y0, y1) = surface.domain
    for x, y in (surface.minima[0], surface.start):
        assert x0 < x < x1 and y0 < y < y1
    assert surface.lowest <= np.nanmin(relief(surface, 25).heights) or relief(surface, 25).log
    assert surface.distance(fitted.minimum) == 0 == fitted.distance(fitted.minimum)
    np.testing.assert_allclose(fitted.distance(POINTS), np.linalg.norm(POINTS - fitted.minimum, axis=-1), rtol=1e-12)


@pytest.mark.parametrize("key", LINEAR)
def test_the_line_is_scikit_learns(key):
    fitted = regression(key, 60, seed=3)
    oracle = LinearRegression().fit(fitted.inputs[:, :1], fitted.targets)
    np.testing.assert_allclose(fitted.minimum, (oracle.coef_[0], oracle.intercept_), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("key", LOGISTIC)
def test_the_weights_are_scikit_learns_without_a_penalty(key):
    fitted = regression(key, 90, seed=1)
    oracle = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-12, max_iter=10_000)
    np.testing.assert_allclose(fitted.minimum, oracle.fit(fitted.inputs, fitted.targets).coef_[0], rtol=1e-5)


@every_entry
def test_a_usual_rate_descends_with_batches_of_any_size(key):
    fitted = regression(key, 100)
    for size in (1, 8, None):
        run = Run(key, batch_size=size, steps=200).with_rate(fitted.surface.rate)
        ended = simulate(run).params[-20:]
        lowest = fitted.surface.lowest
        assert fitted.value(ended).mean() - lowest < 0.5 * (fitted.value(fitted.surface.start) - lowest)


# Batches


@every_entry
def test_sample_gradients_average_to_the_gradient_and_batches_to_their_own(key):
    fitted = regression(key, 25)
    each = fitted.sample_gradients(POINTS)
    assert each.shape == (4, 25, 2)
    np.testing.assert_allclose(each.mean(-2), fitted.gradient(POINTS), rtol=1e-12, atol=1e-14)
    objective = fitted.objective(7, seed=5)
    for count in range(9):
        rows = minibatch(5, count, 7, 25)
        np.testing.assert_allclose(objective(POINTS, count)[1], each[:, rows].mean(-2), rtol=1e-12, atol=1e-14)


@every_entry
def test_a_batch_of_all_samples_or_more_is_the_surface_itself(key):
    fitted = regression(key, 30)
    for size in (30, 31, 1000, None):
        loss, grads = fitted.objective(size, seed=9)(POINTS, 4)
        np.testing.assert_array_equal(loss, fitted.surface.value(POINTS), strict=True)
        np.testing.assert_array_equal(grads, fitted.surface.gradient(POINTS), strict=True)


@every_entry
@pytest.mark.parametrize("size", [1, 7, 10])
def test_over_an_epoch_batches_counted_by_their_samples_give_the_gradient(key, size):
    fitted = regression(key, 30)
    for epoch in (0, 3):
        gradients, sizes = fitted.batch_gradients(POINTS, size, 2, epoch)
        assert sizes.sum() == 30 and gradients.shape == (4, len(sizes), 2)
        np.testing.assert_allclose(np.average(gradients, -2, sizes), fitted.gradient(POINTS), rtol=1e-11, atol=1e-13)
        first = epoch * batches_per_epoch(size, 30)
        np.testing.assert_allclose(gradients[:, 0], fitted.objective(size, 2)(POINTS, first)[1], rtol=1e-11, atol=1e-13)


@every_entry
@pytest.mark.parametrize("size", range(1, 8))
def test_the_covariance_is_that_of_all_batches_there_are(key, size):
    fitted = regression(key, 7, seed=2)
    each = fitted.sample_gradients(POINTS[1])
    means = np.array([each[list(rows)].mean(0) for rows in combinations(range(7), size)])
    expected = np.cov(means.T, bias=True) if len(means) > 1 else np.zeros((2, 2))
    np.testing.assert_allclose(fitted.covariance(POINTS[1], size), expected, rtol=1e-10, atol=1e-15)
    np.testing.assert_array_equal(fitted.covariance(POINTS, size)[1], fitted.covariance(POINTS[1], size))


def test_the_batches_of_many_epochs_have_that_covariance():
    fitted = regression("linear_regression", 40)
    drawn = np.concatenate([fitted.batch_gradients(POINTS[1], 8, 0, epoch)[0] for epoch in range(400)])
    np.testing.assert_allclose(np.cov(drawn.T), fitted.covariance(POINTS[1], 8), rtol=0.1)


def test_a_batch_of_the_noise_scale_has_as_much_noise_as_signal():
    fitted = regression("linear_regression", 200)
    for params in POINTS:
        scale = fitted.noise_scale(params)
        noise = np.trace(fitted.covariance(params)) / scale  # of so many samples drawn with replacement
        np.testing.assert_allclose(noise, np.square(fitted.gradient(params)).sum(), rtol=1e-10)
    np.testing.assert_allclose(fitted.noise_scale(POINTS), [fitted.noise_scale(p) for p in POINTS])


def test_the_noise_scale_grows_towards_the_minimum_and_has_no_bound_there():
    fitted = regression("linear_regression", 100)
    off = fitted.surface.start - fitted.minimum
    scales = [float(fitted.noise_scale(fitted.minimum + share * off)) for share in (1, 0.1, 0.01, 1e-6)]
    assert scales == sorted(scales) and scales[-1] > 1e6 * scales[0]
    opposed = of("linear", [(1, 1), (1, 1)], [1, -1])
    assert opposed.noise_scale(np.zeros(2)) == np.inf
    assert of("linear", [(1, 1), (1, 1)], [1, 1]).noise_scale(np.zeros(2)) == 0
    assert regression("linear_regression", 1).noise_scale(np.ones(2)) == 0


# Runs


@every_entry
@pytest.mark.parametrize("size", [1, 6, None])
def test_replicas_are_single_runs_bit_for_bit(key, size):
    run = Run(key, (("samples", 20.0),), batch_size=size, steps=40, seed=3, noise=0.2)
    starts = np.array([(0.0, 0.0), (1.0, -1.0), (-0.5, 2.0)])
    together = stack(descend(objective_of(run), optimizer_of(run), starts, run.steps))
    for r, start in enumerate(starts.tolist()):
        alone = simulate(replace(run, start=tuple(start)))
        np.testing.assert_array_equal(together.params[:, r], alone.params, strict=True)
        np.testing.assert_array_equal(together.loss[:, r], alone.loss, strict=True)


def test_a_run_resumed_goes_on_with_its_own_batches():
    run = Run("linear_regression", batch_size=6, steps=50, seed=1).with_rate(0.02)
    whole = simulate(run)
    rest = stack(descend(objective_of(run), optimizer_of(run), whole.params[20], 30, start=20))
    np.testing.assert_array_equal(rest.params, whole.params[20:], strict=True)


def test_batches_are_a_function_of_seed_and_noise_is_added_to_them():
    run = Run("linear_regression", batch_size=4, steps=10).with_rate(0.01)
    path = simulate(run).params
    np.testing.assert_array_equal(simulate(run).params, path)
    assert (simulate(replace(run, seed=1)).params[1:] != path[1:]).all()
    noisy = simulate(replace(run, noise=0.5))
    np.testing.assert_array_equal(noisy.loss[0], simulate(run).loss[0])
    assert (noisy.grads[0] != simulate(run).grads[0]).all()


@every_entry
def test_a_run_names_its_data_and_can_be_swept(key):
    parameters = (("samples", 30.0), ("seed", 4.0))
    run = Run(key, parameters, batch_size=5, steps=20)
    surface = surface_of(run)
    assert surface is build_surface(key, parameters) and surface.label == REGRESSIONS[key].label
    np.testing.assert_array_equal(surface.minima[0], regression(key, 30, seed=4).minimum)
    sweep = rate_sweep(run)
    assert np.isfinite(sweep.best) and sweep.gaps.min() < sweep.gaps[0]


def test_other_surfaces_have_no_batches_and_names_and_sizes_must_exist():
    with pytest.raises(ValueError, match="'rosenbrock' is not one of"):
        simulate(Run(batch_size=4))
    with pytest.raises(ValueError, match="at least one sample"):
        simulate(Run("linear_regression", batch_size=0))
    for samples in (0, -1, 2.5):
        with pytest.raises(ValueError, match="whole number of samples"):
            regression("linear_regression", samples)


def test_data_depend_on_seed_and_noise_and_are_read_only():
    first = regression("logistic_regression", 50)
    assert regression("logistic_regression", 50.0, 0.8, 0.0).inputs.tolist() == first.inputs.tolist()
    for other in (regression("logistic_regression", 50, 0.5), regression("logistic_regression", 50, seed=1)):
        assert (other.inputs != first.inputs).any()
    for array in (first.inputs, first.targets):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize("key", sorted(set(REGRESSIONS) - {"linear_regression"}))
def test_inputs_are_standardised_and_measured_sets_end(key):
    fitted = regression(key, 500, seed=7)
    assert fitted.samples <= 500
    inputs = fitted.inputs if REGRESSIONS[key].model == "logistic" else fitted.inputs[:, :1]
    np.testing.assert_allclose(inputs.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(inputs.std(0), 1, rtol=1e-12)
    assert len(np.unique(inputs, axis=0)) > 50


# Sets without one minimum


def test_one_sample_or_one_place_ties_the_weights_together():
    for fitted in (regression("linear_regression", 1), of("linear", [(2, 1), (2, 1), (2, 1)], [1, 2, 6])):
        assert fitted.row_space.shape == (1, 2) and "a whole line of weights" in fitted.note
        along = np.array((-fitted.row_space[0, 1], fitted.row_space[0, 0]))
        line = fitted.minimum + np.linspace(-3, 3, 7)[:, None] * along
        np.testing.assert_allclose(fitted.gradient(line), 0, atol=1e-12)
        np.testing.assert_allclose(fitted.surface.distance(line), 0, atol=1e-12)
        np.testing.assert_allclose(fitted.surface.distance(line + 2 * fitted.row_space[0]), 2)
        assert np.abs(fitted.minimum @ along) < 1e-12  # the nearest to 0
        ended = simulate(Run("linear_regression", (("samples", 1.0),), steps=300).with_rate(0.1)).params[-1]
    assert regression("linear_regression", 1).surface.distance(ended) < 1e-6


SQUARE = [(1, 1), (1, -1), (-1, 1), (-1, -1)]


@pytest.mark.parametrize(
    ("inputs", "classes", "separable"),
    [
        (SQUARE, (1, 1, 0, 0), True),
        (SQUARE, (1, 0, 0, 1), False),  # XOR
        (SQUARE, (1, 1, 1, 1), False),  # one class on all sides
        ([(1, 0), (2, 1), (1, 3)], (1, 1, 1), True),  # one class on one side
        ([(1, 0), (-1, 0), (0, 1)], (1, 1, 1), True),  # two pull against each other, the third is free to go
        ([(1, 0), (-1, 0), (0, 1), (0, 2)], (1, 1, 1, 0), False),
        ([(1, 2), (-1, -2)], (1, 1), False),  # on one line, against each other
        ([(1, 2), (-1, -2)], (1, 0), True),
        ([(1, 2), (-1, -2), (0, 0)], (1, 0, 1), True),
        ([(0, 0), (0, 0)], (1, 0), False),  # nothing to separate
    ],
)
def test_there_is_a_minimum_unless_a_line_separates_the_classes(inputs, classes, separable):
    fitted = of("logistic", inputs, classes)
    assert fitted.separable == separable
    if separable:
        assert (
            fitted.minimum is None
            and len(fitted.surface.minima) == 0
            and "no minimum" in fitted.note.replace("without a minimum", "no minimum")
        )
        assert np.isnan(fitted.distance(POINTS)).all() and np.isnan(fitted.surface.lowest)
    else:
        assert np.abs(fitted.gradient(fitted.minimum)).max() < 1e-12
        assert (fitted.value(POINTS) >= fitted.value(fitted.minimum) - 1e-15).all()


def test_separable_classes_let_the_loss_fall_for_ever():
    fitted = regression("logistic_regression", 20, 0.1)
    assert fitted.separable and "A line separates" in fitted.note
    run = Run("logistic_regression", (("samples", 20.0), ("noise", 0.1)), steps=400, batch_size=20).with_rate(1.0)
    path = simulate(run)
    assert (np.diff(path.loss) < 0).all()
    assert np.linalg.norm(path.params[-1]) > np.linalg.norm(path.params[200])


def test_identical_samples_make_a_flat_surface():
    fitted = of("logistic", [(0, 0), (0, 0)], [1, 1])
    assert not fitted.gradient(POINTS).any() and relief(fitted.surface).flat
    assert (fitted.surface.distance(POINTS) == 0).all() and "flat" in fitted.note
    assert fitted.surface.rate > 0 and fitted.stable_rates == (np.inf, np.inf)


def test_rounding_is_not_spread():
    blobs = regression("logistic_regression", 30, 0.0)  # centres at (1, 0) and (-1, 1e-16)
    assert not blobs.inputs[:, 1].any() and blobs.separable


@every_entry
@pytest.mark.parametrize("samples", [1, 2, 3, 4])
def test_the_smallest_sets_are_surfaces_that_can_be_drawn_and_descended(key, samples):
    for seed in range(6):
        fitted = regression(key, samples, seed=seed)
        assert np.isfinite(relief(fitted.surface, 20).heights).all()
        path = simulate(Run(key, (("samples", float(samples)), ("seed", float(seed))), batch_size=1, steps=30))
        assert np.isfinite(path.params).all()
        assert fitted.separable == (fitted.minimum is None) and np.isfinite(fitted.surface.rate)
        assert fitted.inputs.any()  # standardising a single sample would leave nothing of it
        if fitted.minimum is not None:
            assert np.abs(fitted.gradient(fitted.minimum)).max() < 1e-10


def test_the_stable_rates_are_where_descent_turns_from_coming_to_going():
    fitted = regression("linear_regression", 50)
    whole, alone = fitted.stable_rates
    run = Run("linear_regression", (("samples", 50.0),), steps=300)
    near, far = (fitted.distance(simulate(run.with_rate(f * whole)).params) for f in (0.98, 1.02))
    assert near[-1] < near[0] and far[-1] > far[0]
    worst = np.argmax(np.square(fitted.inputs).sum(-1))
    single = of("linear", fitted.inputs[[worst]], fitted.targets[[worst]])
    assert single.stable_rates[0] == pytest.approx(alone) and alone < whole
