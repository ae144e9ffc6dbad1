"""The page on batch size as its readers use it, without a browser: data sets, presets, bad inputs, hostile links."""

import numpy as np
import pytest

from engine import limits
from engine.regressions import REGRESSIONS, regression
from pages.parts import batch_controls, batch_figures, batch_noise, presets
from tests.test_pages import choose, message, opened, paths, press, texts, value
from tests.unpack import unpack

FITTED = regression("linear_regression", 30)


def figure(app, key):
    """The figure and the text of a chart under the stage."""
    chart = next(part for part in app.get("bidi_component")[1:] if key in part.proto.id)
    return unpack(chart.proto.bytes)


def shapes(app):
    return [len(run["x"]) - 1 for run in message(app)["runs"]]


def test_the_page_at_its_defaults_shows_three_runs_that_differ_in_their_batches():
    app = opened("batches")
    assert len(app.title) == 1 and not app.warning and not app.error and not app.info
    sent = message(app)
    assert [run["label"] for run in sent["runs"]] == ["One sample", "Mini-batch of 8", "Full batch of 100"]
    assert sent["leaderboard"]["rates"] == ["1", "8", "100"]
    looks = {(run["colour"], tuple(run["dash"]), run["marker"]) for run in sent["runs"]}
    assert len(looks) == 3 and len({look[2] for look in looks}) == 3
    assert sent["ground"]["map"]["layout"]["xaxis"]["title"]["text"] == "w"
    assert sent["ground"]["scene"]["layout"]["scene"]["yaxis"]["title"]["text"] == "b"
    assert "diverged" not in texts(app.markdown)


def test_the_batch_size_changes_the_mini_batch_path_alone():
    app = opened("batches")
    before = paths(app)
    choose(app, "batch", 32)
    after = paths(app)
    assert before[0] == after[0] and before[1] != after[1] and before[2] == after[2]
    choose(app, "seed", 1)
    assert paths(app)[0] != after[0] and paths(app)[1] != after[1] and paths(app)[2] == after[2]


def test_the_table_says_what_each_run_saw_and_how_far_it_hovers():
    rows = opened("batches").table[0].value
    assert list(rows["Samples seen"]) == ["200", "1,600", "20,000"]
    far = [float(text.replace("·10⁻⁴", "e-4").replace("·10⁻⁵", "e-5")) for text in rows["Mean distance, last tenth"]]
    assert far[0] > far[1] > far[2] > 0
    decayed = opened("batches", schedule="cosine").table[0].value["Mean distance, last tenth"]
    assert float(decayed[0]) < far[0] / 3


def test_equal_epochs_see_every_sample_as_often():
    app = opened("batches", mode="epochs", epochs="4", batch="30")
    assert shapes(app) == [400, 16, 4]
    choose(app, "epochs", 500)
    assert shapes(app) == [5000, 200, 50]
    assert "50 epochs are shown" in texts(app.info)
    choose(app, "samples", 500)
    assert shapes(app)[0] == 5000 and shapes(app)[2] == 10


def test_every_data_set_brings_its_start_rate_and_names():
    app = opened("batches")
    for key, entry in REGRESSIONS.items():
        choose(app, "data", key)
        assert not app.error and not app.warning and not app.info
        fitted = regression(key, 100, 1.0 if key == "linear_regression" else None)
        assert [value(app, "x"), value(app, "y")] == pytest.approx(fitted.surface.start, rel=5e-3)
        assert value(app, "learning_rate") == pytest.approx(fitted.surface.rate, rel=0.05)
        assert any(w.key == "data_noise" for w in app.number_input) == (entry.noise is not None)
        assert {f"Start {weight}" for weight in fitted.model.weights} <= {w.label for w in app.number_input}
        assert entry.label in message(app)["alt"]["map"]
        assert np.isfinite(message(app)["runs"][2]["curve"]).all()


