"""The message to the browser, unpacked again: small, legal, and the engine's own numbers."""

import re
from math import inf, nan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine import limits
from engine.curvature import stable_rate
from engine.experiment import RUNNERS, Run, simulate, surface_of
from engine.surfaces import SURFACES
from pages.parts import comparison, controls, inspector, runs
from pages.parts.stage import FLOAT32_MAX, pack, single
from tests.unpack import unpack

EVERYTHING = {"field": True, "curvature": True, "change": True}
FORMULAS = ["x**2 + 3*y**2 + sin(x*y)", "log(x)", "1/x", "x**9", "0*x"]

every_runner = pytest.mark.parametrize("optimizer", RUNNERS)
every_surface = pytest.mark.parametrize("surface", [*SURFACES, *FORMULAS])


def same(sent, read) -> bool:
    match sent:
        case np.ndarray():
            expected = sent if sent.dtype in (np.float64, np.uint8) else sent.astype(np.float32)
            return read.dtype == expected.dtype and np.array_equal(read, expected, equal_nan=True)
        case dict():
            return set(sent) == set(read) and all(same(value, read[key]) for key, value in sent.items())
        case list() | tuple():
            return len(sent) == len(read) and all(map(same, sent, read))
    return bool(sent == read)


def a_run(optimizer="sgd", surface="himmelblau", rate=0.003, **settings) -> Run:
    values = {"learning_rate": rate} | controls.surface_defaults(optimizer) | dict(settings.pop("others", ()))
    return Run(surface, (), optimizer, tuple((values | {"learning_rate": rate}).items()), **settings)


# --- the envelope ----------------------------------------------------------------------------------------------------

plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
blobs = arrays.arrays(
    st.sampled_from([np.float32, np.float64, np.uint8, np.int64, np.bool_]), arrays.array_shapes(max_dims=2, max_side=5)
)
names = st.text(max_size=5).filter(lambda name: name not in {"@", "revision"})
trees = st.recursive(
    plain | st.text() | blobs, lambda node: st.lists(node, max_size=3) | st.dictionaries(names, node, max_size=3)
)


@given(st.dictionaries(names, trees, max_size=4))
def test_whatever_is_packed_is_unpacked_again(message):
    with np.errstate(over="ignore", invalid="ignore"):
        read = unpack(pack(message))
        assert read.pop("revision")
        assert same(message, read)


def test_equal_arrays_travel_once():
    column = np.arange(1000, dtype=np.float32)
    once = len(pack({"a": column}))
    assert len(pack({"a": column, "b": column.copy(), "c": [{"d": column + 0}]})) < once + 150
    assert len(pack({"a": column, "b": column + 1})) >= once + 4000


def test_arrays_that_differ_in_type_or_shape_only_stay_apart():
    zeros = np.zeros(4, np.float32)
    read = unpack(pack({"a": zeros, "b": np.zeros(2), "c": zeros.reshape(2, 2)}))
    assert (read["a"].shape, read["b"].dtype, read["c"].shape) == ((4,), np.float64, (2, 2))


def test_what_is_not_finite_travels_in_arrays_only():
    assert np.isnan(unpack(pack({"a": np.array([nan, inf])}))["a"][0])
    for value in (nan, inf, -inf, np.float64(nan)):
        with pytest.raises(ValueError, match="JSON"):
            pack({"a": value})


def test_the_revision_is_new_for_each_change_and_only_then():
    message = {"a": np.arange(3.0), "b": "one"}
    revision = unpack(pack(message))["revision"]
    assert unpack(pack({"a": np.arange(3.0), "b": "one"}))["revision"] == revision
    assert unpack(pack(message | {"b": "two"}))["revision"] != revision
    assert unpack(pack(message | {"a": np.array([0.0, 1.0, 2.5])}))["revision"] != revision


