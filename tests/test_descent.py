"""The loop against closed forms, and its promises: finite, pure, the same in a batch as alone and after a pause."""

import copy
import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Array
from engine.curvature import eigen, largest_stable_rate, newton, sharpness, stable_rate
from engine.descent import Outcome, Step, Trajectory, descend, last_step, outcome, stack
from engine.experiment import RUNNERS, Run, objective_of, optimizer_of, start_of, surface_of
from engine.optimizers import OPTIMIZERS, momentum, nesterov, sgd
from engine.surfaces import SURFACES, ravine

pytestmark = pytest.mark.filterwarnings("error")
every_runner = pytest.mark.parametrize("runner", RUNNERS)
MINDFUL = [key for key in RUNNERS if key not in ("sgd", "newton")]  # those whose state remembers more than the time


def quadratic(*curvatures: float):
    """Half the sum of curvature times square, as an Objective."""
    bend = np.array(curvatures)

    def objective(params: Array, count: int) -> tuple[Array, Array]:
        return (bend * params * params).sum(-1) / 2, bend * params

    return objective


def walk(objective, optimizer, start, steps: int, every: int = 1) -> Trajectory:
    return stack(descend(objective, optimizer, np.array(start, dtype=float), steps), every)


def leaves(step) -> list[Array]:
    """Everything a Step or a Trajectory holds, as arrays."""
    *fields, state = step
    return [np.asarray(leaf) for leaf in (*fields, *state)]


def assert_same(one, other) -> None:
    """Bit for bit; NaN equals NaN."""
    for a, b in zip(leaves(one), leaves(other), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b, strict=True)


# Closed forms on quadratics


@pytest.mark.parametrize("angle", [0.0, 0.3, math.pi / 4, 2.0])
@pytest.mark.parametrize("condition", [1.0, 10.0, 50.0, 1000.0])
def test_gradient_descent_multiplies_each_eigen_component_by_its_factor(condition, angle):
    surface = ravine(condition, angle)
    curvatures, directions = eigen(surface.hessian(surface.start))
    for share in (0.1, 0.7, 0.95):
        rate = share * 2 / condition
        points = walk(surface.objective, sgd(rate), surface.start, 50).params @ directions
        size = np.linalg.norm(points[:-1], axis=-1, keepdims=True)
        np.testing.assert_allclose((points[1:] - (1 - rate * curvatures) * points[:-1]) / size, 0, atol=1e-12)


@pytest.mark.parametrize("angle", [0.0, 0.3, math.pi / 4, 2.0])
@pytest.mark.parametrize("condition", [1.0, 10.0, 50.0, 1000.0])
def test_two_over_lambda_is_the_edge_of_stability(condition, angle):
    surface = ravine(condition, angle)
    edge = largest_stable_rate(surface.hessian(surface.start))
    rates = edge * np.array([[0.99], [1.01]])
    path = walk(surface.objective, sgd(rates), np.stack([surface.start] * 2), 400)
    steep = np.abs(path.params @ eigen(surface.hessian(surface.start))[1][:, -1])
    np.testing.assert_allclose(steep[-1] / steep[0], [0.98**400, 1.02**400], rtol=1e-9)
    assert path.loss[-1, 0] < path.loss[0, 0] < path.loss[-1, 1]


