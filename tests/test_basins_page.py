"""The page on basins as its readers use it, without a browser: maps, shares, presets, zoom, bad input, links."""

import zlib

import numpy as np
import pytest

from engine.basins import DIVERGED, MOVING, basins
from engine.experiment import Run
from engine.optimizers import OPTIMIZERS
from engine.surfaces import SURFACES
from pages.parts import basin_controls, basin_maps, basin_picture, controls
from pages.parts.basin_maps import BLANK
from pages.parts.basin_presets import BASIN_PRESETS
from tests.test_pages import choose, message, opened, press, run, texts, value

QUICK = {"steps": "20", "r2": "none", "r3": "none", "r1_learning_rate": "0.01"}
CORNERS = ("x0", "x1", "y0", "y1")


def finished(app):
    for _ in range(60):  # in a browser the fragment's clock does this
        if not app.session_state[basin_maps.TASK].job.running:
            return run(app)
        run(app)
    raise AssertionError("it does not end")


def maps(app):
    """(labels, steps) of each map, as the browser reads them."""
    sent = message(app)
    count = np.prod(sent["size"])
    found = []
    for each in sent["maps"]:
        raw = np.frombuffer(zlib.decompress(each["bytes"].tobytes()), np.uint8)
        steps = raw[count : 2 * count] + 256 * raw[2 * count :].astype(int)
        found.append((raw[:count].astype(np.int8).reshape(sent["size"]), steps.reshape(sent["size"])))
    return found


def rows(app):
    return app.table[0].value.to_dict("list")


def test_a_fresh_visit_shows_three_optimizers_on_himmelblau():
    app = finished(opened("basins"))
    assert len(app.title) == 1 and not app.warning and not app.error and not app.info
    sent = message(app)
    assert [each["label"] for each in sent["maps"]] == ["SGD", "SGD + momentum", "Adam"]
    assert sent["size"] == [200, 200] and sent["overview"] is None and sent["whole"]
    assert len({each["alt"] for each in sent["maps"]}) == 3
    for (labels, steps), each in zip(maps(app), sent["maps"], strict=True):
        assert set(np.unique(labels)) == {0, 1, 2, 3} and steps.max() <= 200
        assert not each["stale"] and each["ended"].split("On the map: ")[1][0] in "ABCD"
    names, cells = list(rows(app).values())[:2]
    shares = [float(cell.rstrip(" %")) for name, cell in zip(names, cells, strict=True) if "(" in name]
    assert len(shares) == 4 and sum(shares) == pytest.approx(100, abs=0.2)
    assert len(app.get("bidi_component")[0].proto.bytes) < 200_000


def test_the_maps_are_the_engines_and_the_path_is_its_pixels():
    app = finished(opened("basins", **QUICK, x="-1.17", y="2.43"))
    wanted = Run(
        "himmelblau", optimizer="sgd", hyperparameters=(("learning_rate", 0.01), ("weight_decay", 0.0)), steps=20
    )
    found = basins(wanted, SURFACES["himmelblau"].domain, (200, 200))
    ((labels, steps),) = maps(app)
    np.testing.assert_array_equal(labels, found.labels)
    np.testing.assert_array_equal(steps, found.steps)
    path = message(app)["maps"][0]
    x, y = (np.floor((v + 6) / 12 * 200).astype(int) for v in (-1.17, 2.43))
    np.testing.assert_array_equal([path["x"][-1], path["y"][-1]], found.ends[y, x])
    assert f"at step {found.steps[y, x]}." in path["ended"]


def test_a_part_of_the_view_is_computed_anew_and_can_be_left():
    app = finished(opened("basins", **QUICK, x0="-1", x1="1.5", y0="-2", y1="0.5"))
    sent = message(app)
    assert sent["maps"][0]["box"] == [[-1, 1.5], [-2, 0.5]] and not sent["whole"]
    assert sent["overview"]["heights"].dtype == np.uint8
    found = basins(app.session_state[basin_maps.TASK].keys[0].run, ((-1, 1.5), (-2, 0.5)), (200, 200))
    np.testing.assert_array_equal(maps(app)[0][0], found.labels)
    press(app, "Whole view")
    assert message(finished(app))["whole"] and all(value(app, key) is None for key in CORNERS)
    choose(app, "x0", -3.0)  # one corner alone moves that side
    assert message(finished(app))["maps"][0]["box"] == [[-3, 6], [-6, 6]]
    choose(app, "surface", "double_well")
    assert message(finished(app))["whole"]