def test_single_precision_is_cut_at_its_limits_and_keeps_gaps():
    np.testing.assert_array_equal(
        single([1e300, -1e300, inf, nan, 0.1]), np.float32([FLOAT32_MAX, -FLOAT32_MAX, FLOAT32_MAX, nan, 0.1])
    )


# --- whole runs ------------------------------------------------------------------------------------------------------


def columns_of(tree, path="") -> dict[str, np.ndarray]:
    """Every array of a message, by where it stands."""
    match tree:
        case np.ndarray():
            return {path: tree}
        case dict():
            return {p: a for key, value in tree.items() for p, a in columns_of(value, f"{path}.{key}").items()}
        case list():
            return {p: a for i, value in enumerate(tree) for p, a in columns_of(value, f"{path}.{i}").items()}
    return {}


@every_surface
@every_runner
def test_every_runner_on_every_surface_makes_a_legal_message(optimizer, surface):
    for rate, start in ((0.01, None), (10.0, None), (1.0, (1e6, -1e6))):
        shown = runs.show(a_run(optimizer, surface, rate, steps=30, start=start))
        read = unpack(pack(runs.message([shown], **EVERYTHING)))
        (run,) = read["runs"]
        rows = len(shown.trajectory.count)
        assert all(run[name].shape == (rows,) for name in ("x", "y", "curve", "gx", "gy", "ux", "uy"))
        np.testing.assert_array_equal(run["x"], single(shown.trajectory.params[:, 0]))
        for path, array in columns_of(read).items():
            assert not np.isinf(array).any() or array.dtype == np.float64, path
        assert run["ended"] == shown.ending
        for name in ("x", "y", "curve"):
            assert np.isfinite(run[name][1:]).all()


@every_surface
def test_a_race_of_six_makes_a_legal_message(surface):
    field = [a_run(key, surface, 0.5, steps=20) for key in ("sgd", "sgd", "adam", "lion", "newton", "adadelta")]
    read = unpack(pack(runs.message(comparison.labelled(field), field=True)))
    assert [run["label"] for run in read["runs"]][:3] == ["SGD", "SGD 2", "Adam"]
    assert read["inspector"] is None and len(read["leaderboard"]["rates"]) == 6
    assert len({(run["colour"], tuple(run["dash"]), run["marker"]) for run in read["runs"]}) == 6
    assert [run["hessians"] for run in read["runs"]] == [False] * 4 + [True, False]


@every_runner
def test_the_losses_are_the_engines_above_the_lowest(optimizer):
    shown = runs.show(a_run(optimizer, "six_hump_camel", steps=50))
    read = unpack(pack(runs.message([shown])))
    offset = read["scale"]["offset"]
    assert offset == pytest.approx(-1.0316, abs=1e-4)
    np.testing.assert_allclose(read["runs"][0]["curve"] + offset, shown.trajectory.loss, rtol=1e-6, atol=1e-6)


def test_a_run_that_diverged_says_at_which_step_and_one_that_did_not_says_none():
    read = unpack(pack(runs.message([runs.show(a_run("sgd", "bowl", 3.0)), runs.show(a_run("sgd", "bowl", 0.1))])))
    away, home = read["runs"]
    assert away["diverged"] > 0 and f"diverged at step {away['diverged']}" in away["ended"]
    assert home["diverged"] is None and "converged" in home["ended"]


@pytest.mark.parametrize("surface", SURFACES)
def test_the_text_alternatives_say_the_result_and_differ(surface):
    shown = [runs.show(a_run(key, surface, steps=10)) for key in ("sgd", "adam")]
    alt = unpack(pack(runs.message(shown)))["alt"]
    assert len(set(alt.values())) == 3
    assert all(s.ending in alt["map"] and s.ending in alt["curve"] for s in shown)
    assert SURFACES[surface].label in alt["map"] and SURFACES[surface].label in alt["scene"]


