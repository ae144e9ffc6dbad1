"""The page on one step without a browser: its numbers against the rule done by hand, its sentences, and bad links."""

import math
import re
from functools import partial
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from engine import limits
from engine.curves import CURVES
from engine.experiment import Run
from pages.parts import curve_walk, fates, onestep, two_weights
from pages.parts.curve_walk import Setting
from pages.parts.step_presets import STEP_PRESETS
from pages.parts.words import number
from tests.test_link import NOT_NUMBERS
from tests.test_pages import opened as pages_opened
from tests.test_pages import press, run
from tests.unpack import unpack

RESTING = curve_walk.RESTING | curve_walk.GAME | fates.RESTING | two_weights.RESTING
SHARES = tuple(fates.SHARES.values())
opened = partial(pages_opened, "step")


def sent(app: AppTest) -> list[dict[str, Any]]:
    """What the page sent: one weight, its fates, two weights."""
    return [unpack(component.proto.bytes) for component in app.get("bidi_component")]


def warned(app: AppTest) -> str:
    return " ".join(element.value for element in app.warning)


def values(text: str) -> list[float]:
    """The numbers of a sentence, in their order."""
    return [float(n.replace("−", "-")) for n in re.findall(r"−?\d+(?:\.\d+)?", text)]


def test_a_fresh_visit_stands_before_the_step_of_the_lesson():
    app = opened()
    assert [title.value for title in app.title] == ["What does one update do?"]
    assert not app.warning and not app.error and not app.info
    first, four, stage = sent(app)
    assert first["predict"] and first["playhead"] is None
    assert [number(first[name][0]) for name in ("w", "slope")] == ["1.20", "2.40"] and first["rate"] == 0.3
    assert number(first["w"][1]) == "0.480"
    assert len(four["runs"]) == 4 and len(stage["runs"]) == 4
    texts = [first["alt"], *(entry["alt"] for entry in four["runs"]), *stage["alt"].values()]
    assert len(set(texts)) == 8


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("rate", [0.01, 0.2, 0.9])
def test_the_steps_are_the_rules(name, rate):
    app = opened(curve=name, w="1.3", rate=str(rate), steps="3", predict="false", step="2")
    message = sent(app)[0]
    assert not message["predict"] and message["playhead"] == 2
    curve, w = CURVES[name], 1.3
    for k in range(len(message["w"])):
        assert message["w"][k] == pytest.approx(w, rel=1e-9)
        assert message["loss"][k] == pytest.approx(float(curve.value(np.array(w))), rel=1e-9)
        assert message["slope"][k] == pytest.approx(float(curve.slope(np.array(w))), rel=1e-9)
        w -= rate * float(curve.slope(np.array(w)))
    assert len(message["told"]) == len(message["w"]) - 1


@pytest.mark.parametrize(
    ("rate", "factor", "word"),
    [
        (0.1, 0.8, "20.0 % of the way"),
        (0.5, 0.0, "lands on the minimum"),
        (0.75, -0.5, "overshot the minimum at w = 0, and is closer"),
        (1.0, -1.0, "just as far away"),
        (1.2, -1.4, "further out"),
    ],
)
def test_on_a_parabola_the_factor_is_told(rate, factor, word):
    setting = Setting("parabola", 1.2, rate, 5)
    message = onestep.message(setting, True, None)
    assert word in message["told"][0] and f"= {number(factor)}:" in message["told"][0]
    moved, to, before, after = values(message["told"][0])[1:5]
    assert moved == pytest.approx(abs(message["update"][0]), rel=5e-3)
    assert to == pytest.approx(1.2 * factor, rel=5e-3, abs=1e-12)
    if rate != 1:
        assert (before, after) == pytest.approx((message["loss"][0], message["loss"][1]), rel=5e-3)


def test_a_leap_into_another_valley_and_a_top_are_named():
    leap = onestep.message(Setting("double_well", 1.7, 0.15, 20), True, None)
    assert "has left the valley of the minimum at w = 0.960" in leap["told"][0]
    assert CURVES["double_well"].valley(float(leap["w"][1])) < 0
    still = onestep.message(Setting("parabola", 0.0, 0.3, 5), True, None)
    assert "stays at w = 0" in still["told"][0] and "Stationary" in still["ended"]["text"]


