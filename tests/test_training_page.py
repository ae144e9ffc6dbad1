"""The training page as its readers use it, without a browser."""

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import presets
from tests.test_pages import choose, message, opened, run, texts, value

LIVE = "live"
SMALL = {"samples": "50", "units": "4", "batch": "16", "epochs": "3"}


def press(app: AppTest, start: str) -> AppTest:
    next(button for button in app.button if button.label.startswith(start)).click()
    return run(app)


def cells(app: AppTest) -> list[str]:
    return message(app)["lanes"][0]["cells"]


def test_a_fresh_visit_shows_two_networks_at_one_start():
    app = opened("training")
    assert len(app.title) == 1
    assert not app.warning and not app.error
    sent = message(app)
    assert [lane["label"] for lane in sent["lanes"]] == ["Adam", "SGD + momentum"]
    assert sent["step"] == 0
    assert sent["lanes"][0]["cells"][2:] == sent["lanes"][1]["cells"][2:]


def test_steps_epochs_and_the_way_back():
    app = opened("training", **SMALL)
    start = cells(app)
    press(app, "One step")
    assert message(app)["step"] == 1
    press(app, "One epoch")
    first = message(app)
    assert first["step"] == 1 + 3
    press(app, "Reset to the same start")
    assert message(app)["step"] == 0
    assert cells(app) == start
    press(app, "One step"), press(app, "One epoch")
    assert cells(app) == first["lanes"][0]["cells"]
    press(app, "New start")
    assert value(app, "seed") == 1
    assert cells(app) != start


def test_training_runs_to_its_last_epoch_and_then_rests():
    app = opened("training", **SMALL, speed="full")
    press(app, "Train")
    for _ in range(20):  # in a browser the fragment's clock does this
        if not app.session_state[LIVE].running:
            break
        run(app)
    assert message(app)["step"] == 9
    assert [button.disabled for button in app.button if button.label == "Train"] == [True]
    choose(app, "epochs", 6)
    assert [button.disabled for button in app.button if button.label == "Train"] == [False]


def test_a_rate_changed_while_it_trains_loses_nothing():
    app = opened("training", **SMALL)
    press(app, "One epoch")
    before = app.session_state[LIVE].lanes[0].losses[:]
    choose(app, "n1_learning_rate", 0.1)
    live = app.session_state[LIVE]
    assert live.lanes[0].learner.learning_rate == 0.1
    assert live.lanes[0].losses == before
    press(app, "One step")
    assert live.changes == [3]


def test_other_data_begin_anew():
    app = opened("training", **SMALL)
    press(app, "One step")
    choose(app, "data", "circles")
    assert message(app)["step"] == 0
    assert value(app, "data_noise") == 0.1


@pytest.mark.parametrize("preset", presets.TRAINING_PRESETS, ids=lambda preset: preset.label)
def test_every_preset_shows_what_it_says(preset):
    app = opened("training")
    press(app, preset.label)
    assert not app.error
    for key, wanted in preset.values.items():
        if key in app.session_state:
            assert value(app, key) == wanted, key
    assert app.session_state[LIVE].count == 0


def test_a_loss_that_does_not_fit_gives_way_with_a_sentence():
    app = opened("training", **SMALL, data="wave", loss="binary_cross_entropy")
    assert "does not fit" in texts(app.warning)
    assert value(app, "loss") == "mean_squared_error"
    app = opened("training", **SMALL, data="blobs", classes="4", loss="Hinge")
    assert value(app, "loss") == "categorical_cross_entropy"


@pytest.mark.parametrize(("samples", "says"), [("1", "only one sample"), ("2", "each batch is all of it")])
def test_very_small_data_are_trained_and_named(samples, says):
    app = opened("training", samples=samples, units="4", epochs="2")
    press(app, "One epoch")
    assert says in texts(app.info) + texts(app.caption)
    assert not app.error


def test_one_class_is_named():
    app = opened("training", **SMALL, data="blobs", classes="1")
    assert "one class" in texts(app.info)


def test_no_network_is_a_sentence():
    app = opened("training", **SMALL, n1="none", n2="none")
    assert "No network is chosen" in texts(app.info)
    choose(app, "n3", "lion")
    assert [lane["label"] for lane in message(app)["lanes"]] == ["Lion"]


HOSTILE = ("samples", "data_noise", "data_seed", "layers", "units", "batch", "l2", "seed", "epochs", "n1_learning_rate")


def test_a_hostile_link_falls_back_with_a_notice():
    for bad in ("nan", "1e999", "abc"):
        app = opened("training", **dict.fromkeys(HOSTILE, bad))
        notice = texts(app.warning)
        assert all(key in notice for key in HOSTILE)
    app = opened("training", samples="99999999", units="9999999", layers="999", batch="0", epochs="1")
    notice = texts(app.warning)
    assert all(key in notice for key in ("samples", "units", "layers", "batch"))
    assert value(app, "units") == 128 and value(app, "samples") == 2000


def test_the_lessons_experiment_runs_both_libraries():
    app = opened("training", **SMALL, lesson="true")
    [shown] = app.table
    assert len(shown.value) == 6
    assert set(shown.value["Library"]) == {"ours", "scikit-learn"}
    assert "fewer than Adam" in texts(app.markdown)