def test_five_runners_of_300_steps_fit_into_150_kb():
    field = [a_run(key, steps=300) for key in ("sgd", "momentum", "nesterov", "rmsprop", "adam")]
    size = len(pack(runs.message(comparison.labelled(field), **EVERYTHING)))
    assert size <= 150_000


@every_runner
def test_the_longest_run_fits_into_400_kb(optimizer):
    run = a_run(optimizer, rate=0.001, steps=int(limits.STEPS.high), noise=0.1)
    size = len(pack(runs.message([runs.show(run)], **EVERYTHING)))
    assert size <= 400_000


def test_the_longest_race_of_five_fits_into_400_kb():
    steps = int(limits.STEPS.high)
    field = [a_run(key, rate=0.001, steps=steps) for key in ("sgd", "momentum", "nesterov", "rmsprop", "adam")]
    size = len(pack(runs.message(comparison.labelled(field), field=True)))
    assert size <= 400_000


# --- the inspector ---------------------------------------------------------------------------------------------------


def filled(template: str, columns: dict, step: int) -> str:
    """A line of the inspector as a Python expression with the numbers of one step."""

    def number(match: re.Match) -> str:
        return "/".join(f"({float(at(name))!r})" for name in match[1].split("/"))

    def at(name: str) -> float:
        if name in columns:
            return columns[name][min(step, len(columns[name]) - 1)]
        column = columns[name.removesuffix("next")]
        return column[step + 1] if step < len(column) - 1 else columns[name.removesuffix("next") + "end"][0]

    text = re.sub(r"\{([\w/-]+)(?::[pr])?\}", number, template)
    text = re.sub(r"√(\([^()]*\)/\([^()]*\))", r"sqrt(\1)", text)
    text = re.sub(r"√(\(.*?\))", r"sqrt\1", text)
    for sign, python in (("−", "-"), ("×", "*"), ("²", "**2")):
        text = text.replace(sign, python)
    return text


def sides(text: str) -> tuple[float, float]:
    left, right = text.split(",")[0].split(" = ")
    return tuple(float(eval(side, {"sqrt": sqrt, "np": np, "__builtins__": {}})) for side in (left, right))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"schedule": "cosine", "noise": 0.3, "seed": 5},
        {"rate_change": (3, 0.0007)},
        {"others": (("weight_decay", 0.3),)},
        {"others": (("momentum", 0.5), ("dampening", 0.4))},
        {"others": (("momentum", 0.5),)},
        {"others": (("beta1", 0.5), ("beta2", 0.7))},
        {"others": (("decay", 0.6),)},
        {"others": (("damping", 3.0),)},
    ],
    ids=lambda settings: ",".join(f"{k}={v}" for k, v in settings.items()) or "defaults",
)
@every_runner
def test_the_lines_of_a_step_are_equations_that_hold(optimizer, settings):
    own = {h.name for h in RUNNERS[optimizer].hyperparameters}
    others = tuple(pair for pair in settings.get("others", ()) if pair[0] in own)
    if settings.get("others") and len(others) < len(settings["others"]):
        pytest.skip("not one of its hyper-parameters")
    run = a_run(optimizer, **settings | {"others": others, "steps": 12})
    trajectory = simulate(run)
    shown = inspector.inspect(run, trajectory)
    columns = {name: np.asarray(column, dtype=float) for name, column in shown["columns"].items()}
    equations = [line for _, line in shown["lines"] if " = " in line and "next}" in line]
    assert len(equations) >= 2  # one for each weight
    for step in range(13):
        for line in equations:
            left, right = sides(filled(line, columns, step))
            assert left == pytest.approx(right, rel=2e-5, abs=2e-6), (step, line)


@every_runner
def test_the_next_values_are_the_engines(optimizer):
    run = a_run(optimizer, steps=12)
    longer = simulate(a_run(optimizer, steps=13))
    columns = inspector.inspect(run, simulate(run))["columns"]
    leaves = {"": longer.params} | {name: leaf for name, leaf in longer.state._asdict().items() if name != "count"}
    assert {"x", "xend"} <= set(columns)
    for name, leaf in leaves.items():
        for i, axis in enumerate("xy"):
            if name + axis in columns:
                values = np.append(columns[name + axis], columns[name + axis + "end"])
                np.testing.assert_array_equal(values, np.float32(leaf[:, i]))