def test_a_walk_that_overflows_is_shown_up_to_where_its_last_step_led():
    curve = CURVES["double_well"]
    message = onestep.message(Setting("double_well", 5.0, 10.0, 20), True, None)
    w, loss = message["w"], message["loss"]
    assert len(w) < 21 and np.isfinite(w).all() and np.isfinite(loss[:-1]).all() and not np.isfinite(loss[-1])
    np.testing.assert_array_equal(w[1:], w[:-1] - 10.0 * message["slope"][:-1])
    assert abs(w[-1]) > abs(w[-2]) > 1e30
    assert "too large for the computer's numbers" in message["told"][-1]
    assert message["ended"]["text"].startswith(f"Diverged at step {message['ended']['step']}")
    assert loss[1] == curve.value(w[1])


@pytest.mark.parametrize("name", CURVES)
def test_the_frame_holds_start_and_curve(name):
    for start in (*limits.CURVE_WEIGHT, CURVES[name].start):
        ground = onestep.ground(CURVES[name], start)
        (low, high), (bottom, top) = ground["frame"]["x"], ground["frame"]["y"]
        assert low < start < high and (ground["x"][0], ground["x"][-1]) == (low, high)
        assert bottom < ground["y"].min() and ground["y"].max() < top
        assert ground["minima"] and all(low <= w <= high for w, _ in ground["minima"])


# --- fates -----------------------------------------------------------------------------------------------------------


def test_the_fates_on_a_parabola_are_what_their_share_of_the_edge_makes_them():
    setting = Setting("parabola", 1.2, 0.3, 20)
    shares = (0.02, 0.3, 0.7, 0.95, 1.0, 1.02, 1.2)
    names = [fates.fate(setting.curve, walk) for walk in fates.runs(setting, shares)]
    assert names == ["Crawls", "Arrives", "Overshoots, then arrives", "Bounces", "Bounces", "Bounces", "Diverges"]
    app = opened()
    runs = sent(app)[1]["runs"]
    for share, entry in zip(SHARES, runs, strict=True):
        np.testing.assert_allclose(entry["w"], 1.2 * (1 - 2 * share) ** np.arange(len(entry["w"])), atol=1e-12)
    assert "Diverged at step" in runs[3]["ended"] and "Converged at step" in runs[1]["ended"]
    escape = math.log(1000 * (1 + 1.44) / 1.44 + 1) / (2 * math.log(1.4))  # when (1.4²)ᵏ·L is 1000(1 + L) above L
    assert f"Diverged at step {math.ceil(escape)}:" in runs[3]["ended"]


def test_a_fate_in_another_valley_and_one_that_stays():
    far = Setting("double_well", 1.7, 0.15, 20)
    edge = far.curve.largest_stable_rate(far.start)
    assert fates.fate(far.curve, fates.runs(far, (0.15 / edge,))[0]) == "Ends in another valley"
    still = Setting("parabola", 0.0, 0.3, 5)
    assert {fates.fate(still.curve, walk) for walk in fates.runs(still, SHARES)} == {"Stays"}


def test_the_table_of_the_fates_holds_their_weights():
    app = opened(steps="7", good="0.25")
    rows = app.table[0].value
    assert list(rows["Step"]) == [str(k) for k in range(8)]
    good = rows[next(column for column in rows if "α = 0.25" in column)]
    assert list(good) == [number(1.2 * 0.5**k) for k in range(8)]


# --- two weights -----------------------------------------------------------------------------------------------------


def test_two_weights_take_the_same_rule_each_with_its_own_slope():
    app = opened(x="-4", y="2", condition="10", steps="30")
    rows = app.table[1].value
    rates = [share * 2 / 10 for share in SHARES]
    for rate, first, second in zip(rates, rows["w₁"], rows["w₂"], strict=True):
        for text, w, bend in ((first, -4.0, 1.0), (second, 2.0, 10.0)):
            old, slope, new = values(text)[0], values(text)[2], values(text)[3]
            assert (old, slope) == (w, bend * w)
            assert new == pytest.approx(w - rate * bend * w, rel=5e-3)
    kinds = [shown.outcome.kind for shown in two_weights.four(Run("ravine", (("condition", 10.0),), steps=30), SHARES)]
    assert kinds[3] == "diverged" and "diverged" not in kinds[:3]
    assert [text.startswith("diverged") for text in rows["Ends"]] == [kind == "diverged" for kind in kinds]


def test_one_run_alone_is_inspected_by_the_names_of_its_weights():
    stage = sent(opened(shown="1", surface="bowl"))[2]
    assert len(stage["runs"]) == 1
    assert [line[0] for line in stage["inspector"]["lines"]][2:4] == ["w₁", "w₂"]
    assert stage["axes"] == ["w₁", "w₂"]
    assert stage["ground"]["map"]["layout"]["xaxis"]["title"]["text"] == "w₁"


