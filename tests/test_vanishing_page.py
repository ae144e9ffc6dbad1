"""The page on vanishing gradients as its readers use it, without a browser."""

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import presets
from pages.parts.variants import COMPARISONS
from tests.test_pages import choose, opened, press, run, texts, value

TRAINING = "depth_training"
SMALL = {"depth": "3", "width": "4", "steps": "20"}


def trained(app: AppTest) -> AppTest:
    press(app, next(button.label for button in app.button if button.label.startswith("Train all")))
    for _ in range(50):  # in a browser the fragment's clock does this
        if not app.session_state[TRAINING].running:
            return run(app)
        run(app)
    raise AssertionError("it does not end")


def rows(app: AppTest) -> dict[str, list[str]]:
    return app.table[0].value.to_dict("list")


def test_a_fresh_visit_compares_the_cures_of_ten_sigmoid_layers():
    app = opened("vanishing")
    assert not app.warning and not app.error and not app.info
    assert rows(app)["Network"] == ["plain", "layer norm", "residual", "layer norm + residual"]
    assert "factor" in texts(app.markdown)


@pytest.mark.parametrize("mode", COMPARISONS)
def test_every_comparison_can_be_trained_and_keeps_what_it_has(mode):
    app = trained(opened("vanishing", compare=mode, **SMALL))
    live = app.session_state[TRAINING]
    assert live.step == 20
    assert "The same norms, while it learns" in texts(app.subheader)
    assert len(rows(app)["Network"]) == len(live.variants)
    choose(app, "layers_of", 2) if len(live.variants) > 1 else None
    assert app.session_state[TRAINING] is live


def test_it_can_be_stopped_and_what_is_there_stays():
    app = opened("vanishing", steps="1000")
    press(app, "Train all for 1000 steps")
    press(app, "Stop")
    live = app.session_state[TRAINING]
    assert 0 < live.step < 1000
    assert "The same norms, while it learns" in texts(app.subheader)
    choose(app, "depth", 4)
    assert "The same norms, while it learns" not in texts(app.subheader)


FAILURES = {
    "Ten sigmoid layers": None,
    "Sigmoid against ReLU": None,
    "ReLU that explodes": "gradients explode",
    "Tiny tanh start": None,
    "All zero": "exactly 0",
}


@pytest.mark.parametrize("preset", presets.VANISHING_PRESETS, ids=lambda preset: preset.label)
def test_each_preset_shows_its_failure(preset):
    app = opened("vanishing", seed="3")
    press(app, preset.label)
    assert preset.says in texts(app.info)
    said = FAILURES[preset.label]
    assert said is None or said in texts(app.info)
    for key, wanted in preset.values.items():
        if key in app.session_state:
            assert value(app, key) == wanted, key
    if preset.label == "All zero":
        assert rows(app)["First hidden layer"] == ["0"]
        assert "no such ratio" in texts(trained(app).info)


def test_diverged_training_is_said():
    app = trained(opened("vanishing", compare="alone", depth="20", activation="relu", start="normal", rate="1"))
    assert "every draw diverged" in texts(app.markdown)


def test_batch_normalisation_of_one_sample_is_explained():
    app = opened("vanishing", compare="cures", cure="batch", batch="1", **SMALL)
    assert "batch of one" in texts(app.info)


def test_a_hostile_link_falls_back_with_a_notice():
    keys = ("depth", "width", "scale", "rate", "steps", "batch", "seed")
    for bad in ("nan", "1e999", "abc"):
        app = opened("vanishing", **dict.fromkeys(keys, bad))
        assert all(key in texts(app.warning) for key in keys)
    app = opened("vanishing", depth="999", width="9999", compare="depths")
    assert value(app, "width") == 128
