"""Descent and race as their readers use them, without a browser: every choice, every preset, every hostile link."""

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from engine.experiment import RUNNERS
from engine.surfaces import SURFACES
from pages.parts import controls, presets, stage
from pages.parts.words import escaped
from tests.test_link import NOT_NUMBERS
from tests.unpack import unpack

APP = Path(__file__).parents[1] / "app.py"
PAGES = ("descent", "race")
MODES = ("Each at its best rate", "Same rate for all", "A rate for each")

every_page = pytest.mark.parametrize("page", PAGES)


def opened(page: str, **query: str | list[str]) -> AppTest:
    """A page at a link."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    return run(app.switch_page(f"pages/{page}.py"))


def run(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception[0].message
    return app


def choose(app: AppTest, key: str, value: Any) -> AppTest:
    """Set a control and run."""
    widgets = [*app.selectbox, *app.number_input, *app.select_slider, *app.toggle, *app.text_input]
    next(widget for widget in widgets if widget.key == key).set_value(value)
    return run(app)


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    return run(app)


def value(app: AppTest, key: str) -> Any:
    return app.session_state[key]


def message(app: AppTest) -> dict[str, Any]:
    """What the page sent to its stage."""
    stage = app.get("bidi_component")[0]  # the race's chart is another
    return unpack(stage.proto.bytes)


def paths(app: AppTest) -> list[bytes]:
    return [run["x"].tobytes() + run["y"].tobytes() for run in message(app)["runs"]]


def texts(elements: Iterable[Any]) -> str:
    return " ".join(element.value for element in elements)


# --- both pages ------------------------------------------------------------------------------------------------------


@every_page
def test_a_page_at_its_defaults_has_one_heading_a_stage_and_no_complaint(page):
    app = opened(page)
    assert len(app.title) == 1
    assert not app.warning and not app.error
    sent = message(app)
    assert all("diverged" not in run["ended"] for run in sent["runs"])
    assert sent["playhead"] is None and sent["offers"] == {"change": True}


@every_page
def test_every_landscape_brings_its_start_and_can_be_left_again(page):
    app = opened(page)
    for key, label in controls.SURFACE_LABELS.items():
        choose(app, "surface", key)
        sent = message(app)
        if key in SURFACES:
            start = SURFACES[key].start.tolist()
            assert [value(app, "x"), value(app, "y")] == pytest.approx(start)
            assert sent["extra"]["start"] == pytest.approx(start, rel=1e-6)
            assert label in sent["alt"]["map"]
        assert not app.error and not app.warning


@every_page
def test_the_formula_of_ones_own_is_drawn_and_a_faulty_one_is_named(page):
    app = opened(page, surface="formula", formula="x**2 + 5*y**2", x="2", y="1")
    assert not app.error and "ground" in message(app)
    shown = message(app)["ground"]["key"]
    choose(app, "formula", "x**2 + 6*y**2")
    assert message(app)["ground"]["key"] != shown
    choose(app, "view", 7.0)
    assert message(app)["ground"]["x"][[0, -1]].tolist() == [-7, 7]
    choose(app, "formula", "x**2 + foo(y)")
    fault = texts(app.error)
    assert "'foo'" in fault and "character 8" in fault and escaped(controls.FORMULA_EXAMPLE) in fault
    assert controls.FORMULA_EXAMPLE in message(app)["ground"]["key"]
    choose(app, "formula", "x**2 + y**4")
    assert not app.error


@every_page
@pytest.mark.parametrize(
    "formula",
    [
        "__import__('os')", "().__class__", "9**9**9", "9**9**9*x", "(" * 250 + "x" + ")" * 249, "1/0", "x/0",
        "log(-1)", "log(-1 - x**2)", "7", "", " ", "x y", "lambda: x", "x; y", "x = 1", "[x for x in y]", "x.real",
        "f'{x}'", "\0", "x" * 500, "<script>alert(1)</script>", "$x$ **y** `z`", "\u202ex", "x\u200b+y", "١*x",
    ],
)  # fmt: skip
def test_a_hostile_formula_gets_a_sentence_and_the_example_is_drawn(page, formula):
    app = opened(page, surface="formula", formula=formula)
    assert "The formula can't be drawn" in texts(app.error)
    assert "<script" not in texts(app.error).replace("\\<", "")
    assert controls.FORMULA_EXAMPLE in message(app)["ground"]["key"]


@every_page
@pytest.mark.parametrize("formula", ["log(x)", "1/x", "x**x", "0*x", "1e300*x**2", "tanh(1e3*x)", "min(x, y)", "-x**2"])
def test_a_landscape_with_holes_cliffs_or_no_bottom_is_drawn(page, formula):
    app = opened(page, surface="formula", formula=formula, x="0", y="0", steps="30")
    assert not app.error
    assert all(run["ended"] for run in message(app)["runs"])


@every_page
def test_each_preset_shows_what_it_says_and_leaves_nothing_of_what_was_before(page):
    app = opened(page, noise="0.5", steps="33", schedule="cosine")
    for preset in presets.DESCENT_PRESETS if page == "descent" else presets.RACE_PRESETS:
        press(app, preset.label)
        for key, wanted in preset.values.items():
            assert value(app, key) == wanted, key
        assert value(app, "noise") == 0 and value(app, "schedule") == "constant"
        assert preset.says in texts(app.info)
        message(app)
    press(app, "Reset this page")
    fresh = opened(page)
    assert not app.info
    assert paths(app) == paths(fresh)


@every_page
def test_reset_brings_back_what_a_fresh_visit_shows(page):
    app = opened(page, x="0.5", y="0.5", steps="17", noise="1", seed="9", schedule="one_cycle", field="true")
    assert paths(app) != paths(opened(page))
    press(app, "Reset this page")
    assert paths(app) == paths(opened(page))
    assert message(app)["extra"]["field"] is None


@every_page
def test_steps_noise_seed_and_schedule_reach_the_engine(page):
    app = opened(page)
    choose(app, "steps", 50)
    straight = paths(app)
    assert len(message(app)["runs"][0]["x"]) == 51
    choose(app, "noise", 0.5)
    noisy = paths(app)
    choose(app, "seed", 1)
    other = paths(app)
    choose(app, "seed", 0)
    assert paths(app) == noisy
    assert len({straight[0], noisy[0], other[0]}) == 3
    choose(app, "noise", 0.0)
    assert paths(app) == straight
    for key in controls.SCHEDULE_LABELS:
        choose(app, "schedule", key)
        assert (paths(app) == straight) == (key == "constant")


@every_page
def test_the_toggles_of_the_map(page):
    app = opened(page)
    assert message(app)["extra"]["field"] is None and message(app)["ghost"] is True
    choose(app, "field", True)
    assert len(message(app)["extra"]["field"]["x"]) == 17 * 17
    choose(app, "ghost", False)
    assert message(app)["ghost"] is False
    if page == "descent":
        choose(app, "curvature", True)
        assert message(app)["extra"]["curvature"] is not None


@every_page
def test_the_rate_changes_in_mid_run_and_not_before(page):
    app = opened(page, steps="60")
    before = message(app)["runs"][0]
    choose(app, "change", True)
    choose(app, "change_step", 20)
    after = message(app)["runs"][0]
    assert (after["x"][:21] == before["x"][:21]).all()
    assert (after["x"][21:25] != before["x"][21:25]).any()


@every_page
def test_the_playhead_of_a_link_reaches_the_stage(page):
    assert message(opened(page, step="17"))["playhead"] == 17


# --- hostile links ---------------------------------------------------------------------------------------------------


@every_page
@pytest.mark.parametrize("text", NOT_NUMBERS.values(), ids=NOT_NUMBERS)
def test_nonsense_in_any_parameter_is_named_and_the_default_used(page, text):
    if "\ud800" in text:
        pytest.skip("a lone surrogate cannot stand in a URL")
    keys = ["steps", "x", "y", "noise", "seed", "step", "surface", "schedule", "field"]
    keys.append("optimizer" if page == "descent" else "r1")
    if len(text) > 10_000:
        keys = keys[:1]  # a link of more than 512 kB Streamlit drops whole
    app = opened(page, **dict.fromkeys(keys, text))
    notice = texts(app.warning)
    assert all(f"{key} is" in notice or f"{key} must" in notice for key in keys)
    assert "script" not in notice and len(notice) < 2000
    assert paths(app) == paths(opened(page))
    assert not set(keys) & set(app.query_params)
    press(app, "Dismiss")
    assert not app.warning


@every_page
@pytest.mark.parametrize(
    ("key", "text", "used"),
    [
        ("steps", "1000000000", 5000),
        ("steps", "0", 1),
        ("steps", "-1", 1),
        ("steps", "12.6", 13),
        ("x", "1e300", 1e6),
        ("noise", "-1", 0),
        ("noise", "1e9", 100),
        ("seed", "-5", 0),
        ("seed", "1e30", 2**31 - 1),
    ],
)
def test_numbers_out_of_bounds_are_clamped_and_named(page, key, text, used):
    app = opened(page, **{key: text})
    assert f"{key} must" in texts(app.warning)
    assert value(app, key) == used
    message(app)


@every_page
def test_repeated_unknown_and_very_many_parameters(page):
    many = {f"p{i}": "x" * 400 for i in range(990)} | {"grid": "100000", "__proto__": "<script>", "constructor": "x"}
    app = opened(page, steps=["10", "20"], **many)
    assert value(app, "steps") == 20
    assert texts(app.warning) == "In the link: steps was given more than once; the last one is used."


def test_a_hostile_rate_and_hostile_hyperparameters():
    app = opened("descent", optimizer="adam", learning_rate="nan", beta1="1", beta2="-3", eps="0", weight_decay="abc")
    notice = texts(app.warning)
    assert all(f"{key} " in notice for key in ("learning_rate", "beta1", "beta2", "eps", "weight_decay"))
    assert (value(app, "beta1"), value(app, "beta2"), value(app, "eps")) == (0.9999, 0.0, 1e-12)
    assert value(app, "weight_decay") == 0.0
    assert paths(app)


def test_a_fault_in_a_link_leaves_the_rest_of_it():
    app = opened("descent", surface="bowl", optimizer="adam", learning_rate="0.05", steps="abc", x="1", y="2")
    assert value(app, "surface") == "bowl" and value(app, "optimizer") == "adam"
    assert (value(app, "learning_rate"), value(app, "x"), value(app, "y")) == (0.05, 1, 2)
    assert "steps" not in app.query_params and "x" in app.query_params


@pytest.mark.parametrize(
    "payload",
    [None, 3, "text", [1, 2], {}, {"x": 1}, {"x": None, "y": 1}, {"x": float("nan"), "y": 1},
     {"x": 1, "y": float("inf")}, {"x": "1", "y": 2}, {"x": True, "y": 1}, {"x": [1], "y": 2}],
)  # fmt: skip
def test_what_a_browser_sends_is_not_trusted(payload, monkeypatch):
    monkeypatch.setattr(st, "session_state", {"stage": SimpleNamespace(start=payload)})
    assert stage.triggered("stage", "start", "x", "y") is None
    assert stage.triggered("elsewhere", "start", "x", "y") is None


def test_a_point_that_a_browser_sends():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(st, "session_state", {"stage": SimpleNamespace(start={"x": 1, "y": -2.5, "z": "other"})})
        assert stage.triggered("stage", "start", "x", "y") == (1.0, -2.5)


# --- descent ---------------------------------------------------------------------------------------------------------


def test_the_slider_writes_the_box_and_the_box_moves_the_slider_without_losing_its_digits():
    app = opened("descent")
    choose(app, "learning_rate_slider", 0.01)
    assert value(app, "learning_rate") == 0.01
    choose(app, "learning_rate", 0.0123456)
    assert value(app, "learning_rate") == 0.0123456
    assert abs(value(app, "learning_rate_slider") / 0.0123456 - 1) < 0.1


def test_every_optimizer_runs_with_a_rate_of_its_own_and_without_weight_decay():
    app = opened("descent")
    for key, entry in RUNNERS.items():
        choose(app, "optimizer", key)
        sent = message(app)
        assert sent["runs"][0]["label"] == entry.label and entry.label in texts(app.header)
        assert "diverged" not in sent["runs"][0]["ended"]
        for h in entry.hyperparameters:
            own = value(app, h.name)
            assert h.low <= own <= h.high
            assert h.name == "learning_rate" or own == (0.0 if h.name == "weight_decay" else h.default)


@pytest.mark.parametrize("optimizer", RUNNERS)
def test_every_hyperparameter_reaches_the_engine(optimizer):
    app = opened("descent", optimizer=optimizer, surface="himmelblau")
    for h in RUNNERS[optimizer].hyperparameters:
        before, old = paths(app), value(app, h.name)
        choose(app, h.name, h.high if h.log else (0.5 if old != 0.5 else 0.6))
        assert paths(app) != before or (h.name == "dampening" and not value(app, "momentum")), h.name
        choose(app, h.name, old)
        assert paths(app) == before


def test_another_optimizer_does_not_inherit_what_meant_something_else_to_the_last_one():
    app = opened("descent", optimizer="momentum", momentum="0.7", weight_decay="0.1")
    choose(app, "surface", "himmelblau")
    assert (value(app, "momentum"), value(app, "weight_decay")) == (0.7, 0.1)  # another landscape changes only the rate
    choose(app, "optimizer", "rmsprop")
    assert (value(app, "momentum"), value(app, "weight_decay")) == (0.0, 0.0)


def test_a_preset_is_the_same_whatever_was_before():
    app, fresh = opened("descent", optimizer="momentum", dampening="0.5", weight_decay="0.2"), opened("descent")
    for page in (app, fresh):
        press(page, "Momentum out of a local minimum")
    assert paths(app) == paths(fresh)


def test_a_rate_past_the_limit_diverges_and_says_so():
    app = opened("descent", surface="ravine", condition="50", learning_rate="0.05")
    (run_sent,) = message(app)["runs"]
    assert run_sent["diverged"] and "above 0.0400, the largest stable rate" in run_sent["ended"]


def test_the_ravine_takes_its_shape_from_the_link():
    app = opened("descent", surface="ravine", condition="200", angle="30")
    straight = message(opened("descent", surface="ravine", condition="200"))
    assert message(app)["ground"]["key"] != straight["ground"]["key"]
    assert (value(app, "condition"), value(app, "angle")) == (200, 30)


# --- race ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_each_way_of_choosing_rates(mode):
    app = opened("race", mode=mode)
    sent = message(app)
    rates = sent["leaderboard"]["rates"]
    assert len(rates) == len(sent["runs"]) == 5
    assert (len(set(rates)) == 1) == (mode == "Same rate for all")
    assert any(w.key == "rate" for w in app.number_input) == (mode == "Same rate for all")
    assert any(w.key == "r1_learning_rate" for w in app.number_input) == (mode == "A rate for each")


def test_one_rate_for_all_is_the_rate_of_all():
    app = opened("race", mode="same", rate="0.002")
    assert message(app)["leaderboard"]["rates"] == ["0.002"] * 5


def test_a_rate_for_each():
    app = opened("race", mode="own", r1_learning_rate="0.003", r5_learning_rate="0.2")
    rates = message(app)["leaderboard"]["rates"]
    assert (rates[0], rates[4]) == ("0.003", "0.2")


def test_the_best_rate_is_never_beaten_by_far_by_the_usual_one():
    best, own = (message(opened("race", mode=mode)) for mode in ("best", "own"))
    for at_best, at_own in zip(best["runs"], own["runs"], strict=True):
        assert at_best["curve"][-1] < 20 * at_own["curve"][-1]


def test_no_runner_at_all_is_a_sentence_and_one_is_a_race_of_one():
    app = opened("race", **{f"r{i}": "none" for i in range(1, 7)})
    assert "No runner is chosen" in texts(app.info) and not app.get("bidi_component")
    choose(app, "r3", "adam")
    assert [run["label"] for run in message(app)["runs"]] == ["Adam"]


def test_six_runners_of_one_kind_are_told_apart():
    app = opened("race", **{f"r{i}": "adam" for i in range(1, 7)})
    sent = message(app)["runs"]
    assert [run["label"] for run in sent] == ["Adam", *(f"Adam {i}" for i in range(2, 7))]
    assert len({(tuple(run["dash"]), run["marker"]) for run in sent}) == 6


def test_every_optimizer_can_race():
    app = opened("race", r1="none", r2="none", r3="none", r4="none", r5="none", steps="40")
    for key, entry in RUNNERS.items():
        choose(app, "r6", key)
        assert [run["label"] for run in message(app)["runs"]] == [entry.label]


def test_a_runners_own_hyperparameters_come_from_the_link():
    app = opened("race", r1="momentum", r1_momentum="0.5", r2="momentum", r2_momentum="0.95", mode="same", rate="0.001")
    sent = message(app)["runs"]
    assert (value(app, "r1_momentum"), value(app, "r2_momentum")) == (0.5, 0.95)
    assert (sent[0]["x"] != sent[1]["x"]).any()


def test_all_runners_feel_the_same_noise():
    app = opened("race", r1="sgd", r2="sgd", r3="none", r4="none", r5="none", mode="same", noise="2", steps="20")
    first, second = message(app)["runs"]
    assert (first["x"] == second["x"]).all()


def test_the_table_of_rates_names_every_runner_and_the_table_of_optimizers_all_there_are():
    app = opened("race")
    rates, entries = (table.value for table in app.table)
    assert list(rates["Runner"]) == [run["label"] for run in message(app)["runs"]]
    assert list(entries["Optimizer"]) == [entry.label for entry in RUNNERS.values()]
    assert entries["Best for"].str.len().min() > 10