# --- controls and links ----------------------------------------------------------------------------------------------


def test_each_preset_shows_what_it_says_and_leaves_the_game_as_it_is():
    app = opened(predict="false", small="0.5", x="1")
    for preset in STEP_PRESETS:
        press(app, preset.label)
        assert preset.says in app.info[0].value
        first = sent(app)[0]
        assert (first["w"][0], first["rate"]) == (preset.values["w"], preset.values["rate"])
        assert not first["predict"]
        assert app.session_state["small"] == fates.SHARES["small"]
    press(app, "Reset this page")
    assert not app.info
    assert all(app.session_state[key] == value for key, value in RESTING.items())


def outcome_of(preset: str) -> tuple[str, np.ndarray]:
    values = next(p.values for p in STEP_PRESETS if p.label == preset)
    walk = curve_walk.walks(values["curve"], values["w"], (values["rate"],), curve_walk.STEPS)[0]
    return walk.outcome.kind, walk.w


def test_the_presets_end_as_their_names_say():
    kind, w = outcome_of("Too small")
    assert kind == "out of steps" and (np.diff(w) < 0).all() and w[-1] > w[0] / 3
    kind, w = outcome_of("Good")
    assert kind == "converged" and (w > 0).all()
    kind, w = outcome_of("Overshoot")
    assert kind == "converged" and (w[1:6] * w[:5] < 0).all()
    kind, w = outcome_of("Bounce")
    assert kind == "out of steps" and (np.abs(w) == w[0]).all()
    assert outcome_of("Diverge")[0] == "diverged"
    kind, w = outcome_of("Two valleys")
    curve = CURVES["double_well"]
    assert (
        kind == "converged"
        and w[0] > 0
        and w[1] < 0
        and curve.value(w[-1]) == pytest.approx(curve.value(curve.minima[0]))
    )
    assert curve_walk.walks("double_well", 1.7, (0.05,), 20)[0].w[-1] > 0  # as the preset's text says
    kind, w = outcome_of("Off a steep wall")
    assert kind == "converged" and w[1] < -3 and len(w) > 5 and (np.abs(np.diff(w[1:4])) < 1).all()


def test_another_curve_brings_its_own_start_and_rate():
    app = opened(w="0.7", rate="0.9")
    app.selectbox(key="curve").select("waves")
    first = sent(run(app))[0]
    assert first["w"][0] == CURVES["waves"].start and first["rate"] == curve_walk.usual_rate("waves")


@pytest.mark.parametrize("text", NOT_NUMBERS.values(), ids=NOT_NUMBERS)
def test_nonsense_is_named_and_the_default_used(text):
    if "\ud800" in text:
        pytest.skip("a lone surrogate cannot stand in a URL")
    every = ["curve", "w", "rate", "steps", "predict", "small", "surface", "x", "condition", "shown"]
    keys = every if len(text) < 10_000 else ["w"]
    app = opened(**dict.fromkeys(keys, text))
    assert all(f"{key} is" in warned(app) or f"{key} must" in warned(app) for key in keys)
    assert all(app.session_state[key] == RESTING.get(key, True) for key in keys)
    assert not set(keys) & set(app.query_params)


@pytest.mark.parametrize(
    ("key", "text", "used"),
    [
        ("w", "1e30", limits.CURVE_WEIGHT.high),
        ("rate", "0", limits.LEARNING_RATE.low),
        ("rate", "1e9", limits.LEARNING_RATE.high),
        ("steps", "1000000000", limits.CURVE_STEPS.high),
        ("large", "99", limits.EDGE_SHARE.high),
        ("small", "-1", limits.EDGE_SHARE.low),
        ("condition", "1e7", 1000.0),
    ],
)
def test_numbers_out_of_bounds_are_clamped_and_named(key, text, used):
    app = opened(**{key: text})
    assert f"{key} must" in warned(app)
    assert app.session_state[key] == used


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("start", limits.CURVE_WEIGHT)
def test_nothing_breaks_at_the_bounds(name, start):
    for rate, share in zip(limits.LEARNING_RATE, limits.EDGE_SHARE, strict=True):
        app = opened(curve=name, w=str(start), rate=f"{rate:.6f}", steps="100", large=str(share))
        assert not app.warning
        assert sent(app)[0]["w"][0] == start
