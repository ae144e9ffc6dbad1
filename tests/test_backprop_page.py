"""Backpropagation by hand as its readers use it, without a browser: what is said, drawn and checked is the engine's."""

import numpy as np
import pytest

from engine.graph import Graph
from engine.networks import mlp
from pages.parts.backprop_controls import INPUTS, RATE, RESTING, SIZES
from pages.parts.backprop_layout import layouts
from pages.parts.backprop_presets import PRESETS
from pages.parts.backprop_words import message, moves, table, verdict
from pages.parts.backprop_work import Work, work
from pages.parts.words import number
from tests.test_pages import choose, opened, press, texts, value


def a_work(size: str = "2-3-2-1", activation: str = "sigmoid", loss: str = "binary_cross_entropy") -> Work:
    widths = tuple(map(int, size.split("-")))
    graph = Graph(widths, activation, loss)
    return work(graph, graph.init(0), np.array(INPUTS[: widths[0]]), 1.0, RATE)


def loss_of(app) -> str:
    return next(text.value for text in app.markdown if text.value.startswith("Loss now"))


def test_a_fresh_visit_shows_the_networks_own_loss_and_update():
    app = opened("backprop")
    assert not app.warning and not app.error
    network = mlp((2, 3, 2, 1), "sigmoid", dtype=np.float64)
    params = Graph((2, 3, 2, 1)).init(0)
    objective = network.objective(np.array([INPUTS[:2]]), np.array([1.0]))
    loss, grads = objective(params, 0)
    after, _ = objective(params - RATE * grads, 0)
    assert number(float(loss), 4) in loss_of(app) and number(float(after), 4) in loss_of(app)
    assert len(app.table[0].value) == network.size


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("activation", ["sigmoid", "relu", "identity"])
def test_every_network_is_walked_drawn_and_checked_to_the_end(size, activation):
    loss = "categorical_cross_entropy" if size.endswith("2") else "mean_squared_error"
    worked = a_work(size, activation, loss)
    said = moves(worked)
    assert len(said) == len(worked.moves) + 1
    assert all(step["title"] and step["rule"] and step["numbers"] for step in said)
    if activation != "relu":  # dead units below leave sums that are exactly 0, on the kink
        np.testing.assert_allclose(worked.gradient, worked.differences, rtol=1e-5, atol=1e-8)
    for layout in layouts(worked):
        assert len(layout["lit"]) == len(worked.moves)
        ids = [part["id"] for part in (*layout["boxes"], *layout["wires"])]
        assert len(set(ids)) == len(ids)
        assert all(lit and set(lit) <= set(ids) for lit in layout["lit"])
        for box in layout["boxes"]:
            assert box["x"] - box["width"] / 2 >= 0 and box["x"] + box["width"] / 2 <= layout["width"]
            assert box["y"] - box["height"] / 2 >= 0 and box["y"] + box["height"] / 2 <= layout["height"]
        for one, other in ((a, b) for a in layout["boxes"] for b in layout["boxes"] if a["id"] < b["id"]):
            apart = abs(one["x"] - other["x"]) >= (one["width"] + other["width"]) / 2
            assert apart or abs(one["y"] - other["y"]) >= (one["height"] + other["height"]) / 2, "boxes overlap"


def test_the_factor_that_is_lit_times_what_came_from_above_is_the_slope_that_is_said():
    worked = a_work()
    for move, said in zip(worked.moves, moves(worked), strict=False):
        lit = [text for text, is_lit in said["numbers"] if is_lit]
        assert len(lit) == (move.phase == "backward")
        if move.phase == "backward" and worked.graph.nodes[move.target].operation in ("weight", "bias", "add"):
            slope = number(float(worked.adjoints[move.target]))
            assert said["numbers"][-1][0].endswith(slope)
            assert not said["way"] or said["way"].endswith(f"= {slope}")


