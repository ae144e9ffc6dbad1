"""The page on losses without a browser: its numbers against the engine and against loops of its own, and bad links."""

import math
import re
from functools import partial
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from engine import limits
from engine.losses import LOSSES
from engine.penalties import PENALTIES
from pages.parts import penalty, presets, saturation, softmax
from pages.parts.words import number
from tests.test_link import NOT_NUMBERS
from tests.test_pages import opened as pages_opened
from tests.test_pages import press
from tests.unpack import unpack

RESTING = penalty.RESTING | saturation.RESTING | softmax.RESTING
opened = partial(pages_opened, "losses")


def components(app: AppTest) -> list[dict[str, Any]]:
    """What the page sent: the picture of one prediction first, then its charts."""
    return [unpack(component.proto.bytes) for component in app.get("bidi_component")]


def said(app: AppTest) -> str:
    return " ".join(element.value for element in app.markdown)


def warned(app: AppTest) -> str:
    return " ".join(element.value for element in app.warning)


def check_finite(node: Any) -> None:
    """No NaN, no infinity, wherever arrays travel."""
    if isinstance(node, np.ndarray):
        assert np.isfinite(node).all()
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        check_finite(child)


def test_a_fresh_visit_and_its_pictures():
    app = opened()
    assert [title.value for title in app.title] == ["How wrong is a prediction?"]
    assert not app.warning and not app.error and not app.info
    first, *charts = components(app)
    check_finite([first, charts])
    assert first["prediction"] == penalty.START and penalty.START in first["predictions"]
    assert len(charts) == 8
    texts = [frame["alt"] for frame in first["frames"].values()] + [chart["alt"] for chart in charts]
    assert len(set(texts)) == 10
    assert "0.05129 for ŷ = 0.95 and 2.996 for ŷ = 0.05, 58 times" in said(app)


@pytest.mark.parametrize("target", ["0", "1"])
@pytest.mark.parametrize("prediction", ["0.001", "0.05", "0.123456", "0.999"])
def test_the_picture_holds_the_engines_numbers_at_the_links_prediction(target, prediction):
    first = components(opened(target=target, prediction=prediction))[0]
    grid, p = first["predictions"], float(prediction)
    assert grid[0] == limits.PREDICTION.low and grid[-1] == limits.PREDICTION.high and (np.diff(grid) > 0).all()
    assert first["prediction"] == p
    at = int(np.flatnonzero(grid == p)[0])
    for sent, entry in zip(first["penalties"], PENALTIES.values(), strict=True):
        assert sent["loss"].dtype == np.float64
        assert sent["loss"][at] == entry.of_prediction(np.array([p]), int(target))[0]
        assert sent["slope"][at] == entry.slope_in_prediction(np.array([p]), int(target))[0]
    low, high = first["frames"]["loss"]["range"]
    assert all(low <= sent["loss"].min() and sent["loss"].max() <= high for sent in first["penalties"])


@pytest.mark.parametrize("y", [0, 1])
@pytest.mark.parametrize("at", [0.25, 0.5, 0.8])
def test_what_is_written_beside_a_number_is_what_it_is_worked_out_from(y, at):
    signs = {"−": "-", "·": "*", "²": "**2"}
    for sent in penalty.message(at, y)["penalties"]:
        k = int(np.searchsorted(penalty.GRID, at))
        for name in ("loss", "slope"):
            text = sent[f"{name}_text"].replace("{p}", f"({at})").replace("log (", "log(")
            for sign, spelt in signs.items():
                text = text.replace(sign, spelt)
            assert eval(text, {"log": math.log}) == pytest.approx(sent[name][k], rel=1e-12)


def test_each_preset_shows_what_it_says_and_reset_takes_it_back():
    app = opened(z="3", k="5")
    for preset in presets.LOSS_PRESETS:
        press(app, preset.label)
        assert components(app)[0]["prediction"] == preset.values["prediction"]
        assert preset.says in app.info[0].value
        assert app.session_state["z"] == saturation.Z and app.session_state["k"] == softmax.CLASSES
    press(app, "Reset this page")
    assert not app.info
    assert all(app.session_state[key] == value for key, value in RESTING.items() if key in app.session_state)


# --- through a sigmoid -----------------------------------------------------------------------------------------------


def loop(slope, y, z, rate, steps):
    """Steps until the prediction is on its side of 0.5, by hand; None where it never is."""
    for step in range(steps + 1):
        if z * (2 * y - 1) > 0:
            return step
        z -= rate * slope(1 / (1 + math.exp(-z)), y)
    return None


@pytest.mark.parametrize(
    ("y", "z", "rate", "steps"),
    [(1, -6.0, 1.0, 250), (0, 4.5, 0.5, 400), (1, -10.0, 10.0, 5000), (0, -3.0, 1.0, 9), (1, 0.0, 1.0, 5)],
)
def test_the_step_at_which_each_passes_one_half(y, z, rate, steps):
    slopes = {"cross_entropy": lambda p, y: p - y, "squared_error": lambda p, y: 2 * (p - y) * p * (1 - p)}
    runs = saturation.descents(y, z, rate, steps)
    wanted = {key: loop(slope, y, z, rate, steps) for key, slope in slopes.items()}
    assert {key: saturation.crossing(run, y) for key, run in runs.items()} == wanted
    text = said(opened(target=str(y), z=str(z), rate=str(rate), steps=str(steps)))
    if wanted["cross_entropy"] == 0:
        assert "on the right side of ŷ = 0.5 already" in text
        return
    for label, step in zip(("cross-entropy", "squared error"), wanted.values(), strict=True):
        missed = f"{label} has not passed it after {steps:,} steps"
        assert (missed if step is None else f"{label} passes it at step {step}") in text


