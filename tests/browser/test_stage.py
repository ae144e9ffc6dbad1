"""The stage under a reader's hands: start, slider, transport, keys, ghosts, panels, leaderboard."""

import pytest
from playwright.sync_api import Page, TimeoutError

from pages.parts.words import number
from tests.browser.stage import (
    EYE,
    everything,
    in_view,
    new_picture,
    path,
    pixel,
    read,
    settled,
    time,
    turn,
    wait_until,
)
from tests.browser.touch import drag_with_a_finger

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


def start(page: Page) -> list[float]:
    return read(page, "stage.message.extra.start")


def in_link(page: Page, **values: str) -> None:
    """Wait for values in the address, which follow the picture."""
    wait_until(
        page,
        """(wanted) => {
            const given = new URL(location.href).searchParams;
            const same = (a, b) => a === b || (a && Number(a) === Number(b));
            return Object.entries(wanted).every(([key, value]) => same(given.get(key), value));
        }""",
        values,
    )


def check_start(page: Page, x: float, y: float) -> None:
    """The picture, the path, the address and the boxes agree on a start within two pixels of the one wanted."""
    width = 2 * read(page, "(stage.map.axes.toX(1) - stage.map.axes.toX(0))")
    assert start(page) == pytest.approx([x, y], abs=width)
    assert [path(page)[0][0], path(page)[1][0]] == pytest.approx(start(page), rel=1e-6)
    boxes = [page.get_by_label(f"Start {axis}", exact=True).input_value() for axis in "xy"]
    assert [float(box) for box in boxes] == pytest.approx(start(page))
    in_link(page, **dict(zip("xy", boxes, strict=True)))


def test_a_click_and_a_drag_on_the_map_move_the_start(open_page):
    page = open_page("/descent?steps=60")
    settled(page)
    with new_picture(page):
        page.mouse.click(*pixel(page, 0.4, 1.7))
    check_start(page, 0.4, 1.7)
    with new_picture(page):
        page.mouse.move(*pixel(page, *start(page)))
        page.mouse.down()
        page.mouse.move(*pixel(page, 0.0, 0.5), steps=3)
        page.mouse.move(*pixel(page, -1.0, -0.3), steps=3)
        assert read(page, "stage.map.dragged") == pytest.approx([-1.0, -0.3], abs=0.02)
        page.mouse.up()
    check_start(page, -1.0, -0.3)
    assert read(page, "stage.map.dragged") is None
    before = read(page, "root.dataset.revision")
    left, top = pixel(page, *read(page, "[stage.message.ground.x[0], stage.message.ground.y[0]]"))
    page.mouse.click(left - 12, top - 40)  # among the axis's numbers
    page.mouse.click(left + 40, top + 12)
    assert start(page) == pytest.approx([-1.0, -0.3], abs=0.02)
    assert read(page, "root.dataset.revision") == before


def test_the_start_moves_by_touch_and_a_finger_beside_it_scrolls_the_page(open_page):
    page = open_page("/descent?surface=bowl&steps=60", **PHONE)
    settled(page)
    in_view(page, ".dl-map")
    with new_picture(page):
        page.touchscreen.tap(*pixel(page, -2.0, -1.0))
    check_start(page, -2.0, -1.0)
    in_view(page, ".dl-map")
    with new_picture(page):
        drag_with_a_finger(page, pixel(page, *start(page)), pixel(page, 1.5, 2.0))
    check_start(page, 1.5, 2.0)
    scrolled = "document.querySelector('[data-testid=stMain]').scrollTop"
    here = page.evaluate(scrolled)
    drag_with_a_finger(page, pixel(page, -2.0, 3.0), pixel(page, -2.0, -3.0))
    wait_until(page, f"(here) => {scrolled} !== here", here)
    check_start(page, 1.5, 2.0)


