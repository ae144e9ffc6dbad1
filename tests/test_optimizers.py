"""Optimizers against PyTorch's recorded runs, closed forms and papers; and the properties that every entry has."""

import inspect
import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Array
from engine.optimizers import OPTIMIZERS, Optimizer, adam, adamw, amsgrad, lion, momentum, nesterov, radam, sgd
from engine.schedules import SCHEDULES

with np.load(Path(__file__).parent / "golden" / "optimizers.npz") as file:
    GOLDEN = dict(file)
CASES = json.loads(str(GOLDEN["cases"]))
SCHEDULED = json.loads(str(GOLDEN["scheduled"]))
TORCH_DEFAULTS = json.loads(str(GOLDEN["defaults"]))
BELOW_ONE = {"momentum", "dampening", "decay", "beta1", "beta2"}

every_entry = pytest.mark.parametrize("key", OPTIMIZERS)
both_dtypes = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def run(optimizer: Optimizer, params: Array, grads: Array, state=None) -> tuple[Array, tuple]:
    """Parameters after each of ``grads`` (T, ..., D), and the last state."""
    state = optimizer.init(params) if state is None else state
    rows = []
    for g in grads:
        updates, state = optimizer.update(g, state, params)
        params = params + updates
        rows.append(params)
    return np.array(rows), state


def leaves(state) -> list[Array]:
    return [leaf for leaf in state if isinstance(leaf, np.ndarray)]


def drawn(key: str, count: int, seed: int = 3) -> dict[str, Array]:
    """Random legal values (count, 1) of each hyper-parameter of an entry; the first two replicas without decay."""
    random = np.random.default_rng(seed)
    values = {}
    for h in OPTIMIZERS[key].hyperparameters:
        if h.log:
            values[h.name] = 10 ** random.uniform(math.log10(h.low), math.log10(min(h.high, 0.3)), (count, 1))
        else:
            values[h.name] = random.uniform(h.low, h.high, (count, 1))
    values["weight_decay"][:2] = 0
    return values


def noisy_gradients(steps: int, *shape: int, dtype=np.float64, seed: int = 4) -> Array:
    random = np.random.default_rng(seed)
    grads = random.standard_normal((steps, *shape)) * 10 ** random.uniform(-3, 2, (steps, *shape))
    grads[::7] = -0.0
    return grads.astype(dtype)


# Against PyTorch