@pytest.mark.parametrize("corners", [("1", "1"), ("2", "-2"), ("1", "1.000000001")])
def test_a_box_without_an_inside_is_named_and_the_whole_shown(corners):
    app = finished(opened("basins", **QUICK, x0=corners[0], x1=corners[1]))
    assert "must go up" in texts(app.warning) and message(app)["whole"]


def test_every_optimizer_brings_its_rate_and_every_surface_its_rates():
    app = opened("basins", **QUICK)
    for optimizer in (*list(OPTIMIZERS)[1:4], "lion"):
        choose(app, "r1", optimizer)
        usual = controls.default_rate("himmelblau", (), optimizer)
        assert value(app, "r1_learning_rate") == usual
    choose(app, "surface", "beale")
    assert value(app, "r1_learning_rate") == controls.default_rate("beale", (), "lion")
    choose(app, "factor", 2.0)
    task = app.session_state[basin_maps.TASK]
    assert task.keys[0].run.learning_rate == pytest.approx(2 * value(app, "r1_learning_rate"), rel=1e-3)
    choose(app, "mode", "same")
    choose(app, "rate", 0.2)
    assert app.session_state[basin_maps.TASK].keys[0].run.learning_rate == 0.2


SAID = {
    "monkey_saddle": "no minimum",
    "two_weight_net": "two branches",
    "rastrigin": "121 minima",
    "griewank": "17 minima",
    "ackley": "tip of a cone",
    "mccormick": "without end",
}


@pytest.mark.parametrize("surface", SURFACES)
def test_every_surface_has_its_sentences(surface):
    app = finished(opened("basins", surface=surface, steps="20", r2="none", r3="none"))
    assert not app.error and not app.warning
    assert (SAID[surface] in texts(app.info)) if surface in SAID else not app.info
    sent = message(app)
    many = len(sent["minima"]) > len(basin_picture.HUES)
    assert bool(sent["letters"]) == (0 < len(sent["minima"]) <= len(basin_picture.HUES))
    assert len(sent["hues"]) == len(sent["minima"]) and (not many or sent["hues"].count(sent["hues"][0]) == 1)


def test_typed_formulas_work_and_faulty_ones_are_named():
    app = finished(opened("basins", surface="formula", formula="(x**2-1)**2+y**2", view="2", **QUICK))
    assert len(message(app)["minima"]) == 2 and set(np.unique(maps(app)[0][0])) <= {0, 1, MOVING, DIVERGED}
    app = finished(opened("basins", surface="formula", formula="log(x)+(x-1)**2+y**2", **QUICK))
    assert any(entry["name"] == "no finite loss" for entry in message(app)["legend"])
    app = opened("basins", surface="formula", formula="x+foo", **QUICK)
    assert "foo" in texts(app.error)
    app = finished(opened("basins", surface="formula", formula="x+y**2", **QUICK))
    assert "no minimum" in texts(app.info)


def test_colours_of_neighbours_differ_where_they_must_be_shared():
    for name in ("rastrigin", "ackley", "griewank"):
        minima = SURFACES[name].minima
        hues = np.array(basin_picture.colours(minima))
        away = np.hypot(*np.moveaxis(minima[:, None] - minima, -1, 0))
        np.fill_diagonal(away, np.inf)
        assert (hues[np.argmin(away, axis=1)] != hues).all()


def test_a_message_of_six_chaotic_maps_is_not_too_large():
    six = {f"r{i}": "momentum" for i in range(1, 7)} | {f"r{i}_learning_rate": f"{0.08 + i / 400}" for i in range(1, 7)}
    app = finished(opened("basins", surface="twin_wells", steps="200", x0="-1", x1="1", **six))
    assert 100_000 < len(app.get("bidi_component")[0].proto.bytes) < 400_000


def test_nothing_chosen_is_said():
    app = opened("basins", r1="none", r2="none", r3="none")
    assert "No optimizer is chosen" in texts(app.info)


def test_long_work_shows_parts_can_be_stopped_and_goes_on():
    app = opened(
        "basins", surface="griewank", steps="1000", r4="lion", r5="nadam", r6="adadelta", rate="0.01", mode="same"
    )
    task = app.session_state[basin_maps.TASK]
    assert task.job.running and task.finished < 6
    assert any(button.label == "Stop computing" for button in app.button)
    press(app, "Stop computing")
    assert "Stopped with" in texts(app.info)
    assert (maps(app)[-1][0] == BLANK).all()
    done = task.job.done
    choose(app, "x", 1.0)  # a start is not another task
    assert app.session_state[basin_maps.TASK] is task and task.job.done == done
    press(app, "Go on")
    assert task.job.done > done
    press(app, "Stop computing")
    choose(app, "steps", 10)
    assert app.session_state[basin_maps.TASK] is not task