def test_a_slider_brings_a_new_picture_into_the_same_stage(open_page):
    page = open_page("/descent?surface=himmelblau&steps=80")
    settled(page)
    page.evaluate("document.querySelector('.dl-stage').mine = 'kept'")
    before = path(page)
    turn(page)
    wait_until(page, "!document.querySelector('.dl-stage').stage.scene.following")
    assert not read(page, "stage.scene.place()")  # the trails lie where the camera came to rest
    eye = read(page, EYE)
    page.keyboard.press("Home")
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    slider = page.get_by_role("slider", name="Learning rate η")
    with new_picture(page):
        slider.focus()
        slider.press("ArrowLeft")
    assert read(page, "root.mine") == "kept"
    assert read(page, EYE) == eye
    assert time(page) == 7
    assert path(page) != before
    in_link(page, learning_rate=page.get_by_label("Learning rate η, exact value").input_value())
    assert read(page, "stage.ghosts.map((ghost) => Array.from(ghost.x))") == [before[0]]

    # many moves at once: slider, box and picture agree in the end
    for _ in range(12):
        slider.press("ArrowLeft")
    wait_until(
        page,
        """() => {
            const { message } = document.querySelector(".dl-stage").stage;
            const box = document.querySelector("[aria-label='Learning rate η, exact value']");
            const said = document.querySelector("[aria-label='Learning rate η'][type=range]").ariaValueText;
            const rate = message.inspector.columns.rate[0];
            return said === box.value && Math.abs(rate / Number(box.value) - 1) < 1e-6 && rate < 0.003;
        }""",
    )
    settled(page)
    assert read(page, "root.mine") == "kept" and time(page) == 7

    # another look at the same runs leaves the ghost; without ghosts there is none
    page.get_by_text("On the map", exact=True).click()
    with new_picture(page):
        page.get_by_text("Downhill directions").click()
    assert len(read(page, "stage.ghosts")) == 1 and read(page, "stage.message.extra.field.x.length") == 17 * 17
    with new_picture(page):
        page.get_by_text("Keep the last run as a ghost").click()
    assert read(page, "stage.ghosts") == []
    assert read(page, "root.mine") == "kept" and time(page) == 7


def test_the_transport_by_keys_buttons_and_slider(open_page):
    page = open_page("/descent?steps=40&surface=bowl")
    settled(page)
    assert time(page) == 40 and not read(page, "stage.transport.playing")
    for key, step in (
        ("Home", 0),
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("End", 40),
        ("ArrowRight", 40),
    ):
        page.keyboard.press(key)
        assert time(page) == step, key
    for name, step in (("First step", 0), ("One step forward", 1), ("One step back", 0), ("Last step", 40)):
        page.get_by_role("button", name=name).click()
        assert time(page) == step, name
    scrubber = page.locator(".dl-scrub input")
    scrubber.fill("17")
    assert time(page) == 17
    assert scrubber.get_attribute("aria-valuetext") == "step 17 of 40"
    assert page.locator(".dl-count").inner_text() == "17 / 40"
    scrubber.press("ArrowRight")
    assert time(page) == 18

    # keys that belong to a field stay there
    box = page.get_by_label("Start x", exact=True)
    box.click()
    for key in ("Home", "ArrowLeft", "End"):
        box.press(key)
    assert time(page) == 18
    page.locator("h1").click()

    # to the end, and there it stops
    page.keyboard.press("Space")
    page.get_by_role("button", name="Pause").wait_for()
    wait_until(page, "document.querySelector('.dl-stage').stage.transport.time > 19")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Play", exact=True).wait_for()
    paused = time(page)
    assert paused == int(paused) and 18 < paused <= 40
    page.get_by_label("Speed").select_option("10")
    page.get_by_role("button", name="Play", exact=True).click()
    wait_until(page, "document.querySelector('.dl-stage').stage.transport.time === 40")
    assert page.get_by_role("button", name="Play", exact=True).is_visible()

    # a click on the curve is a step, too
    x, y = read(page, "(({ left, top }) => [left, top])(stage.curve.overlay.canvas.getBoundingClientRect())")
    page.mouse.click(x + read(page, "stage.curve.axes.x(25)"), y + 40)
    assert time(page) == 25