@pytest.mark.parametrize("beta", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("rate", [0.5, 1.0, 2.0])
def test_complex_roots_of_heavy_ball_shrink_by_the_root_of_beta(beta, rate):
    trace = 1 + beta - rate
    assert trace * trace < 4 * beta
    error = walk(quadratic(1.0), momentum(rate, beta), [1.0], 60).params[:, 0]
    # what the recursion e'' = trace e' - beta e multiplies by exactly beta at each step: the squared radius
    radius = error[1:] * error[1:] - trace * error[1:] * error[:-1] + beta * error[:-1] * error[:-1]
    np.testing.assert_allclose(radius, radius[0] * beta ** np.arange(60), rtol=1e-9)
    roots = np.roots([1, -trace, beta])
    weights = np.linalg.solve([[1, 1], roots], [1, 1 - rate])
    np.testing.assert_allclose(error, (weights @ roots[:, None] ** np.arange(61)).real, atol=1e-12)


@pytest.mark.parametrize(("key", "factory"), [("momentum", momentum), ("nesterov", nesterov)])
def test_stability_limits_of_momentum(key, factory):
    betas = np.array([0.0, 0.3, 0.9, 0.99])[:, None]
    limits = stable_rate(key, 7.0, betas)
    if key == "nesterov":
        assert float(limits[2, 0]) * 7 == pytest.approx(1.357, abs=5e-4)
    for share, stable in ((0.99, True), (1.01, False)):
        path = walk(quadratic(7.0), factory(share * limits, betas), np.ones((4, 1)), 2000)
        size = np.abs(path.params[..., 0])
        if stable:
            assert (size[-100:].max(0) < 0.01).all()
        else:
            assert (size[-1] > 1000).all()


@pytest.mark.parametrize("condition", [2.0, 10.0, 300.0])
def test_the_best_rate_shrinks_the_error_by_its_known_factor(condition):
    best = 2 / (1 + condition)
    factor = (condition - 1) / (condition + 1)
    surface = ravine(condition, 0.7)
    size = np.linalg.norm(walk(surface.objective, sgd(best), surface.start, 30).params, axis=-1)
    np.testing.assert_allclose(size[1:] / size[:-1], factor, rtol=1e-11)
    others = best * np.array([0.9, 0.99, 1.01, 1.1])[:, None]
    path = walk(quadratic(1.0, condition), sgd(others), np.ones((4, 2)), 30).params
    assert (np.abs(path[-1]).max(-1) > factor**30).all()


def test_rate_one_half_arrives_in_one_step_on_the_bowl():
    path = walk(SURFACES["bowl"].objective, sgd(0.5), (4, 3), 3)
    np.testing.assert_array_equal(path.params[1:], 0)
    assert outcome(path) == [Outcome("converged", 1)]


# Figures worth a lesson


@pytest.mark.parametrize(("offset", "steps"), [(1e-1, 19), (1e-3, 67), (1e-6, 139), (1e-9, 212)])
def test_the_saddle_clock(offset, steps):
    path = walk(SURFACES["saddle"].objective, sgd(0.1), (1.5, offset), 300)
    assert int(np.argmax(path.params[:, 1] >= 0.5)) == steps
    assert 0 < steps - math.log(0.5 / offset) / math.log(1.1) < 3


@pytest.mark.parametrize(("rate", "landing", "spike"), [(0.3, 5.0, 1), (0.45, 3.84, 1), (0.6, 2.00, 288)])
def test_the_catapult(rate, landing, spike):
    surface = SURFACES["two_weight_net"]
    path = walk(surface.objective, sgd(rate), (2.2, 0.5), 500)
    assert sharpness(surface.hessian(path.params[-1])) == pytest.approx(landing, abs=0.05)
    if spike > 1:
        assert path.loss.max() / path.loss[0] == pytest.approx(spike, rel=0.01)
    assert outcome(path, surface.hessian)[0].kind == "converged"


@pytest.mark.parametrize(
    ("key", "rate", "expected"),
    [
        ("sgd", 0.1, (100, 1e-4)),
        ("radam", 0.1, (100, 1e-4)),
        ("adam", 0.1, (0.1, 0.1)),
        ("adagrad", 0.1, (0.1, 0.1)),
        ("adamax", 0.1, (0.1, 0.1)),
        ("nadam", 0.1, (0.106, 0.106)),
        ("rmsprop", 0.1, (1, 1)),
        ("adadelta", 1.0, (0.0032, 0.00095)),
        ("lion", 0.1, (0.1, 0.1)),
    ],
)
def test_the_first_step_of_a_large_and_a_small_slope(key, rate, expected):
    slope = np.array([1000, 0.001])
    path = walk(lambda params, count: (params @ slope, slope), OPTIMIZERS[key].factory(rate), (0, 0), 1)
    np.testing.assert_allclose(-path.params[1], expected, rtol=0.015)


# A batch is its runs


def noisy(objective, steps: int, size: float):
    noise = size * np.random.default_rng(1).standard_normal((steps + 1, 2))

    def with_noise(params: Array, count: int) -> tuple[Array, Array]:
        loss, grads = objective(params, count)
        return loss, grads + noise[count]

    return with_noise


@every_runner
@pytest.mark.parametrize("key", SURFACES)
def test_a_batch_is_bit_for_bit_its_single_runs(runner, key):
    steps, rates = 30, np.array([[1e-4], [0.03], [0.7], [10.0], [1e200]])
    run = Run(key, optimizer=runner, schedule="cosine", steps=steps)
    objective = noisy(SURFACES[key].objective, steps, 0.01)
    starts = start_of(run) + np.random.default_rng(0).normal(0, 0.3, (5, 2))
    batch = stack(descend(objective, optimizer_of(run, rates), starts, steps))
    ended = outcome(batch, SURFACES[key].hessian)
    for r, rate in enumerate(rates[:, 0]):
        single = stack(descend(objective, optimizer_of(run.with_rate(rate)), starts[r], steps))
        rows = len(single.count)
        for alone, together in zip(leaves(single)[1:5], leaves(batch)[1:5], strict=True):
            np.testing.assert_array_equal(together[:rows, r], alone)
        # a replica that diverged waits, frozen, for the others
        assert np.isnan(batch.updates[rows:, r]).all()
        for values in (batch.params[rows:, r], batch.loss[rows:, r], batch.grads[rows:, r]):
            np.testing.assert_array_equal(values, np.broadcast_to(values[:1], values.shape))
        if len(batch.count) > rows:
            np.testing.assert_array_equal(batch.params[rows, r], single.params[-1])
            np.testing.assert_array_equal(batch.loss[rows, r], single.loss[-1])
        assert outcome(single, SURFACES[key].hessian) == [ended[r]]


def test_replicas_may_have_several_axes():
    run = Run("himmelblau", optimizer="adam").with_rate(0.1)
    starts = np.random.default_rng(2).normal(size=(3, 4, 2))
    path = stack(descend(objective_of(run), optimizer_of(run), starts, 20))
    assert path.params.shape == (21, 3, 4, 2)
    assert path.loss.shape == (21, 3, 4)
    assert path.state.mu.shape == (21, 3, 4, 2)
    flat = stack(descend(objective_of(run), optimizer_of(run), starts.reshape(12, 2), 20))
    np.testing.assert_array_equal(path.params.reshape(21, 12, 2), flat.params)
    assert outcome(path) == outcome(flat)
    assert len(outcome(path)) == 12


def test_float32_stays_float32():
    start = np.array((4, 3), np.float32)
    path = stack(descend(SURFACES["bowl"].objective, OPTIMIZERS["adam"].factory(1e30), start, 5))
    assert {leaf.dtype for leaf in leaves(path)[1:] if leaf.dtype.kind == "f"} == {np.dtype(np.float32)}
    assert np.isnan(path.updates[-1]).all()


# A pause changes nothing


@settings(max_examples=150, deadline=None)
@given(
    runner=st.sampled_from(MINDFUL),
    key=st.sampled_from(["rosenbrock", "rastrigin", "two_weight_net", "easom", "exp(x)*y**2 + sin(x)"]),
    schedule=st.sampled_from(["constant", "cosine", "one_cycle", "step"]),
    change=st.none() | st.tuples(st.integers(0, 25), st.sampled_from([1e-3, 0.4])),
    noise=st.sampled_from([0.0, 0.3]),
    split=st.integers(0, 24),
)
def test_resumed_is_straight_bit_for_bit(runner, key, schedule, change, noise, split):
    run = Run(key, optimizer=runner, schedule=schedule, rate_change=change, noise=noise, steps=24)
    rates = np.array([[1e-4], [0.02], [0.5], [50.0], [1e200]])  # the last ones diverge, mostly before the split
    objective, optimizer = objective_of(run), optimizer_of(run, rates)
    straight = list(descend(objective, optimizer, np.stack([start_of(run)] * 5), run.steps))
    pause = straight[min(split, len(straight) - 1)]
    rest = run.steps - pause.count
    resumed = list(descend(objective, optimizer, pause.params, rest, state=pause.state, start=pause.count))
    assert len(resumed) == len(straight) - straight.index(pause)
    # a frozen replica stands still, but the slope it shows is taken anew, with that step's noise
    still = np.isnan(pause.updates) if noise else np.zeros((5, 2), bool)
    for one, other in zip(straight[-len(resumed) :], resumed, strict=True):
        assert_same(*(step._replace(grads=np.where(still, 0, step.grads)) for step in (one, other)))


@pytest.mark.parametrize("runner", ["sgd", "newton"])
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_resumed_is_straight_where_the_state_is_only_the_time(runner, noise):
    run = Run("rosenbrock", optimizer=runner, schedule="cosine", noise=noise, steps=30)
    objective, optimizer = objective_of(run), optimizer_of(run, np.array([[1e-4], [1e-3], [0.3]]))
    straight = list(descend(objective, optimizer, np.stack([start_of(run)] * 3), 30))
    for pause in straight:
        if np.isnan(pause.updates).any():
            break
        resumed = descend(objective, optimizer, pause.params, 30 - pause.count, state=pause.state, start=pause.count)
        for one, other in zip(straight[pause.count :], resumed, strict=True):
            assert_same(one, other)


def test_a_frozen_replica_without_a_memory_tries_its_last_update_again():
    # the exception that descend documents: nothing in SGD's state can say that a replica is frozen
    objective, optimizer = SURFACES["rosenbrock"].objective, sgd(np.array([[1e-3], [0.3]]))
    straight = list(descend(objective, optimizer, np.stack([SURFACES["rosenbrock"].start] * 2), 30))
    pause = next(step for step in straight if np.isnan(step.updates).any())
    resumed = list(descend(objective, optimizer, pause.params, 30 - pause.count, state=pause.state, start=pause.count))
    rest = straight[pause.count :]
    np.testing.assert_array_equal(resumed[0].updates[0], pause.updates[0])
    assert np.isfinite(resumed[0].updates[1]).all()
    assert_same(resumed[0]._replace(updates=pause.updates), pause)
    for one, other in zip(rest[1:], resumed[1:], strict=True):
        assert_same(one, other)


def test_a_run_goes_on_from_any_step_with_another_optimizer():
    surface = SURFACES["ravine"]
    straight = list(descend(surface.objective, sgd(0.05), surface.start, 40))
    pause = straight[15]
    path = stack(descend(surface.objective, sgd(0.01), pause.params, 200, state=pause.state, start=pause.count))
    assert path.count[0] == 15
    assert path.count[-1] == 215
    assert path.state.count[0] == 15
    assert path.loss[-1] < pause.loss < straight[-1].loss


# Nothing is touched


@every_runner
def test_steps_never_change_once_they_are_yielded(runner):
    run = Run("rosenbrock", optimizer=runner, steps=30)
    rates = np.array([[1e-3], [10.0], [1e200]])
    start = np.stack([start_of(run)] * 3)
    start.flags.writeable = False

    def read_only(params: Array, count: int) -> tuple[Array, Array]:
        loss, grads = surface_of(run).objective(params, count)
        loss.flags.writeable = grads.flags.writeable = False
        return loss, grads

    steps, copies = [], []
    for step in descend(read_only, optimizer_of(run, rates), start, 30):
        steps.append(step)
        copies.append(copy.deepcopy(step))
    for step, kept in zip(steps, copies, strict=True):
        assert_same(step, kept)


def test_errstate_does_not_leak_to_the_caller():
    surface = SURFACES["rosenbrock"]
    with np.errstate(all="raise"):  # the caller's own setting, which an overflow inside must not meet
        before = np.geterr()
        for _ in descend(surface.objective, OPTIMIZERS["adam"].factory(1e200), surface.start, 10):
            assert np.geterr() == before
        stream = descend(surface.objective, sgd(10.0), surface.start, 10)
        next(stream)
        assert np.geterr() == before
        stream.close()
        assert np.geterr() == before


def test_a_stream_takes_one_gradient_a_step_and_none_ahead():
    counts = []

    def counting(params: Array, count: int) -> tuple[Array, Array]:
        counts.append(count)
        return SURFACES["bowl"].objective(params, count)

    stream = descend(counting, sgd(0.1), np.ones(2), 100, start=7)
    assert counts == []
    for step in stream:
        assert counts == list(range(7, step.count + 1))
        if step.count == 12:
            break
    stream.close()
    assert counts[-1] == 12


# What is not finite


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["loss", "first slope", "last slope"])
@pytest.mark.parametrize("size", [2, 3, 64])
def test_a_replica_freezes_at_the_first_value_that_is_not_finite(bad, where, size):
    def objective(params: Array, count: int) -> tuple[Array, Array]:
        loss, grads = (params * params).sum(-1), 2 * params
        hit = (np.arange(5) == 1) & (count >= 3)
        if where == "loss":
            return np.where(hit, bad, loss), grads
        grads[..., 0 if where == "first slope" else -1] = np.where(hit, bad, grads[..., -1])
        return loss, grads

    start = np.random.default_rng(0).normal(size=(5, size))
    path = stack(descend(objective, OPTIMIZERS["momentum"].factory(0.01), start, 6))
    assert len(path.count) == 7
    others = np.arange(5) != 1
    assert np.isfinite(path.updates[:, others]).all()
    assert np.isfinite(path.updates[:3, 1]).all()
    for row in range(3, 7):
        np.testing.assert_array_equal(path.params[row, 1], path.params[2, 1])
        np.testing.assert_array_equal(path.grads[row, 1], path.grads[2, 1])
        assert path.loss[row, 1] == path.loss[2, 1]
        assert np.isnan(path.updates[row, 1]).all()
        assert np.isnan(path.state.velocity[row, 1]).all()
    assert [end.kind for end in outcome(path)].count("diverged") == 1
    assert outcome(path)[1] == Outcome("diverged", 3)


