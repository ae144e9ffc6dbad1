"""The page on the learning rate as its readers use it, without a browser."""

from itertools import pairwise

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from engine.optimizers import OPTIMIZERS
from engine.rates import rate_grid
from engine.surfaces import SURFACES
from pages.parts import rate_controls, rate_figures, rate_networks, rate_presets
from tests.test_pages import choose, message, opened, paths, press, run, texts, value
from tests.unpack import unpack

SMALL = {"model": "network", "layers": "1", "units": "4", "network_steps": "20", "rates": "20", "c2": "none"}


def chart(app: AppTest, key: str) -> dict:
    """The figure and the text of a chart."""
    return unpack(next(part for part in app.get("bidi_component") if key in part.proto.id).proto.bytes)


def table(app: AppTest, column: str) -> dict[str, list[str]]:
    """The table that has this column."""
    return next(t.value for t in app.table if column in t.value).to_dict("list")


def rates(app: AppTest) -> list[str]:
    return message(app)["leaderboard"]["rates"]


def finished(app: AppTest) -> AppTest:
    for _ in range(60):  # in a browser the fragment's clock does this
        if not app.session_state[rate_networks.JOB].sweep.running:
            return run(app)
        run(app)
    raise AssertionError("it does not end")


def test_a_fresh_visit_shows_one_optimizer_at_three_rates_from_the_sweep():
    app = opened("learning_rate")
    assert len(app.title) == 1 and not app.warning and not app.error
    sent = message(app)
    assert [r["label"] for r in sent["runs"]] == ["Too small", "Good", "Divergent"]
    assert sent["leaderboard"]["titles"] == ["The rate is", "Rate", "Loss", "To minimum", "Steps"]
    small, good, large = map(float, rates(app))
    assert small < good < 2 / 18 < large
    assert sent["runs"][2]["diverged"] is not None and sent["runs"][1]["curve"][-1] < sent["runs"][0]["curve"][-1]
    looks = {(r["colour"], tuple(r["dash"]), r["marker"]) for r in sent["runs"]}
    assert len(looks) == 3 and "2/λmax = 0.111" in texts(app.markdown)
    assert not set(rate_controls.THREE) & set(app.query_params)


def test_the_curves_are_64_rates_in_colour_and_the_three_on_top():
    curves = chart(opened("learning_rate"), "rate_curves")
    lines = [t for t in curves["figure"]["data"] if t["mode"] == "lines"]
    assert len(lines) == 64 + 3 and len({t["line"]["color"] for t in lines}) > 40
    bar = next(t["marker"]["colorbar"] for t in curves["figure"]["data"] if "colorbar" in t.get("marker", {}))
    assert bar["title"]["text"] == "learning rate"
    marks = next(t for t in curves["figure"]["data"] if t.get("marker", {}).get("symbol") == "x" and len(t["x"]) > 1)
    assert len(marks["x"]) == int(curves["alt"].split("; ")[1].split()[0]) + 1  # and that on the map
    assert curves["figure"]["layout"]["yaxis"]["type"] == "log"