def test_nothing_moves_unasked(open_page):
    page = open_page("/descent?steps=30")
    settled(page)
    page.wait_for_timeout(500)  # the last layout after a change of size
    for motion in ("no-preference", "reduce"):
        page.emulate_media(reduced_motion=motion)
        assert time(page) == 30 and not read(page, "stage.transport.playing")
        frames = read(page, "root.frames")
        page.wait_for_timeout(600)
        assert read(page, "root.frames") == frames


def test_the_numbers_of_a_step_are_the_engines(open_page):
    page = open_page("/descent?surface=himmelblau&optimizer=momentum&learning_rate=0.004&steps=30")
    settled(page)
    page.locator(".dl-scrub input").fill("3")
    run = read(
        page, "(({ x, y, loss, gx, gy }) => [x, y, loss, gx, gy].map((column) => column[3]))(stage.message.runs[0])"
    )
    x, y, loss, gx, gy = (number(value) for value in run)
    rows = dict(
        page.locator(".dl-lines tr").evaluate_all("rows => rows.map((r) => [...r.cells].map((c) => c.innerText))")
    )
    lines = " ".join(" ".join(rows.values()).split())
    assert f"{loss} at ({x}, {y})" in lines and f"({gx}, {gy}), length " in lines
    following = number(path(page)[0][4])
    assert rows["x"].startswith(f"{x} − 0.004 × ") and rows["x"].endswith(f"= {following}")
    assert "λmax = " in lines and "in use 0.004" in lines

    page.get_by_text("The numbers as a table").click()
    table = page.locator(".dl-numbers tbody tr")
    table.first.wait_for()
    told = table.evaluate_all("rows => rows.map((r) => [...r.cells].map((c) => c.innerText))")
    columns = read(page, "['x', 'y', 'loss'].map((name) => Array.from(stage.message.runs[0][name]))")
    assert [int(row[0]) for row in told][:: len(told) - 1] == [0, 30]
    assert all(row[1:] == [number(column[int(row[0])], 4) for column in columns] for row in told)


def test_the_rate_is_changed_from_the_step_at_the_playhead(open_page):
    page = open_page("/descent?surface=bowl&steps=60&learning_rate=0.01")
    settled(page)
    page.locator(".dl-scrub input").fill("20")
    before = path(page)
    with new_picture(page):
        page.get_by_role("button", name="Change rate from here").click()
    in_link(page, change="true", change_step="20")
    after = path(page)
    assert after[0][:21] == before[0][:21] and after[0][21] != before[0][21]
    assert time(page) == 20
    assert page.get_by_label("From step").input_value() == "20"
    page.get_by_label("New rate, exact value").fill("0.3")
    with new_picture(page):
        page.keyboard.press("Enter")
    in_link(page, change_rate="0.3")
    assert path(page)[0][:21] == before[0][:21] and path(page)[0][-1] == pytest.approx(0, abs=1e-6)


def board(page: Page) -> list[list[str]]:
    return page.locator(".dl-board tbody tr").evaluate_all(
        "rows => rows.map((r) => [...r.cells].map((c) => c.innerText))"
    )


def test_the_leaderboard_follows_the_playhead_and_names_what_diverged(open_page):
    page = open_page("/race?surface=ravine&condition=50&steps=120&mode=same&rate=0.043&r6=newton")
    settled(page)
    runs = read(
        page,
        "stage.message.runs.map(({ label, loss, diverged, distance }) => "
        "({ label, diverged, loss: Array.from(loss), distance: Array.from(distance) }))",
    )
    fell = [run for run in runs if run["diverged"] is not None]
    assert 0 < len(fell) < 6
    for step in (0, 1, 5, fell[0]["diverged"] - 1, fell[0]["diverged"], 120):
        page.locator(".dl-scrub input").fill(str(step))
        gone = {run["label"] for run in fell if step >= run["diverged"]}
        last = {run["label"]: min(step, len(run["loss"]) - 1) for run in runs}
        order = sorted(
            runs, key=lambda run: float("inf") if run["label"] in gone else run["loss"][last[run["label"]]]
        )  # fmt: skip
        rows = board(page)
        assert [row[0] for row in rows] == [run["label"] for run in order]
        for row, run in zip(rows, order, strict=True):
            k = last[run["label"]]
            away = run["label"] in gone
            assert row[2:4] == (["diverged", "–"] if away else [number(run["loss"][k]), number(run["distance"][k])])
            assert row[4].split() == (f"{k} + {k} H".split() if "Newton" in run["label"] else [str(k)])
    endings = page.locator(".dl-endings li").all_inner_texts()
    assert len(endings) == 6
    for run in runs:
        ending = next(ending for ending in endings if ending.startswith(f"{run['label']} from"))
        assert ("diverged" in ending) == (run in fell)
        assert run not in fell or f"diverged at step {run['diverged']}." in ending
    assert all(f" from ({number(-4.0)}, {number(3.0)}): " in ending for ending in endings)