def test_the_two_slopes_of_a_saturated_start_are_told():
    p = 1 / (1 + math.exp(6))
    squared = 2 * (p - 1) * p * (1 - p)
    wanted = f"slope {number(p - 1)} and squared error {number(squared)}, {number((p - 1) / squared)} times less"
    assert wanted in said(opened())


@pytest.mark.parametrize("target", ["0", "1"])
@pytest.mark.parametrize(("z", "rate", "steps"), [("-10", "10", "5000"), ("10", "10", "1"), ("0", "1e-6", "3")])
def test_nothing_overflows_at_the_bounds(target, z, rate, steps):
    app = opened(target=target, z=z, rate=rate, steps=steps)
    assert not app.warning
    check_finite(components(app))


def test_a_probability_close_to_1_is_told_by_what_it_lacks():
    assert penalty.probability(0.25) == "0.250"
    assert penalty.probability(0.99966) == "1 − 3.40·10⁻⁴"
    assert "ŷ = 1 − 1.23·10⁻⁴" in said(opened(target="0", z="9"))


# --- more than two classes -------------------------------------------------------------------------------------------


def told_loss(app: AppTest) -> float:
    bold = next(element.value for element in app.markdown if element.value.startswith("**L ="))
    return float(re.search(r"= ([\d.]+)\*\*$", bold).group(1))


def bars(app: AppTest) -> list[np.ndarray]:
    charts = [sent["figure"]["data"][0] for sent in components(app)[1:]]
    return [chart["y"] for chart in charts if chart["type"] == "bar"]


def test_probabilities_loss_and_gradient_of_softmax():
    app = opened(k="4", true_class="2", z1="1.5", z2="-0.5", z3="0", z4="2")
    powers = np.exp([1.5, -0.5, 0, 2])
    p = powers / powers.sum()
    probabilities, gradient = bars(app)
    np.testing.assert_allclose(probabilities, p, rtol=1e-6)
    np.testing.assert_allclose(gradient, p - [0, 1, 0, 0], rtol=1e-6)
    assert told_loss(app) == pytest.approx(-math.log(p[1]), rel=5e-3)


def test_a_constant_added_to_all_logits_changes_only_the_logits():
    app = opened(z1="8.2", z2="1")
    before = bars(app)
    press(app, "Add 1 to all logits")
    assert [app.session_state[key] for key in softmax.KEYS[:3]] == [9.2, 2, 0]
    for old, new in zip(before, bars(app), strict=True):
        np.testing.assert_allclose(new, old, rtol=1e-6)
    assert "Add 1 to all logits" not in [button.label for button in app.button]  # 10.2 would be out of bounds
    press(app, "Take 1 from all logits")
    assert "Add 1 to all logits" in [button.label for button in app.button]


def test_two_classes_are_binary_cross_entropy_on_the_difference():
    for first, second in ((2.0, -1.0), (-3.0, 4.5)):
        loss = LOSSES["categorical_cross_entropy"].function(np.array([first, second]), np.array([1.0, 0]))
        assert loss == pytest.approx(PENALTIES["cross_entropy"].of_logit(np.array([first - second]), 1)[0])


def test_a_true_class_that_does_not_exist_gives_way_in_a_sentence():
    app = opened(k="3", true_class="7")
    assert "no class 7: class 3 is taken" in warned(app)
    assert bars(app)[1][2] < 0
    assert not opened(k="8", true_class="7").warning


# --- links -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", NOT_NUMBERS.values(), ids=NOT_NUMBERS)
def test_nonsense_is_named_and_the_default_used(text):
    if "\ud800" in text:
        pytest.skip("a lone surrogate cannot stand in a URL")
    keys = ["prediction", "target", "z", "rate", "steps", "k", "true_class", "z2"] if len(text) < 10_000 else ["z"]
    app = opened(**dict.fromkeys(keys, text))
    assert all(f"{key} is" in warned(app) or f"{key} must" in warned(app) for key in keys)
    assert all(app.session_state[key] == RESTING[key] for key in keys)
    assert not set(keys) & set(app.query_params)


@pytest.mark.parametrize(
    ("key", "text", "used"),
    [
        ("prediction", "0", 0.001),
        ("prediction", "1", 0.999),
        ("prediction", "-1e30", 0.001),
        ("z", "1000", 10),
        ("rate", "0", 1e-6),
        ("rate", "1e9", 10),
        ("steps", "1000000000", 5000),
        ("k", "1", 2),
        ("k", "99", 8),
        ("z3", "-77", -10),
    ],
)
def test_numbers_out_of_bounds_are_clamped_and_named(key, text, used):
    app = opened(**{key: text})
    assert f"{key} must" in warned(app)
    assert app.session_state[key] == used
    check_finite(components(app))