def test_an_update_that_overflows_freezes_where_it_would_have_left():
    # min(x, 5) stays finite at infinity, so the loss alone would not tell
    def objective(params: Array, count: int) -> tuple[Array, Array]:
        return np.minimum(params[..., 0], 5), np.where(params < 5, 1e300, 0)

    path = walk(objective, sgd(1e10), [1.0], 5)
    assert path.params.tolist() == [[1.0]]
    assert np.isnan(path.updates).all()
    assert outcome(path) == [Outcome("diverged", 0)]


def test_a_frozen_replica_stays_frozen_where_the_objective_does_not_mind_nan():
    def objective(params: Array, count: int) -> tuple[Array, Array]:
        safe = np.where(params > 0, params, 0)
        return safe.sum(-1), np.where(params > 2, np.inf, 1.0)

    start = np.array([[1.0], [3.0]])
    path = walk(objective, sgd(0.1), start, 4)
    np.testing.assert_array_equal(path.params[:, 1], 3)
    assert np.isnan(path.updates[:, 1]).all()


def test_a_start_that_is_not_finite_ends_at_once():
    objective, optimizer = objective_of(Run("log(x) + y**2")), sgd(0.1)
    path = walk(objective, optimizer, (-1, 2), 50)
    assert path.count.tolist() == [0]
    assert np.isnan(path.loss).all()
    np.testing.assert_array_equal(path.params, [[-1, 2]])
    assert outcome(path, surface_of(Run("log(x) + y**2")).hessian) == [Outcome("diverged", 0)]
    path = walk(objective, optimizer, [(-1, 2), (2, 2)], 5)
    assert [end.kind for end in outcome(path)] == ["diverged", "out of steps"]
    np.testing.assert_array_equal(path.params[:, 0], [[-1, 2]] * 6)