@pytest.mark.parametrize(("dark", "ground"), [(False, "#FFFFFF"), (True, "#14171A")])
def test_the_colours_of_rates_stand_out_from_the_page(dark, ground):
    def luminance(channels):
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return float(np.dot((0.2126, 0.7152, 0.0722), linear))

    page = luminance([int(ground[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    for _, colour in rate_figures.rate_colours(dark):
        line = luminance([int(c) / 255 for c in colour[4:-1].split(",")])
        assert (max(line, page) + 0.05) / (min(line, page) + 0.05) >= 2.7


def test_a_rate_of_the_readers_own_stays_and_the_others_follow_the_sweep():
    app = opened("learning_rate")
    before, own = rates(app), paths(app)
    choose(app, "good_slider", 0.1)
    assert value(app, "good") == 0.1
    assert rates(app) == [before[0], "0.1", before[2]]
    assert paths(app)[0] == own[0] and paths(app)[1] != own[1]
    assert message(app)["runs"][1]["label"] == "Too large" and "0.1 (too large)" in message(app)["runs"][1]["ended"]
    choose(app, "optimizer", "momentum")
    assert value(app, "good") is None and rates(app)[1] != "0.1"
    linked = opened("learning_rate", large="0.2")
    assert rates(linked) == [before[0], before[1], "0.2"]


def test_a_new_start_brings_a_new_sweep():
    app = opened("learning_rate", surface="rosenbrock", x="-1.2", y="1")
    before = chart(app, "rate_ends")["figure"]["data"][0]["y"]
    choose(app, "x", 0.5)
    assert message(app)["extra"]["start"][0] == 0.5
    assert chart(app, "rate_ends")["figure"]["data"][0]["y"].tolist() != before.tolist()


@pytest.mark.parametrize("surface", [*SURFACES, "formula"])
def test_every_surface_is_swept_and_says_what_it_knows(surface):
    app = opened("learning_rate", surface=surface, c1="none", c2="none", rates="24", steps="40")
    assert not app.error and not app.warning
    known = surface not in ("monkey_saddle", "mccormick")
    assert ("no lowest point" in texts(app.info)) == (not known)
    said = texts(app.markdown)
    assert ("stability limit" in said or "λmax" in said) == (surface not in ("monkey_saddle", "ackley"))
    assert ("of the cells agree" in said) == (surface in ("bowl", "ravine", "booth", "matyas"))
    assert list(table(app, "Best rate")["Optimizer"]) == ["SGD"]


def test_every_optimizer_is_swept_and_up_to_six_are_compared():
    app = opened("learning_rate", c3="rmsprop", c4="lion", c5="adamw")
    labels = [OPTIMIZERS[key].label for key in ("sgd", "momentum", "adam", "rmsprop", "lion", "adamw")]
    assert table(app, "Best rate")["Optimizer"] == labels
    for key in OPTIMIZERS:
        choose(app, "optimizer", key)
        assert not app.error and table(app, "Best rate")["Optimizer"][0] == OPTIMIZERS[key].label
        assert ("the largest stable rate" in texts(app.markdown)) == (key in ("sgd", "momentum", "nesterov"))
    assert table(app, "Best rate")["Optimizer"].count("Lion") == 1  # chosen, and not once more among the others


def test_the_ends_have_named_regions_and_the_edge():
    figure = chart(opened("learning_rate", surface="ravine"), "rate_ends")["figure"]
    words = [a["text"] for a in figure["layout"]["annotations"]]
    assert words == ["too small", "good", "too large", "divergent"]
    bands = [s for s in figure["layout"]["shapes"] if s["type"] == "rect"]
    assert all(left["x1"] == right["x0"] for left, right in pairwise(bands))
    edge = next(s for s in figure["layout"]["shapes"] if s["type"] == "line" and s["line"]["dash"] == "dash")
    assert edge["x0"] == pytest.approx(2 / 50) and "2/λmax" in [t.get("name") for t in figure["data"]]
    momentum = chart(opened("learning_rate", surface="ravine", optimizer="momentum"), "rate_ends")["figure"]
    edge = next(s for s in momentum["layout"]["shapes"] if s["type"] == "line" and s["line"]["dash"] == "dash")
    assert edge["x0"] == pytest.approx(2 * 1.9 / 50)


@pytest.mark.parametrize("method", rate_controls.METHODS)
def test_the_map_has_its_border_on_a_quadratic(method):
    app = opened("learning_rate", surface="ravine", method=method)
    names = [t.get("name") for t in chart(app, "rate_map")["figure"]["data"]]
    assert {"stability limit", "best momentum for each rate", "best measured", "diverged"} <= set(names)
    assert ("best in theory" in names) == (method == "momentum")
    share = float(texts(app.markdown).split("% of the cells agree")[0].split()[-1])
    assert share >= 99
    rows = table(app, "First that diverges")
    bests = ["best measured", "best in theory"][: 2 if method == "momentum" else 1]
    assert [text.split(", ")[1] for text in rows["Momentum"][3:]] == bests
    loss = chart(app, "rate_map")["figure"]["data"][1]["z"]
    choose(app, "colour", "steps")
    assert np.nanmax(chart(app, "rate_map")["figure"]["data"][1]["z"]) > 50 > np.nanmax(loss)


def test_schedules_are_chosen_and_share_a_base_rate():
    app = opened("learning_rate", surface="beale", base="0.04", with_cosine="false")
    rows = table(app, "Schedule")
    assert rows["Schedule"] == ["Constant", "Step", "Exponential", "Warm-up", "One cycle"]
    ends = dict(zip(rows["Schedule"], rows["Loss at the end"], strict=True))
    assert ends["Constant"] == "diverged" != ends["Warm-up"]
    for key in ("constant", "step", "exponential", "warmup", "one_cycle"):
        choose(app, f"with_{key}", False)
    assert "Choose at least one." in texts(app.info) and not app.error


@pytest.mark.parametrize("preset", rate_presets.RATE_PRESETS, ids=lambda preset: preset.label)
def test_each_preset_shows_what_it_says_and_leaves_nothing_of_what_was_before(preset):
    app = opened("learning_rate", small="0.001", good="3", c5="lion", steps="33")
    press(app, preset.label)
    for key, wanted in preset.values.items():
        assert value(app, key) == wanted, key
    assert value(app, "c5") == "none"
    if preset.values["model"] == "network":
        finished(app)
    assert preset.says in texts(app.info)
    if preset.label != "A network":
        press(app, "Reset this page")
        assert paths(app) == paths(opened("learning_rate"))


def test_what_the_presets_say_is_so():
    values = {preset.label: preset.values for preset in rate_presets.RATE_PRESETS}

    def curves(label):
        link = {key: str(wanted) for key, wanted in values[label].items()}
        sent = message(opened("learning_rate", **link))["runs"]
        assert sent[2]["label"] == "Divergent" and [r["label"] for r in sent].count("Divergent") == 1
        return [r["curve"] for r in sent]

    half, one, large = curves("Arrive in one step")
    np.testing.assert_allclose(half[1:6] / half[:5], 0.25, rtol=1e-5)
    assert one[1] == 0 and large[-1] > large[0]
    below, at, above = curves("Past 2/λmax")
    assert below[-1] < 0.1 * below[0] and above[-1] > 10 * above[0]
    assert at[-1] == pytest.approx(0.5 * 50 * 0.8**2, rel=0.01)  # the bounce is left of it, as large as ever
    curves("Warm-up")
    small, good, large = curves("Momentum widens the range")
    assert good[-1] < 0.01 * good[0] and large[-1] > 1e3 * large[0] and small[-1] > good[-1]


# A network


def test_a_network_is_swept_in_blocks_that_end_and_the_rest_follows():
    app = finished(opened("learning_rate", **SMALL))
    job = app.session_state[rate_networks.JOB]
    assert job.sweep.done == job.sweep.total == 4 and job.owners == [0, 0, 1, 1]
    curves = job.curves(0)
    assert curves.rates.tolist() == rate_grid(1e-4, 10, 20).tolist() and len(curves.losses) == 21
    assert table(app, "Best rate")["Optimizer"] == ["SGD", "SGD + momentum"]
    assert len(table(app, "Schedule")["Schedule"]) == 6 and "One run" in texts(app.markdown)
    assert value(app, "base") is None
    choose(app, "with_step", False)
    assert app.session_state[rate_networks.JOB] is job  # what was computed is not computed again
    choose(app, "seed", 1)
    assert app.session_state[rate_networks.JOB] is not job and not job.sweep.running


def test_a_network_sweep_can_be_stopped_keeps_what_it_has_and_goes_on():
    app = run(opened("learning_rate", model="network", network_steps="2000"))
    press(app, "Stop")
    job = app.session_state[rate_networks.JOB]
    assert not job.sweep.running and 0 < job.sweep.done < job.sweep.total
    assert "Stopped" in texts(app.info) and chart(app, "rate_curves")
    assert table(app, "Best rate")["Optimizer"][0] == "SGD"
    press(app, "Go on")
    assert app.session_state[rate_networks.JOB] is job and job.sweep.running
    choose(app, "model", "surface")
    assert message(app)["runs"]


@pytest.mark.parametrize("data", rate_controls.DATASET_LABELS)
def test_every_data_set_has_a_loss_that_fits(data):
    app = finished(opened("learning_rate", **SMALL | {"data": data, "c1": "none"}))
    assert not app.error and table(app, "Best rate")["Optimizer"] == ["SGD"]


def test_a_sweep_that_would_take_too_long_is_cut_and_says_so():
    app = opened("learning_rate", model="network", layers="4", units="128", batch="2000", network_steps="2000")
    press(app, "Stop")  # before anything is done
    assert "would take too long" in texts(app.info) and "Stopped: 0 of" in texts(app.info)
    study = app.session_state[rate_networks.JOB].study
    assert study.learner.steps < 2000 and study.size >= rate_controls.FEWEST


# Bad input

NUMBERS = [key for key, rule in rate_controls.RULES.items() if hasattr(rule, "low")]


@pytest.mark.parametrize("text", ["nan", "1e999", "<script>alert(1)</script>"])
def test_nonsense_in_any_parameter_is_named_and_the_default_used(text):
    keys = ["small", "low", "rates", "base", "x", "steps", "model", "optimizer", "c1", "method", "with_step"]
    app = opened("learning_rate", **dict.fromkeys(keys, text))
    notice = texts(app.warning)
    assert all(f"{key} " in notice for key in keys) and "script" not in notice
    assert not set(keys) & set(app.query_params) and message(app)["runs"]


@pytest.mark.parametrize("end", ["low", "high"])
def test_every_number_of_a_link_may_stand_at_its_ends(end):
    link = {key: f"{getattr(rate_controls.RULES[key], end):.15g}" for key in NUMBERS}
    link |= {"steps": "300", "network_steps": "10", "batch": "64"}
    app = opened("learning_rate", **link)
    for optimizer in ("momentum", "adam"):
        choose(app, "optimizer", optimizer)
        assert not app.error and len(message(app)["runs"]) == 3
    choose(app, "model", "network")
    assert not app.error


def test_ends_of_the_sweep_in_the_wrong_order_or_the_same_are_put_right():
    turned = opened("learning_rate", low="1", high="0.01")
    first = chart(turned, "rate_ends")["figure"]["data"][0]["x"]
    assert first[0] == 0.01 and first[-1] == 1
    same = opened("learning_rate", low="1", high="1")
    assert len(chart(same, "rate_ends")["figure"]["data"][0]["x"]) == 64


def test_where_every_rate_diverges_the_page_says_so_and_stands():
    app = opened("learning_rate", surface="ravine", low="1", high="10", c1="none", c2="none")
    assert [r["label"] for r in message(app)["runs"]] == ["Divergent"] * 3
    assert table(app, "Best rate")["Best rate"] == ["none"]


def test_a_faulty_formula_is_named():
    app = opened("learning_rate", surface="formula", formula="x+foo")
    assert "can't be drawn" in texts(app.error) and message(app)["runs"]