def test_every_optimizer_brings_its_rate():
    app = opened("batches")
    for optimizer in batch_controls.OPTIMIZER_LABELS:
        choose(app, "optimizer", optimizer)
        full = message(app)["runs"][2]
        assert full["curve"][-1] < 0.1 * full["curve"][0] and "diverged" not in full["ended"]


def test_each_preset_shows_what_it_says_and_leaves_nothing_of_what_was_before():
    app = opened("batches", seed="5", cloud="20")
    for preset in presets.BATCH_PRESETS:
        press(app, preset.label)
        for key, wanted in preset.values.items():
            assert value(app, key) == wanted, key
        assert value(app, "seed") == 0 and value(app, "cloud") == 0
        assert preset.says in texts(app.info)
    press(app, "Reset this page")
    assert not app.info and paths(app) == paths(opened("batches"))


def test_what_the_presets_say_is_so():
    values = {preset.label: preset.values for preset in presets.BATCH_PRESETS}

    def ends(label):
        app = opened("batches", **{key: str(wanted) for key, wanted in values[label].items()})
        return [run["curve"] for run in message(app)["runs"]]

    floor, gone = ends("Noise floor"), ends("The floor goes with the rate")
    for noisy, decayed in zip(floor[:2], gone[:2], strict=True):
        assert decayed[-20:].mean() < 0.1 * noisy[-20:].mean()
    fast = ends("Too fast for one sample")
    assert fast[2][-1] < 1e-4 < fast[1][-20:].mean() < 0.2 * fast[0][-20:].mean()
    one, _, full = ends("Equal epochs")
    assert (len(one), len(full)) == (301, 4) and full[-1] > 3 * one[-30:].mean()
    _, mini, full = ends("Real tumours, 32 at a time")
    assert abs(mini[-20:].mean() - full[-1]) < 0.05 * full[0]


def test_the_cloud_follows_its_step_and_a_link_that_stands_at_a_step():
    app = opened("batches")
    start = figure(app, "batch_cloud")["alt"]
    choose(app, "cloud", 200)
    assert "step 200" in figure(app, "batch_cloud")["alt"] != start
    choose(app, "cloud", 5000)
    assert "step 200" in figure(app, "batch_cloud")["alt"]  # the run's last
    linked = opened("batches", step="40")
    assert "step 40" in figure(linked, "batch_cloud")["alt"] and message(linked)["playhead"] == 40


def test_the_cloud_of_the_figure_has_the_predicted_spread_round_the_gradient():
    params = FITTED.surface.start
    each, spread = FITTED.sample_gradients(params), FITTED.covariance(params, 6)
    batches, sizes = FITTED.batch_gradients(params, 6, 0)
    view = batch_figures.cloud_view(each, batches, sizes == 6)
    drawn = batch_figures.cloud_figure(each, batches, sizes, batches[0], spread, 6, view)
    assert drawn.layout.yaxis.scaleanchor == "x" and np.ptp(view[0]) == pytest.approx(np.ptp(view[1]))
    for point in (*batches, np.zeros(2)):
        assert view[0][0] < point[0] < view[0][1] and view[1][0] < point[1] < view[1][1]
    ellipse = next(trace for trace in drawn.data if trace.name == "predicted, 1 σ")
    off = np.stack((ellipse.x, ellipse.y), -1) - FITTED.gradient(params)
    np.testing.assert_allclose(((off @ np.linalg.inv(spread)) * off).sum(-1), 1)
    full = next(trace for trace in drawn.data if trace.name == "full gradient")
    np.testing.assert_allclose((full.x[1], full.y[1]), FITTED.gradient(params))