def test_every_slope_appears_in_both_drawings_when_its_move_has_been_made():
    worked = a_work()
    for layout in layouts(worked):
        rows = {
            (row["phase"], row["picks"]): row["texts"]
            for box in layout["boxes"]
            for row in box["rows"]
            if row["picks"] >= 0
        }
        for index, node in enumerate(worked.graph.parameters):
            ((since, text),) = rows["backward", index]
            assert worked.moves[since - 1].target == node
            assert float(worked.gradient[index]) == pytest.approx(float(text.split()[1].replace("−", "-")), rel=6e-3)


def test_the_walk_rests_at_the_loss_or_where_a_link_says():
    worked = a_work()
    drawn = layouts(worked)
    assert message(worked, drawn, None, 0)["playhead"] == worked.forward_moves
    assert message(worked, drawn, 3, 0)["playhead"] == 3


def test_table_compares_both_slopes_of_every_parameter():
    rows = table(a_work())
    assert all(row["By the chain rule"] == row["By differences"] for row in rows)


def test_a_sum_exactly_on_a_kink_is_named_where_the_two_disagree():
    worked = a_work("2-2-2-2-1", "relu", "mean_squared_error")
    assert "exactly on a kink" in verdict(worked)
    moved = worked.params + 0.01
    assert "and agrees" in verdict(work(worked.graph, moved, worked.x, 1.0, RATE))


def test_a_weight_can_be_changed_and_the_update_be_taken_again_and_again():
    app = opened("backprop", sizes="2-1")
    before = loss_of(app)
    app.number_input(key="value_(2, 1)_0").set_value(2.5).run()
    assert value(app, "weights").split()[0] == "2.5" and loss_of(app) != before
    for _ in range(3):
        before = loss_of(app)
        press(app, "Take the update")
        assert loss_of(app).split()[2] == before.split()[-1].rstrip(".") + ","
    choose(app, "sizes", "2-3-1")
    assert value(app, "weights") == "" and not app.warning


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.label)
def test_every_preset_shows_what_it_says(preset):
    app = opened("backprop", target="0", seed="3", weights="1 2 3")
    press(app, preset.label)
    assert not app.warning and not app.exception
    assert preset.says in texts(app.info)
    press(app, "Reset this page")
    assert preset.label not in texts(app.info) or RESTING.items() >= dict(preset.values).items()


def test_a_dead_relu_lets_nothing_through_and_a_chain_shrinks_by_a_quarter_at_least():
    dead = dict(PRESETS[2].values)
    graph = Graph((2, 3, 1), "relu", "mean_squared_error")
    params = np.array([float(word) for word in dead["weights"].split()])
    worked = work(graph, params, np.array([0.5, -1.0]), 1.0, RATE)
    assert not worked.gradient[:9].any() and worked.gradient[-1]
    chain = dict(PRESETS[1].values)
    params = np.array([float(word) for word in chain["weights"].split()])
    worked = work(Graph((1, 1, 1, 1, 1)), params, np.array([0.5]), 1.0, RATE)
    slopes = np.abs(worked.gradient[1::2])
    assert (slopes[:-1] <= slopes[1:] * 1.5 / 4).all()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"weights": "1 2 3"}, "but this network has 20"),
        ({"weights": "1 nan"}, "weights must be up to"),
        ({"target": "0.4"}, "is a class, 0 or 1"),
        ({"sizes": "2-3-2", "loss": "hinge"}, "does not fit 2 outputs"),
        ({"loss": "categorical_cross_entropy"}, "does not fit one output"),
        ({"sizes": "9-9", "rate": "inf", "x1": "1e999", "seed": "-1"}, "sizes is not one of the choices"),
    ],
)
def test_what_does_not_fit_gives_way_in_a_sentence(given, sentence):
    app = opened("backprop", **given)
    assert sentence in texts(app.warning) and not app.exception


def test_numbers_at_their_ends_are_worked_out():
    for activation, loss in (("relu", "mean_squared_error"), ("sigmoid", "binary_cross_entropy"), ("elu", "huber")):
        app = opened("backprop", activation=activation, loss=loss, x1="10", x2="-10", rate="10", target="1",
                     weights=" ".join(["10"] * 20))  # fmt: skip
        assert not app.exception and not app.error
        press(app, "Take the update")
        assert not app.exception