@every_runner
def test_every_name_in_a_line_and_every_arrow_has_its_column(optimizer):
    shown = runs.show(a_run(optimizer, steps=5))
    message = runs.message([shown])
    columns = message["inspector"]["columns"]
    for label, line in message["inspector"]["lines"]:
        assert "*" not in label + line
        for name in re.findall(r"[\w-]+", " ".join(re.findall(r"\{([^}:]+)", line))):
            base = name.removesuffix("next")
            assert name in {*columns, "loss"} or {base, base + "end"} <= set(columns), name
    rows = len(shown.trajectory.count)
    for arrow in message["extra"]["arrows"]:
        assert len(message["runs"][0][arrow["x"]]) == len(message["runs"][0][arrow["y"]]) == rows


@every_runner
def test_the_step_arrow_is_the_step_and_the_carried_share_is_what_a_zero_gradient_would_leave(optimizer):
    run = a_run(optimizer, steps=8)
    trajectory = simulate(run)
    carried = inspector.velocity_arrow(run, trajectory)
    np.testing.assert_allclose(trajectory.params[:-1] + trajectory.updates[:-1], trajectory.params[1:])
    if inspector.velocity(run) != "velocity":
        return
    rate = run.learning_rate
    fresh = trajectory.updates - np.stack([carried["vx"], carried["vy"]], -1)  # the share of the gradient just felt
    factor = 1.9 if optimizer == "nesterov" else 1.0
    np.testing.assert_allclose(fresh, -rate * factor * trajectory.grads, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("surface", ["himmelblau", "ravine", "saddle", "-x**2 - y**2", "0*x"])
@pytest.mark.parametrize("optimizer", [key for key in RUNNERS if key != "newton"])
def test_the_largest_stable_rate_is_curvatures(optimizer, surface):
    run = a_run(optimizer, surface, steps=5)
    trajectory = simulate(run)
    shown = inspector.inspect(run, trajectory)
    (line,) = (line for _, line in shown["lines"] if "λmax" in line)
    top, bottom = re.search(r"\{(\w+)/(\w+)\}", line).groups()
    sharpest = np.linalg.eigvalsh(surface_of(run).hessian(trajectory.params))[:, -1]
    own = optimizer in {"momentum", "nesterov"}
    expected = stable_rate(optimizer if own else "sgd", sharpest, 0.9 if own else 0.0)
    with np.errstate(divide="ignore"):
        limit = shown["columns"][top] / shown["columns"][bottom]
    np.testing.assert_allclose(limit, expected, rtol=1e-5)


def test_the_rate_of_each_step_is_the_one_the_engine_used():
    run = a_run("sgd", schedule="cosine", steps=10, rate_change=(4, 0.0005))
    trajectory = simulate(run)
    np.testing.assert_allclose(trajectory.updates, -inspector.rates(run, trajectory)[:, None] * trajectory.grads)


def test_curvature_at_the_ball_is_the_hessians():
    run = a_run("sgd", steps=5)
    shown = runs.show(run)
    extra = runs.message([shown], curvature=True)["extra"]["curvature"]
    hessian = surface_of(run).hessian(shown.trajectory.params)
    angle = extra["angle"].astype(float)
    for name, turn in (("flat", 0.0), ("steep", np.pi / 2)):
        vectors = np.stack([np.cos(angle + turn), np.sin(angle + turn)], -1)
        turned = np.einsum("tij,tj->ti", hessian, vectors)
        np.testing.assert_allclose(turned, extra[name][:, None] * vectors, rtol=1e-4, atol=1e-4)
    assert (extra["flat"] <= extra["steep"]).all()