def test_the_stream_ends_with_the_first_step_at_which_all_are_frozen():
    surface = SURFACES["rosenbrock"]
    alone = walk(surface.objective, sgd(0.3), surface.start, 500)
    assert 2 < len(alone.count) < 20
    assert np.isfinite(alone.loss).all()
    assert np.isfinite(alone.updates[:-1]).all()
    assert np.isnan(alone.updates[-1]).all()
    np.testing.assert_array_equal(alone.params[-1], alone.params[-2])
    both = walk(surface.objective, sgd(np.array([[0.3], [0.01]])), [surface.start] * 2, 500)
    slower = walk(surface.objective, sgd(0.01), surface.start, 500)
    assert len(both.count) == len(slower.count) > len(alone.count)


# How a run ended


def surface_run(
    key: str, rate: float, start, steps: int, factory=sgd, every: int = 1
) -> tuple[Trajectory, list[Outcome]]:
    surface = SURFACES[key]
    path = walk(surface.objective, factory(rate), surface.start if start is None else start, steps, every)
    return path, outcome(path, surface.hessian)


def test_converged_at_the_first_step_from_which_it_is_at_rest():
    path, ended = surface_run("bowl", 0.1, (4, 3), 200)
    # the slope is 2 * 4 * 0.8^k in its larger component
    assert ended == [Outcome("converged", math.ceil(math.log(1e-4 / 8) / math.log(0.8)))]
    assert outcome(path, slope=1.0, rest=np.inf)[0].step == math.ceil(math.log(1 / 8) / math.log(0.8))
    # the update is 0.8 * 0.8^k there
    assert outcome(path, slope=1.0)[0].step == math.ceil(math.log(1e-3 / 0.8) / math.log(0.8))
    assert outcome(path, slope=1e-30)[0] == Outcome("out of steps", 200)