@pytest.mark.parametrize("key", ["linear_regression", "logistic_regression"])
def test_the_model_of_the_figure_is_where_it_predicts_what_the_weights_say(key):
    fitted = regression(key, 30)
    drawn = batch_figures.data_figure(fitted, np.array((0.5, -2.0)), np.array([3, 4]))
    line = next(trace for trace in drawn.data if trace.name == "the model now")
    expected = 0.5 * line.x - 2 if key == "linear_regression" else line.y
    np.testing.assert_allclose(line.y, expected)
    if key == "logistic_regression":
        np.testing.assert_allclose(0.5 * line.x - 2 * line.y, 0, atol=1e-9)
    ringed = next(trace for trace in drawn.data if trace.name == "this batch")
    assert len(ringed.x) == 2


def test_the_cost_of_a_step_grows_with_its_batch_in_memory_and_has_a_time():
    taken = batch_noise.measured()
    assert all(seconds > 0 for seconds in taken.seconds)
    first, last = taken.bytes[0], taken.bytes[-1]
    assert last == first * taken.sizes[-1] / taken.sizes[0]
    inputs, hidden, output = 2, 64, 1
    floats = (inputs + 1) + 2 * hidden + (hidden + 1) + 2 * hidden + (hidden + 1) + output
    assert first == 4 * floats


# Bad inputs


@pytest.mark.parametrize("samples", [1, 500])
def test_the_smallest_and_the_largest_set_are_shown(samples):
    app = opened("batches", samples=str(samples), batch="2000", steps="30")
    for key in REGRESSIONS:
        choose(app, "data", key)
        there = regression(key, samples).samples
        said = texts(app.info)
        assert not app.error and f"larger than the set of {there}" in said
        assert ("only one sample" in said) == (samples == 1)
        assert ("fewer than" in said) == (samples > there)
        assert len(set(paths(app)[1:])) == 1


def test_classes_that_a_line_separates_have_no_minimum_and_say_so():
    app = opened("batches", data="logistic_regression", data_noise="0.1", samples="50")
    assert "there is no minimum" in texts(app.info)
    assert "To minimum" not in message(app)["leaderboard"]["titles"]
    assert list(app.table[0].value["Mean distance, last tenth"]) == ["–"] * 3
    assert "Loss" in app.table[0].value


def test_a_rate_that_is_too_large_diverges_in_words_and_the_page_stands():
    app = opened("batches", learning_rate="10", steps="3000")
    assert all("diverged at step" in run["ended"] for run in message(app)["runs"])
    assert list(app.table[0].value["Loss − lowest"]) == ["diverged"] * 3
    assert not app.info and figure(app, "batch_cloud")  # at the start all is well
    choose(app, "cloud", 3000)
    assert "run diverged" in texts(app.info)


def test_a_start_far_away_is_shown():
    app = opened("batches", x="1e6", y="-1e6", steps="50", learning_rate="10")
    for key in ("linear_regression", "logistic_regression"):
        choose(app, "data", key)
        choose(app, "x", -1e6)
        assert len(message(app)["runs"]) == 3


NUMBERS = [key for key, rule in batch_controls.RULES.items() if hasattr(rule, "low")]


@pytest.mark.parametrize("text", ["nan", "", "<script>alert(1)</script>"])
def test_nonsense_in_any_parameter_is_named_and_the_default_used(text):
    keys = ["batch", "samples", "data_noise", "x", "learning_rate", "cloud", "data", "mode", "optimizer", "schedule"]
    app = opened("batches", **dict.fromkeys(keys, text))
    notice = texts(app.warning)
    assert all(f"{key} is" in notice for key in keys) and "script" not in notice
    assert not set(keys) & set(app.query_params) and message(app)["runs"]


@pytest.mark.parametrize("end", ["low", "high"])
def test_every_number_of_a_link_may_stand_at_its_ends(end):
    app = opened("batches", **{key: f"{getattr(batch_controls.RULES[key], end):.15g}" for key in NUMBERS})
    for mode in ("epochs", "steps"):
        choose(app, "mode", mode)
        assert not app.warning and not app.error and len(message(app)["runs"]) == 3


def test_bounds_are_those_of_the_page():
    assert limits.STEPS.high >= limits.REGRESSION_SAMPLES.high  # at least one epoch of single samples can be shown
