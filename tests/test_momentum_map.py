"""Rate by momentum: what is measured against the closed forms of quadratics, and against the loop all runs share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.curvature import stable_rate
from engine.descent import descend, last_step
from engine.momentum_map import ARRIVED, momentum_map
from engine.optimizers import OPTIMIZERS
from engine.quadratics import best_momentum, best_pair, quadratic, spectral_radius
from engine.surfaces import SURFACES, ravine
from engine.sweeps import FLOOR

pytestmark = pytest.mark.filterwarnings("error")
BOWLS = {
    "bowl": SURFACES["bowl"],
    "booth": SURFACES["booth"],
    "matyas": SURFACES["matyas"],
    "ravine 5": ravine(5.0),
    "ravine 50": ravine(50.0),
    "ravine 50, turned": ravine(50.0, 0.6),
    "ravine 1000": ravine(1000.0),
}
every_bowl = pytest.mark.parametrize("surface", BOWLS.values(), ids=BOWLS)
both_methods = pytest.mark.parametrize("method", ["momentum", "nesterov"])
MOMENTA = np.linspace(0, 0.99, 201)


def mapped(surface, method, rates, momenta=MOMENTA, steps=300, start=None):
    return momentum_map(surface, surface.start if start is None else start, method, rates, momenta, steps)


@both_methods
@every_bowl
def test_99_of_100_cells_are_stable_or_divergent_as_theory_says(surface, method):
    eigenvalues = quadratic(surface).eigenvalues
    rates = np.geomspace(0.02 / eigenvalues[-1], 10 / eigenvalues[-1], 200)
    found = mapped(surface, method, rates)
    theory = rates > stable_rate(method, eigenvalues[-1], MOMENTA)[:, None]
    assert 0.1 < theory.mean() < 0.9  # both kinds are there
    assert (found.diverged == theory).mean() >= 0.99
    # and what differs lies beside the border
    for row in range(len(MOMENTA)):
        assert abs(int(found.diverged[row].argmax()) - int(theory[row].argmax())) <= 1
    assert (spectral_radius(method, rates, MOMENTA[:, None], eigenvalues) > 1).tolist() == theory.tolist()


@both_methods
@pytest.mark.parametrize("surface", [*BOWLS.values(), SURFACES["himmelblau"], SURFACES["rosenbrock"]],
                         ids=[*BOWLS, "himmelblau", "rosenbrock"])  # fmt: skip
def test_every_cell_is_the_run_that_all_optimizers_share(surface, method):
    start = np.asarray(surface.start) * 0.9 + 0.1
    rates, momenta = np.geomspace(1e-4, 3, 13), np.linspace(0, 0.97, 7)
    found = mapped(surface, method, rates, momenta, 120, start)
    first = float(surface.value(start)) - surface.lowest
    for row, momentum in enumerate(momenta.tolist()):
        for column, rate in enumerate(rates.tolist()):
            optimizer = OPTIMIZERS[method].factory(learning_rate=rate, momentum=momentum)
            steps = list(descend(surface.objective, optimizer, start, 120))
            gaps = np.array([float(s.loss) for s in steps]) - surface.lowest
            frozen = bool(np.isnan(steps[-1].updates).any())
            assert not frozen or found.diverged[row, column]
            if found.diverged[row, column]:
                assert frozen or gaps[-30:].max() > first
                assert found.gaps[row, column] == np.inf and np.isnan(found.steps[row, column])
                continue
            np.testing.assert_allclose(found.gaps[row, column], max(gaps[-1], FLOOR * first), rtol=1e-6)
            above = np.flatnonzero(gaps > ARRIVED * first)
            arrived = np.nan if above[-1] == len(gaps) - 1 else above[-1] + 1
            np.testing.assert_equal(found.steps[row, column], arrived)


@both_methods
@given(st.floats(0.001, 5.0), st.floats(0.0, 0.99), st.floats(0.01, 100.0))
def test_the_spectral_radius_is_that_of_the_iterations_own_matrix(method, rate, momentum, eigenvalue):
    bend = rate * eigenvalue
    gain = (1 + momentum) if method == "nesterov" else 1.0
    # (x, v) -> (x − α(g + βv'), v'), v' = βv + g; heavy ball steps along v' alone
    push = momentum if method == "nesterov" else 1.0
    iteration = np.array([[1 - gain * bend, -rate * push * momentum], [eigenvalue, momentum]])
    expected = np.abs(np.linalg.eigvals(iteration)).max()
    radius = spectral_radius(method, np.array(rate), np.array(momentum), np.array([eigenvalue]))
    assert radius == pytest.approx(expected, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("condition", [1.5, 10.0, 100.0])
def test_polyaks_pair_has_the_smallest_radius_of_all(condition):
    eigenvalues = np.array([1.0, condition])
    rate, momentum = best_pair(eigenvalues)
    best = float(spectral_radius("momentum", np.array(rate), np.array(momentum), eigenvalues))
    root = np.sqrt(condition)
    assert best == pytest.approx((root - 1) / (root + 1), abs=1e-6)
    rates, momenta = np.geomspace(0.01, 4, 200) / condition, np.linspace(0, 0.999, 201)[:, None]
    assert spectral_radius("momentum", rates, momenta, eigenvalues).min() >= best - 1e-9
    assert best_momentum("momentum", np.array([rate]), eigenvalues) == pytest.approx(momentum)


@both_methods
def test_the_best_momentum_for_a_rate_has_the_smallest_radius_at_it(method):
    eigenvalues = np.array([1.0, 20.0])
    rates = np.geomspace(1e-3, 0.6, 40)
    best = best_momentum(method, rates, eigenvalues)
    momenta = np.linspace(0, 0.9999, 4001)[:, None]
    radius = spectral_radius(method, rates, momenta, eigenvalues)
    stable = radius.min(0) < 1
    assert stable.any() and (np.isfinite(best) == stable).all()
    at_best = spectral_radius(method, rates[stable], best[stable], eigenvalues)
    np.testing.assert_allclose(at_best, radius.min(0)[stable], atol=2e-3)


def test_the_pair_that_arrives_first_is_near_polyaks():
    surface = ravine(50.0)
    rates = np.geomspace(4e-4, 0.12, 120)
    found = mapped(surface, "momentum", rates, np.linspace(0, 0.99, 80))
    row, column = found.best
    rate, momentum = best_pair(quadratic(surface).eigenvalues)
    assert found.rates[column] == pytest.approx(rate, rel=0.2) and found.momenta[row] == pytest.approx(
        momentum, abs=0.1
    )
    assert found.steps[row, column] == np.nanmin(found.steps)


# Which surfaces are quadratics


def test_a_quadratic_is_found_by_its_curvature():
    found = {key for key, surface in SURFACES.items() if quadratic(surface) is not None}
    assert found == {"bowl", "ravine", "booth", "matyas"}
    booth = quadratic(SURFACES["booth"])
    np.testing.assert_allclose(booth.centre, (1, 3))
    np.testing.assert_allclose(booth.eigenvalues, (2, 18))


# Bad input


def test_a_start_at_the_minimum_is_stable_everywhere_and_stays():
    found = mapped(SURFACES["bowl"], "momentum", np.geomspace(0.1, 10, 9), steps=20, start=np.zeros(2))
    assert not found.diverged.any() and (found.gaps == 0).all() and (found.steps == 0).all()


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_few_steps_are_enough_for_a_map(steps):
    found = mapped(SURFACES["booth"], "nesterov", np.geomspace(0.01, 1, 5), np.array([0.0, 0.9]), steps)
    assert found.gaps.shape == (2, 5) and not np.isnan(found.gaps).any()


def test_a_far_start_overflows_without_a_warning():
    found = mapped(SURFACES["booth"], "momentum", np.geomspace(1, 10, 5), steps=300, start=np.array((1e6, -1e6)))
    assert found.diverged.all() and np.isinf(found.gaps).all()


def test_what_has_no_map_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="no such map of 'adam'"):
        mapped(SURFACES["bowl"], "adam", np.ones(1))
    with pytest.raises(ValueError, match="no known lowest value"):
        mapped(SURFACES["monkey_saddle"], "momentum", np.ones(1))


def test_the_last_step_is_what_the_map_shows():
    surface = ravine(20.0, 0.3)
    found = mapped(surface, "momentum", np.array([0.02]), np.array([0.5]), 40)
    optimizer = OPTIMIZERS["momentum"].factory(learning_rate=0.02, momentum=0.5)
    assert found.gaps[0, 0] == pytest.approx(
        float(last_step(descend(surface.objective, optimizer, surface.start, 40)).loss)
    )