def test_out_of_steps():
    _, ended = surface_run("bowl", 0.001, None, 100)
    assert ended == [Outcome("out of steps", 100)]
    _, ended = surface_run("bowl", 0.1, None, 0)
    assert ended == [Outcome("out of steps", 0)]


def test_slow_divergence_is_not_divergence_yet():
    rate = 0.0402  # 2/50 and a little: the loss grows by 2 % a step
    path, ended = surface_run("ravine", rate, (1, 1), 50)
    assert path.loss[-1] > 2 * path.loss[0]
    assert ended == [Outcome("out of steps", 50)]
    path, ended = surface_run("ravine", rate, (1, 1), 2000)
    assert ended[0].kind == "diverged"
    step = ended[0].step
    bound = 1e3 * (1 + path.loss[0])
    assert abs(path.loss[step] - path.loss[0]) > bound >= abs(path.loss[step - 1] - path.loss[0])
    assert outcome(path, escape=10)[0].step < step
    assert outcome(path, escape=np.inf)[0].kind == "out of steps"


def test_diverged_when_frozen():
    path, ended = surface_run("rosenbrock", 0.3, None, 500)
    assert ended == [Outcome("diverged", int(path.count[-1]))]


def test_a_fall_without_end_is_divergence_too():
    path, ended = surface_run("monkey_saddle", 0.3, None, 500)
    assert path.loss[-1] < path.loss[0]
    assert ended[0].kind == "diverged"