@pytest.mark.parametrize("index", range(len(CASES)), ids=lambda i: f"{CASES[i][0]}-{i}")
def test_follows_pytorch_on_given_gradients(index):
    key, hyperparameters = CASES[index]
    rows, _ = run(OPTIMIZERS[key].factory(**hyperparameters), GOLDEN["start"], GOLDEN["grads"])
    np.testing.assert_allclose(rows[GOLDEN["kept"] - 1], GOLDEN[f"fixed.{index}"], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("index", range(len(CASES)), ids=lambda i: f"{CASES[i][0]}-{i}")
def test_follows_pytorch_down_a_valley(index):
    key, hyperparameters = CASES[index]
    points = GOLDEN[f"valley.{index}"]
    rows, _ = run(OPTIMIZERS[key].factory(**hyperparameters), points[0], GOLDEN[f"valley_grads.{index}"])
    np.testing.assert_allclose(rows, points[1:], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("key", SCHEDULED)
def test_follows_pytorch_under_a_schedule(key):
    schedule = SCHEDULES["step"](0.05, 100, drop=0.5, every=0.1)
    rows, _ = run(OPTIMIZERS[key].factory(schedule), GOLDEN["start"], GOLDEN["grads"])
    np.testing.assert_allclose(rows[GOLDEN["kept"] - 1], GOLDEN[f"scheduled.{key}"], rtol=1e-12, atol=1e-12)


def test_every_optimizer_that_pytorch_has_is_recorded_more_than_once():
    recorded = [key for key, _ in CASES]
    assert {key for key in OPTIMIZERS if recorded.count(key) < 2} == {"lion"}


@pytest.mark.parametrize("key", TORCH_DEFAULTS)
def test_defaults_are_pytorchs(key):
    ours = {h.name: h.default for h in OPTIMIZERS[key].hyperparameters}
    assert {name: ours[name] for name in TORCH_DEFAULTS[key]} == TORCH_DEFAULTS[key]


# Against papers and closed forms

FIRST_STEPS = {
    "sgd": (100, 1e-4),
    "momentum": (100, 1e-4),
    "nesterov": (190, 1.9e-4),
    "adagrad": (0.1, 0.1),
    "adadelta": (math.sqrt(1e-6 / (1e5 + 1e-6)) * 1e3, math.sqrt(1e-6 / (1e-7 + 1e-6)) * 1e-3),
    "rmsprop": (1, 1),
    "adam": (0.1, 0.1),
    "amsgrad": (0.1, 0.1),
    "adamw": (0.1, 0.1),
    "adamax": (0.1, 0.1),
    "nadam": (0.10564, 0.10564),
    "radam": (100, 1e-4),
    "lion": (0.1, 0.1),
}


@every_entry
def test_first_step_from_a_steep_and_a_flat_slope(key):
    optimizer = OPTIMIZERS[key].factory(learning_rate=1.0 if key == "adadelta" else 0.1)
    params = np.zeros(2)
    updates, _ = optimizer.update(np.array([1000.0, 0.001]), optimizer.init(params), params)
    np.testing.assert_allclose(-updates, FIRST_STEPS[key], rtol=2e-4)


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_lion_follows_its_papers_pseudo_code(decay):
    rate, b1, b2 = 0.02, 0.85, 0.97
    rows, _ = run(lion(rate, b1, b2, decay), GOLDEN["start"], GOLDEN["grads"])
    for column in range(3):
        theta, m = float(GOLDEN["start"][column]), 0.0
        for t, g in enumerate(GOLDEN["grads"][:, column]):
            interpolated = b1 * m + (1 - b1) * g
            direction = 1 if interpolated > 0 else -1 if interpolated < 0 else 0
            m = b2 * m + (1 - b2) * g
            theta = theta - rate * (direction + decay * theta)
            assert rows[t, column] == pytest.approx(theta, rel=1e-12)


def descend_quadratic(optimizer: Optimizer, curvature: float, steps: int) -> Array:
    params, state, rows = np.array([1.0]), optimizer.init(np.array([1.0])), []
    for _ in range(steps):
        updates, state = optimizer.update(curvature * params, state, params)
        params = params + updates
        rows.append(params[0])
    return np.array(rows)


def test_gradient_descent_shrinks_the_error_by_its_closed_form():
    steps = np.arange(1, 41)
    np.testing.assert_allclose(descend_quadratic(sgd(0.1), 7.0, 40), (1 - 0.7) ** steps, rtol=1e-12)


def test_heavy_ball_follows_the_roots_of_its_recurrence():
    rate, mu, curvature = 0.1, 0.8, 3.0
    trace = 1 + mu - rate * curvature
    roots = np.array([0.5 * (trace + sign * np.emath.sqrt(trace**2 - 4 * mu)) for sign in (1, -1)])
    weights = np.linalg.solve([[1, 1], roots], [1, 1 - rate * curvature])
    expected = [(weights * roots**k).sum().real for k in range(1, 41)]
    np.testing.assert_allclose(descend_quadratic(momentum(rate, mu), curvature, 40), expected, rtol=1e-9, atol=1e-12)


def test_nesterov_is_the_look_ahead_form_seen_from_the_point_ahead():
    rate, mu, curvature = 0.1, 0.8, 3.0
    theta, v, ahead = 1.0, 0.0, []
    for _ in range(40):
        v = mu * v + curvature * (theta - rate * mu * v)
        theta = theta - rate * v
        ahead.append(theta - rate * mu * v)
    np.testing.assert_allclose(descend_quadratic(nesterov(rate, mu), curvature, 40), ahead, rtol=1e-9, atol=1e-12)


def test_coupled_decay_passes_through_adams_scaling_and_decoupled_decay_does_not():
    params, grads = np.array([2.0, -3.0]), np.zeros(2)
    coupled, decoupled = adam(0.1, weight_decay=0.5), adamw(0.1, weight_decay=0.5)
    np.testing.assert_allclose(coupled.update(grads, coupled.init(params), params)[0], [-0.1, 0.1], rtol=1e-6)
    np.testing.assert_allclose(decoupled.update(grads, decoupled.init(params), params)[0], [-0.1, 0.15], rtol=1e-12)


def test_amsgrad_never_forgets_the_largest_second_moment():
    grads = np.concatenate([np.full((1, 1), 100.0), np.full((300, 1), 0.1)])
    _, state = run(amsgrad(beta2=0.9), np.zeros(1), grads)
    assert state.nu_max == pytest.approx(0.1 * 100**2) and state.nu < 0.011


def test_radam_is_plain_momentum_for_five_steps_and_scales_from_the_sixth():
    grads = noisy_gradients(6, 3)
    optimizer, state, mu = radam(0.1), radam().init(np.zeros(3)), np.zeros(3)
    for t, g in enumerate(grads, start=1):
        updates, state = optimizer.update(g, state, np.zeros(3))
        mu = 0.9 * mu + 0.1 * g
        plain = -0.1 * mu / (1 - 0.9**t)
        assert np.allclose(updates, plain, rtol=1e-12) == (t <= 5)


# Properties of every entry


@every_entry
def test_nothing_given_is_changed(key):
    params, grads = np.array([[1.0, -2.0]]), np.array([[0.5, 3.0]])
    values = {name: value[-1:] for name, value in drawn(key, 3).items()}
    optimizer = OPTIMIZERS[key].factory(**values)
    state = optimizer.init(params)
    for _ in range(7):
        for array in (params, grads, *leaves(state)):
            array.flags.writeable = False  # an in-place operation would raise
        before = [leaf.copy() for leaf in leaves(state)]
        first, after = optimizer.update(grads, state, params)
        again, _ = optimizer.update(grads, state, params)
        assert first.tobytes() == again.tobytes()
        assert all(np.array_equal(a, b) for a, b in zip(before, leaves(state), strict=True))
        assert after.count == state.count + 1 and type(after.count) is int
        params, state = params + first, after
    assert params.tolist() != [[1.0, -2.0]]


@every_entry
def test_a_later_change_of_the_callers_array_changes_nothing(key):
    rates = np.array([[0.1], [0.2]])
    optimizer = OPTIMIZERS[key].factory(learning_rate=rates)
    params, grads = np.ones((2, 2)), np.ones((2, 2))
    before, _ = optimizer.update(grads, optimizer.init(params), params)
    rates[:] = 5
    after, _ = optimizer.update(grads, optimizer.init(params), params)
    assert before.tobytes() == after.tobytes()


@every_entry
def test_resumed_is_straight_bit_for_bit(key):
    values = {name: float(value[-1, 0]) for name, value in drawn(key, 3).items()}
    values["learning_rate"] = SCHEDULES["cosine"](0.05, 60)
    grads = noisy_gradients(60, 3)
    straight, _ = run(OPTIMIZERS[key].factory(**values), np.ones(3), grads)
    first, state = run(OPTIMIZERS[key].factory(**values), np.ones(3), grads[:25])
    rest, _ = run(OPTIMIZERS[key].factory(**values), first[-1], grads[25:], state)
    assert straight.tobytes() == np.concatenate([first, rest]).tobytes()


@both_dtypes
@every_entry
def test_a_sweep_is_its_single_runs_bit_for_bit(key, dtype):
    replicas, size = 9, 2
    values = drawn(key, replicas)
    grads = noisy_gradients(200, replicas, size, dtype=dtype)
    starts = np.linspace(-2, 2, replicas * size).reshape(replicas, size).astype(dtype)
    batch, state = run(OPTIMIZERS[key].factory(**values), starts, grads)
    for r in range(replicas):
        alone = OPTIMIZERS[key].factory(**{name: float(value[r, 0]) for name, value in values.items()})
        rows, single = run(alone, starts[r], grads[:, r])
        assert np.isfinite(rows).all()
        assert batch[:, r].tobytes() == rows.tobytes()
        for ours, theirs in zip(leaves(state), leaves(single), strict=True):
            assert ours[r].tobytes() == theirs.tobytes()


@every_entry
def test_no_decay_within_a_sweep_is_no_decay_alone(key):
    decays, grads, params = np.array([[0.0], [0.1]]), np.full((2, 2), -0.0), np.ones((2, 2))
    sweep, alone = OPTIMIZERS[key].factory(weight_decay=decays), OPTIMIZERS[key].factory(weight_decay=0.0)
    batch, state = sweep.update(grads, sweep.init(params), params)
    single, single_state = alone.update(grads[0], alone.init(params[0]), params[0])
    for ours, theirs in zip([batch, *leaves(state)], [single, *leaves(single_state)], strict=True):
        assert ours[0].tobytes() == theirs.tobytes()  # zeros of either sign are told apart


@every_entry
def test_replicas_may_have_several_axes(key):
    values = drawn(key, 3)
    grads = noisy_gradients(30, 3, 2, 4)
    starts = np.linspace(-2, 2, 24).reshape(3, 2, 4)
    batch, _ = run(OPTIMIZERS[key].factory(**{name: v[:, :, None] for name, v in values.items()}), starts, grads)
    for j in range(2):
        rows, _ = run(OPTIMIZERS[key].factory(**values), starts[:, j], grads[:, :, j])
        assert batch[:, :, j].tobytes() == rows.tobytes()


@every_entry
def test_a_sweep_of_schedules_is_its_single_runs_bit_for_bit(key):
    rates, grads = np.array([[1e-3], [0.07], [0.3]]), noisy_gradients(40, 3, 2)
    batch, _ = run(OPTIMIZERS[key].factory(SCHEDULES["one_cycle"](rates, 40)), np.ones((3, 2)), grads)
    for r, rate in enumerate(rates[:, 0]):
        rows, _ = run(OPTIMIZERS[key].factory(SCHEDULES["one_cycle"](float(rate), 40)), np.ones(2), grads[:, r])
        assert batch[:, r].tobytes() == rows.tobytes()


@pytest.mark.parametrize("form", ["float", "float64 scalar", "array", "schedule"])
@every_entry
def test_float32_stays_float32_and_close_to_float64(key, form):
    values = {h.name: h.default for h in OPTIMIZERS[key].hyperparameters}
    rows64, _ = run(OPTIMIZERS[key].factory(**values), np.ones((1, 3)), grads := noisy_gradients(40, 1, 3))
    if form == "float64 scalar":
        values = {name: np.float64(value) for name, value in values.items()}
    elif form == "array":
        values = {name: np.array([[value]]) for name, value in values.items()}
    elif form == "schedule":
        values["learning_rate"] = SCHEDULES["constant"](np.array([[values["learning_rate"]]]), 10)
    optimizer = OPTIMIZERS[key].factory(**values)
    params = np.ones((1, 3), np.float32)
    updates, state = optimizer.update(grads[0].astype(np.float32), optimizer.init(params), params)
    assert {a.dtype for a in (updates, *leaves(optimizer.init(params)), *leaves(state))} == {np.dtype(np.float32)}
    assert {a.shape for a in (updates, *leaves(state))} == {(1, 3)}
    rows32, _ = run(optimizer, params, grads.astype(np.float32))
    assert rows32.dtype == np.float32
    np.testing.assert_allclose(rows32, rows64, rtol=1e-4, atol=1e-5)


@st.composite
def runs(draw):
    """An entry with legal hyper-parameters and no weight decay, parameters and gradients (3,)."""
    entry = OPTIMIZERS[draw(st.sampled_from(sorted(OPTIMIZERS)))]
    values = {h.name: draw(st.floats(h.low, h.high)) for h in entry.hyperparameters}
    vectors = st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3).map(np.array)
    return entry.factory(**(values | {"weight_decay": 0.0})), draw(vectors), draw(vectors)


@settings(max_examples=150, deadline=None)
@given(runs())
def test_without_a_slope_nothing_moves(drawn_run):
    optimizer, params, _ = drawn_run
    rows, _ = run(optimizer, params, np.zeros((8, 3)))
    assert (rows == params).all()


@settings(max_examples=150, deadline=None)
@given(runs())
def test_the_opposite_slope_makes_the_opposite_step(drawn_run):
    optimizer, params, grads = drawn_run
    up, down = optimizer.init(params), optimizer.init(-params)
    for _ in range(8):
        ahead, up = optimizer.update(grads, up, params)
        back, down = optimizer.update(-grads, down, -params)
        assert (ahead == -back).all()


# The registry and its checks


@every_entry
def test_listed_hyperparameters_are_the_factorys(key):
    entry = OPTIMIZERS[key]
    signature = inspect.signature(entry.factory).parameters
    assert {h.name: h.default for h in entry.hyperparameters} == {n: p.default for n, p in signature.items()}
    assert [h.name for h in entry.hyperparameters] == list(signature)
    for h in entry.hyperparameters:
        assert h.low <= h.default <= h.high and (h.low > 0 or not h.log)
        entry.factory(**{h.name: h.low})
        entry.factory(**{h.name: h.high})


@every_entry
def test_entries_say_what_the_pages_show(key):
    entry = OPTIMIZERS[key]
    assert entry.factory.__name__ == key and entry.factory.__doc__
    assert entry.adaptive in {"yes", "no"} and entry.momentum in {"no", "optional", "yes"}
    assert entry.label and entry.best_for and entry.source[-4:].isdigit()
    assert entry.formula.count("{") == entry.formula.count("}") and r"\theta \leftarrow" in entry.formula
    state = entry.factory().init(np.zeros(2))
    if entry.momentum == "yes":
        assert {"velocity", "mu"} & set(state._fields)


def test_labels_are_distinct():
    assert len({entry.label for entry in OPTIMIZERS.values()}) == len(OPTIMIZERS) == 13


WRONG = [-0.1, math.nan, math.inf, "0.1", None, True, 1j, np.array([[0.1], [-0.1]]), np.array([[math.nan]])]


@pytest.mark.parametrize(
    ("key", "name"), [(key, h.name) for key, entry in OPTIMIZERS.items() for h in entry.hyperparameters]
)
def test_values_without_meaning_are_refused_by_name(key, name):
    for value in [*WRONG, 1.0, np.array([[0.5], [1.0]])] if name in BELOW_ONE else WRONG:
        with pytest.raises(
            ValueError, match=f"^{name} must be (at least 0 and|a number or an array of numbers,) .*\\.$"
        ):
            OPTIMIZERS[key].factory(**{name: value})
    with pytest.raises(ValueError, match=rf"^{name} as an array must have a last axis of length 1.*\(2,\)\.$"):
        OPTIMIZERS[key].factory(**{name: np.array([0.1, 0.2])})


@every_entry
def test_whole_number_parameters_are_refused(key):
    optimizer = OPTIMIZERS[key].factory()
    params = np.array([1, 2])
    with pytest.raises(ValueError, match="params must be floats, not int64"):
        optimizer.update(np.ones(2), optimizer.init(params), params)


def test_whole_numbers_are_welcome_as_hyperparameters():
    for rate, decay in itertools.product([1, np.int64(1), np.array([[1]])], [0, 1]):
        params = np.ones((1, 2))
        updates, _ = sgd(rate, decay).update(np.full((1, 2), 0.5), sgd().init(params), params)
        assert updates.tolist() == [[-0.5 - decay] * 2]