def test_a_panel_for_each_runner(open_page):
    page = open_page("/race?steps=40")
    settled(page)
    page.get_by_role("button", name="A panel each").click()
    wait_until(page, "document.querySelectorAll('.dl-panels figure canvas').length >= 10")
    wait_until(page, "document.querySelector('.dl-stage').stage.panels.every((panel) => panel.tips)")
    labels = read(page, "stage.message.runs.map((run) => run.label)")
    assert page.locator(".dl-panels figcaption").all_inner_texts() == labels
    names = page.locator(".dl-panels [role=img]").evaluate_all(
        "nodes => nodes.map((n) => n.getAttribute('aria-label'))"
    )
    assert all(label in name for label, name in zip(labels, names, strict=True))
    assert not page.locator(".dl-grid > .dl-map").is_visible() and page.locator(".dl-board").is_visible()
    page.keyboard.press("Home")
    ends = read(page, "stage.panels.map((panel) => panel.tips[0])")
    assert len({tuple(end) for end in ends}) == 1  # all balls at the one start
    page.get_by_role("button", name="Map and 3-D").click()
    page.locator(".dl-grid > .dl-map").wait_for()
    wait_until(page, "document.querySelectorAll('.dl-panels figure').length === 0")


def test_one_runner_more_or_less_and_none(open_page):
    page = open_page("/race?steps=40&mode=same&rate=0.001")
    settled(page)
    before = everything(page)
    page.get_by_text("Runners", exact=True).click()
    with new_picture(page):
        choose(page, "Runner 6", "Lion")
    assert read(page, "stage.message.runs.length") == 6
    in_link(page, r6="Lion")
    with new_picture(page):
        choose(page, "Runner 6", "none")
    assert everything(page) == before
    page.get_by_role("button", name="Reset this page").wait_for()


def choose(page: Page, label: str, option: str) -> None:
    box = page.get_by_role("combobox", name=label)
    for _ in range(10):
        box.fill(option)  # a long list holds only the options in sight
        try:
            return page.get_by_role("option", name=option, exact=True).click(timeout=2000)
        except TimeoutError:
            box.press("Escape")  # the list closes when the page below it is still moving
    raise AssertionError(f"{option} can't be chosen in {label}")


def test_another_landscape_is_drawn_with_its_own_start(open_page):
    page = open_page("/descent?steps=40")
    settled(page)
    page.evaluate("document.querySelector('.dl-stage').mine = 'kept'")
    turn(page)
    eye = read(page, EYE)
    with new_picture(page):
        choose(page, "Landscape", "Six-hump camel")
    assert read(page, "root.mine") == "kept"
    assert list(read(page, EYE).values()) == pytest.approx(list(eye.values()))
    low, high = read(page, "[stage.message.ground.x[0], stage.message.ground.x[100]]")
    assert read(page, "stage.map.plot._fullLayout.xaxis.range") == pytest.approx([low, high])
    assert len(read(page, "stage.message.extra.minima")) == 6
    in_link(page, surface="Six-hump camel")
    assert [float(page.get_by_label(f"Start {axis}", exact=True).input_value()) for axis in "xy"] == start(page)