def test_a_spike_that_comes_back_is_not_divergence():
    path, ended = surface_run("two_weight_net", 0.6, None, 300)
    assert path.loss.max() > 100 * path.loss[0]
    assert outcome(path, surface_of(Run("two_weight_net")).hessian, escape=1)[0].kind == "converged"
    assert ended[0].kind == "converged"


def test_a_deep_minimum_far_below_the_start_is_not_divergence():
    run = Run("x**4 - 1000*x**2 + y**2")
    path = walk(objective_of(run), newton(surface_of(run).hessian), (0.001, 0.1), 60)
    assert path.loss[-1] == pytest.approx(-250000)
    assert abs(path.loss[-1] - path.loss[0]) > 1e3 * (1 + abs(path.loss[0]))
    assert outcome(path, surface_of(run).hessian)[0].kind == "converged"


@pytest.mark.parametrize(
    ("key", "start"),
    [
        ("bowl", (0, 0)),  # a minimum
        ("saddle", (0, 0)),
        ("monkey_saddle", (0, 0)),
        ("two_weight_net", (0, 0)),
        ("himmelblau", (3, 2)),
        ("easom", (100, 100)),  # so far out that the slope is 0
        ("ackley", (0, 0)),  # a tip, where the Hessian is not finite
    ],
)
@every_runner
def test_stationary_from_the_start(runner, key, start):
    run = Run(key, optimizer=runner, hyperparameters=decayless(runner), start=start, steps=20)
    path = stack(descend(objective_of(run), optimizer_of(run), start_of(run), run.steps))
    assert outcome(path, surface_of(run).hessian) == [Outcome("stationary", 0)]
    np.testing.assert_array_equal(path.params, np.broadcast_to(np.array(start, float), (21, 2)))


