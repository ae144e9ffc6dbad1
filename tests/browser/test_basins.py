"""Maps of basins under a hand: a click plays that start's paths, a dragged box is computed, the link has both."""

import re

import pytest

from engine.basins import axes, basins
from engine.experiment import Run
from tests.browser.stage import in_view, wait_until

VIEW = "document.querySelector('.dl-basins').basins"
LINK = "/basins?surface=twin_wells&steps=60&r1=sgd&r1_learning_rate=0.05&r2=momentum&r2_learning_rate=0.05&r3=none"
WHOLE = ((-2.0, 2.0), (-2.0, 2.0))


def settled(page, before=None):
    """Wait until all maps are whole, and the message another than ``before``."""
    wait_until(
        page,
        "(before) => { const root = document.querySelector('.dl-basins'); const { settled } = root?.dataset ?? {};"
        " return settled && settled !== before && root.basins.message.maps.every((map) => !map.waiting); }",
        before,
    )


def revision(page):
    return page.evaluate("document.querySelector('.dl-basins').dataset.settled")


def place(page, map_, x, y):
    """Where a point of a map lies on the screen."""
    return tuple(
        page.evaluate(
            f"""() => {{
                const map = {VIEW}.maps[{map_}];
                const {{ left, top }} = map.overlay.canvas.getBoundingClientRect();
                return [left + map.axes.x({x}), top + map.axes.y({y})];
            }}"""
        )
    )


def in_link(page):
    return {key: float(value) for key, value in re.findall(r"[?&]([xy][01]?)=([^&]+)", page.url)}


def labels(page, map_):
    return page.evaluate(f"Array.from({VIEW}.message.maps[{map_}].basins.labels)")


def colour(page, map_, x, y):
    """What is painted at a point, below the paths."""
    return page.evaluate(
        f"""() => {{
            const map = {VIEW}.maps[{map_}];
            const ratio = map.ground.canvas.width / map.ground.canvas.clientWidth;
            const [px, py] = [map.axes.x({x}), map.axes.y({y})].map((v) => Math.floor(v * ratio));
            return Array.from(map.ground.context.getImageData(px, py, 1, 1).data);
        }}"""
    )


def test_a_click_plays_and_a_box_zooms(open_page, axe):
    page = open_page(LINK, reduced_motion="no-preference")
    settled(page)
    in_view(page, ".dl-basins-grid")
    run = Run("twin_wells", optimizer="momentum", hyperparameters=(("learning_rate", 0.05),), steps=60)
    found = basins(run, WHOLE, (200, 200))
    assert labels(page, 1) == (found.labels.ravel() % 256).tolist()
    for x, y in ((-0.95, 0.3), (1.6, -1.7)):  # rows go up and columns to the right, on the screen too
        row, column = (int((v + 2) / 4 * 200) for v in (y, x))
        wanted = found.labels[row, column]
        red, _, blue, _ = colour(page, 1, x, y)
        assert (blue > red) == (wanted == 0), (x, y, wanted)

    before = revision(page)
    page.mouse.move(*place(page, 1, 1.2345, 0.7))
    assert "From (1.2" in page.locator(".dl-basin-said").inner_text()
    page.mouse.click(*place(page, 1, 1.2345, 0.7))
    settled(page, before)
    wait_until(page, "new URL(location.href).searchParams.has('x')")
    start = in_link(page)
    x, y = axes(WHOLE, (200, 200))
    assert start["x"] in x and start["y"] in y  # the pixel's own start
    assert page.evaluate(f"{VIEW}.message.start") == [start["x"], start["y"]]
    wait_until(page, f"{VIEW}.transport.playing || {VIEW}.transport.time === 60")
    wait_until(page, f"{VIEW}.transport.time === 60")
    end = page.evaluate(f"(({{ x, y }}) => [x.at(-1), y.at(-1)])({VIEW}.message.maps[1])")
    row, column = list(y).index(start["y"]), list(x).index(start["x"])
    assert end == found.ends[row, column].tolist()

    before = revision(page)
    page.mouse.move(*place(page, 0, 0.2, 1.5))
    page.mouse.down()
    page.mouse.move(*place(page, 0, 1.0, 0.9), steps=3)
    page.mouse.up()
    settled(page, before)
    wait_until(page, "new URL(location.href).searchParams.has('y1')")
    box = in_link(page)
    assert [box[key] for key in ("x0", "x1", "y0", "y1")] == pytest.approx([0.2, 1.0, 0.7, 1.5], abs=0.03)
    inner = ((box["x0"], box["x1"]), (box["y0"], box["y1"]))
    assert labels(page, 1) == (basins(run, inner, (200, 200)).labels.ravel() % 256).tolist()
    again = open_page("/basins" + page.url.partition("/basins")[2])
    settled(again)
    assert labels(again, 1) == labels(page, 1) and again.locator(".dl-basin").count() == 3  # and the whole view
    again.close()

    before = revision(page)
    page.mouse.click(*place(page, 1, (box["x0"] + box["x1"]) / 2, (box["y0"] + box["y1"]) / 2))
    settled(page, before)
    wait_until(page, "(x) => new URL(location.href).searchParams.get('x') !== x", f"{start['x']:g}")
    fine = in_link(page)
    x, y = axes(inner, (200, 200))
    assert fine["x"] in x and fine["y"] in y  # to the last digit
    axe(page, context="[data-testid=stMain]")
    before = revision(page)
    page.locator(".dl-basins").get_by_role("button", name="Whole view").click()
    settled(page, before)
    wait_until(page, "!new URL(location.href).searchParams.has('x0')")
    assert labels(page, 1) == (found.labels.ravel() % 256).tolist()