def test_what_was_there_stays_until_the_new_map_is_there():
    app = finished(opened("basins", **QUICK))
    before = maps(app)[0][0]
    task = app.session_state[basin_maps.TASK]
    study = basin_controls.Study(
        SURFACES["himmelblau"], (task.keys[0].run.with_rate(0.0123),), ((-5.0, 5.0), (-5.0, 5.0)), (0.0, 0.0)
    )
    new = basin_maps.Task((basin_maps.Key(study.runs[0], study.box),), [None], task.job, [(task.keys[0], task.part(0))])
    new.job.running = True
    key, found, stale = basin_picture._drawn(new, 0)
    assert stale and key == task.keys[0]
    np.testing.assert_array_equal(found.labels, before)


def test_the_same_map_is_not_computed_twice():
    first = finished(opened("basins", **QUICK))
    again = opened("basins", **QUICK)
    task = again.session_state[basin_maps.TASK]
    assert task.job.total == 0 and task.finished == 1
    np.testing.assert_array_equal(maps(first)[0][0], maps(again)[0][0])
    assert not task.maps[0].labels.flags.writeable


@pytest.mark.parametrize("preset", BASIN_PRESETS, ids=lambda preset: preset.label)
def test_each_preset_sets_what_it_says_and_leaves_nothing_behind(preset):
    app = opened("basins", x0="1", x1="2", factor="0.5", **QUICK)
    press(app, preset.label)
    assert preset.says in texts(finished(app).info)
    for key, wanted in preset.values.items():
        if key in app.session_state:
            assert value(app, key) == wanted, key
    assert all((value(app, key) is None) == (key not in preset.values) for key in CORNERS)
    press(app, "Reset this page")
    assert finished(app).query_params == {} and not app.info


def shares(app):
    return [{int(k): float((labels == k).mean()) for k in np.unique(labels)} for labels, _ in maps(app)]


def torn(labels):
    """The share of starts whose right or upper neighbour ends elsewhere."""
    return (labels[:, 1:] != labels[:, :-1]).mean() + (labels[1:] != labels[:-1]).mean()


def test_what_the_presets_say_is_so():
    values = {preset.label: preset.values for preset in BASIN_PRESETS}

    def shown(label):
        return finished(opened("basins", **{key: str(wanted) for key, wanted in values[label].items()}))

    sgd, *others = [labels for labels, _ in maps(shown("Momentum flies past"))]
    assert all(torn(labels) > torn(sgd) for labels in others)
    frayed = [torn(labels) for labels, _ in maps(shown("Borders that fray"))]
    assert frayed == sorted(frayed) and frayed[2] > 2 * frayed[0]
    border = [torn(labels) for labels, _ in maps(shown("Zoom into a border"))]
    assert border == sorted(border) and border[2] > 0.1
    small, middle, large = shares(shown("The edge of divergence"))
    assert DIVERGED not in small and 0 < middle[DIVERGED] < large[DIVERGED]
    plain = maps(shown("A hundred traps"))[0][0]
    x, y = (np.round(axis / 0.995) for axis in np.meshgrid(*[-5.12 + 10.24 / 200 * (np.arange(200) + 0.5)] * 2))
    middle = (x == 0) & (y == 0)
    assert ((plain == 0) & middle).sum() / middle.sum() > 0.95 and (plain[~middle] == 0).mean() < 0.001


def test_hostile_links_fall_back_with_a_notice():
    for bad in ("nan", "1e999", "abc", "0x10"):
        keys = ("steps", "rate", "factor", "r1_learning_rate", "x", *CORNERS)
        app = opened("basins", **dict.fromkeys(keys, bad), r2="none", r3="none")
        assert all(key in texts(app.warning) for key in keys)
        assert message(app)["whole"] and value(app, "steps") == 200
    app = opened("basins", steps="1000000000", r1="__proto__", x0="-1e300", r2="none", r3="none", mode="<script>")
    assert value(app, "steps") == 1000 and value(app, "r1") == "sgd" and value(app, "x0") == -1e6
    assert all(key in texts(app.warning) for key in ("steps", "r1", "x0", "mode"))