def decayless(runner: str) -> tuple[tuple[str, float], ...]:
    """Hyper-parameters that leave a minimum where it is."""
    names = [h.name for h in RUNNERS[runner].hyperparameters]
    return (("weight_decay", 0.0),) if "weight_decay" in names else ()


def test_stationary_at_a_saddle_reached_from_afar():
    path, ended = surface_run("saddle", 0.1, (1.5, 0.0), 300)
    assert np.abs(path.params[-1]).max() < 1e-4
    assert ended[0].kind == "stationary"
    assert 80 < ended[0].step < 100
    # without the curvature a saddle cannot be told from a minimum
    assert outcome(path)[0].kind == "converged"
    # so long as it has not left
    _, ended = surface_run("saddle", 0.1, (1.5, 1e-9), 110)
    assert ended[0].kind == "stationary"
    _, ended = surface_run("saddle", 0.1, (1.5, 1e-9), 400)
    assert ended[0].kind == "converged"


def test_stationary_on_a_plateau_reached_from_afar():
    for key, rate, factory in (("sgd", 10.0, sgd), ("adagrad", 2.0, OPTIMIZERS["adagrad"].factory)):
        path, ended = surface_run("easom", rate, None, 200, factory)
        assert path.loss[-1] > -1e-6, key
        assert ended[0].kind == "stationary", key


def test_the_thresholds_of_curvature_are_arguments():
    run = Run("1e-3*x**2 + 1e-5*y**2")
    path = walk(objective_of(run), sgd(400.0), (3, 0.5), 200)
    slope = np.abs(path.grads[-1]).max()
    ending = partial(outcome, path, surface_of(run).hessian, rest=0.1)
    assert slope < 1e-4
    assert ending()[0].kind == "converged"
    assert ending(flat=0.01)[0].kind == "converged"  # the bottom is 0.001 away, to judge by the curvature
    assert ending(flat=0.01, near=1e-4)[0].kind == "stationary"
    assert ending(flat=0.001, near=1e-4)[0].kind == "converged"
    run = Run("x**2 - 1e-5*y**2")
    path = walk(objective_of(run), sgd(0.1), (3, 0.5), 200)
    assert outcome(path, surface_of(run).hessian)[0].kind == "converged"
    assert outcome(path, surface_of(run).hessian, flat=1e-6)[0].kind == "stationary"


@pytest.mark.parametrize("rate", [1e-3, 0.01, 0.05, 0.3])
def test_a_curve_of_minima_is_not_taken_for_a_saddle(rate):
    # a hair beside the curve one eigenvalue is a hair below 0
    surface, below = SURFACES["two_weight_net"], 0
    for key in OPTIMIZERS:
        run = Run("two_weight_net", optimizer=key, hyperparameters=decayless(key), steps=200).with_rate(rate)
        steps = list(descend(objective_of(run), optimizer_of(run), start_of(run), run.steps))
        for end in range(100, 201, 20):
            path = stack(steps[:end])
            ended = outcome(path, surface.hessian)[0]
            assert ended.kind in ("converged", "out of steps"), key
            below += ended.kind == "converged" and eigen(surface.hessian(path.params[-1]))[0][0] < -1e-6
    assert below > 0


def test_the_flat_bottom_of_a_fourth_power_is_a_minimum():
    run = Run("x**4 + y**4", optimizer="newton")
    path = walk(objective_of(run), newton(surface_of(run).hessian), (1, 1.2), 200)
    assert outcome(path, surface_of(run).hessian)[0].kind == "converged"


def test_who_still_moves_has_not_converged():
    # Lion hops by 0.1 and happens to hit the minimum
    path, ended = surface_run("bowl", 0.1, (4, 3), 200, OPTIMIZERS["lion"].factory)
    assert np.abs(path.grads[-1]).max() < 1e-12
    assert ended == [Outcome("out of steps", 200)]
    assert outcome(path, rest=1.0)[0].kind == "converged"


def test_outcome_at_extreme_values_does_not_warn():
    def objective(params: Array, count: int) -> tuple[Array, Array]:
        return 1e306 * params[..., 0], np.full_like(params, 1e306)

    path = walk(objective, OPTIMIZERS["adam"].factory(0.1), [1.0], 5)
    assert outcome(path) == [Outcome("out of steps", 5)]


def test_several_replicas_end_in_several_ways_also_where_thinned():
    surface = SURFACES["saddle"]
    rates = np.array([[0.1], [0.1], [1e-4], [5.0], [2.5]])
    starts = np.array([(1, 0.5), (1, 0), (1, 0.5), (1, 0.5), (1, 0.5)])
    steps = list(descend(surface.objective, sgd(rates), starts, 200))
    whole = outcome(stack(steps), surface.hessian)
    assert [end.kind for end in whole] == ["converged", "stationary", "out of steps", "diverged", "diverged"]
    for every in (2, 7, 1000):
        thin = stack(steps, every)
        for full, rough in zip(whole, outcome(thin, surface.hessian), strict=True):
            assert rough.kind == full.kind
            # the first row kept at which it had happened
            assert rough.step == int(thin.count[thin.count >= full.step][0])


def test_a_thinned_run_that_diverged_between_two_kept_rows_is_still_known_to_have_diverged():
    surface = SURFACES["rosenbrock"]
    for optimizer in (sgd(0.3), momentum(0.3), OPTIMIZERS["nadam"].factory(1e200)):
        path = walk(surface.objective, optimizer, surface.start, 500)
        for every in (2, 3, 4, 5, 7, 100):
            thin = walk(surface.objective, optimizer, surface.start, 500, every)
            assert outcome(thin) == outcome(path) == [Outcome("diverged", int(path.count[-1]))]


# Joining steps


def test_stack_keeps_each_nth_and_always_the_last():
    surface = SURFACES["bowl"]
    steps = list(descend(surface.objective, OPTIMIZERS["adam"].factory(0.1), surface.start, 20))
    assert stack(steps).count.tolist() == list(range(21))
    assert stack(steps, every=7).count.tolist() == [0, 7, 14, 20]
    assert stack(steps, every=10).count.tolist() == [0, 10, 20]
    assert stack(steps, every=50).count.tolist() == [0, 20]
    assert stack(steps[:1], every=50).count.tolist() == [0]
    thin = stack(iter(steps), every=7)
    for row, count in enumerate((0, 7, 14, 20)):
        assert_same(
            steps[count], Step(*(field[row] for field in thin[:5]), type(thin.state)(*(f[row] for f in thin.state)))
        )
    assert_same(last_step(iter(steps)), steps[-1])
    assert type(thin.state) is type(steps[0].state)


def test_errors_are_sentences():
    surface = SURFACES["bowl"]
    with pytest.raises(ValueError, match="steps must be 0 or more, not -1"):
        next(descend(surface.objective, sgd(0.1), surface.start, -1))
    with pytest.raises(ValueError, match="floats"):
        next(descend(surface.objective, sgd(0.1), np.array([1, 2]), 1))
    with pytest.raises(ValueError, match="every must be 1 or more, not 0"):
        stack(descend(surface.objective, sgd(0.1), surface.start, 1), every=0)
    for join in (stack, last_step):
        with pytest.raises(ValueError, match="no steps"):
            join([])
    assert len(list(descend(surface.objective, sgd(0.1), surface.start, 0))) == 1
