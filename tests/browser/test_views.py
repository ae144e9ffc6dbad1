"""What is drawn lies where it belongs: on Plotly's axes and in Plotly's scene, at every size and without WebGL."""

import base64
import random
from pathlib import Path

import pytest
from playwright.sync_api import Page

from pages.parts.words import number
from tests.browser.conftest import NO_WEBGL
from tests.browser.stage import EYE, new_picture, pixel, read, settled, turn, wait_until

ASSETS = Path(__file__).parents[2] / "assets"
CAMERAS = [(-1.15, -1.45, 1.05), (1.6, -0.4, 0.9), (0.2, 1.9, 0.5), (0.4, 0.3, 2.0)]

# The middle of all pixels of one colour in a picture, in its own pixels.
MIDDLE = """async ([picture, wide]) => {
    const image = await createImageBitmap(await (await fetch("data:image/png;base64," + picture)).blob());
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    let [count, x, y] = [0, 0, 0];
    for (let i = 0; i < data.length; i += 4)
        if (data[i] > 180 && data[i + 1] < 90 && data[i + 2] > 180) {
            count += 1;
            x += (i / 4) % image.width;
            y += Math.floor(i / 4 / image.width);
        }
    const scale = wide / image.width;
    return [count, (x / count + 0.5) * scale, (y / count + 0.5) * scale];
}"""


def ticks(page: Page, axis: str) -> list[tuple[float, float]]:
    """The numbers along an axis of the map, and where Plotly wrote them: pixels from the map's left or top."""
    found = page.evaluate(
        """(axis) => {
            const map = document.querySelector(".dl-map");
            const { left, top } = map.querySelector("canvas").getBoundingClientRect();
            const shown = [...map.querySelectorAll(`.${axis}tick text`)].filter((text) => text.checkVisibility());
            return shown.map((text) => {
                const box = text.getBoundingClientRect();
                const [x, y] = [box.left + box.width / 2 - left, box.top + box.height / 2 - top];
                return [text.textContent, axis === "x" ? x : y];
            });
        }""",
        axis,
    )
    return [(float(text.replace("−", "-")), place) for text, place in found]


def check_map(page: Page) -> None:
    for axis in "xy":
        numbers = ticks(page, axis)
        assert len(numbers) >= 2
        for value, place in numbers:
            assert read(page, f"stage.map.axes.{axis}({value})") == pytest.approx(place, abs=2)


def test_the_maps_canvas_has_plotlys_axes_at_every_size(open_page):
    page = open_page("/descent?surface=mccormick&steps=30")
    settled(page)
    check_map(page)
    width = read(page, "stage.map.axes.width")
    for size in ({"width": 1000, "height": 700}, {"width": 620, "height": 900}, {"width": 1366, "height": 768}):
        page.set_viewport_size(size)
        wait_until(page, "(width) => document.querySelector('.dl-stage').stage.map.axes.width !== width", width)
        page.wait_for_timeout(500)  # the sidebar slides, and the stage waits until it rests
        check_map(page)
        width = read(page, "stage.map.axes.width")
    x, y = read(page, "stage.message.extra.start")
    tip = read(page, "(stage.transport.seek(0), stage.map.tips[0])")
    left, top = read(page, "(({ left, top }) => [left, top])(stage.map.overlay.canvas.getBoundingClientRect())")
    assert [left + tip[0], top + tip[1]] == pytest.approx(pixel(page, x, y), abs=0.01)


def test_the_scenes_canvas_has_plotlys_camera_and_knows_what_a_ridge_hides(open_page):
    page = open_page("/descent?surface=formula&formula=4-4*x**2&steps=5&view=1.5&x=0.5&y=0")
    settled(page)
    for sign, hidden in ((1, 0), (-1, 1)):
        look_from(page, 2.2 * sign, 0, 0.35)
        assert read(page, "(stage.scene.place(), stage.scene.paths[0].hidden[0])") == hidden
    check_projection(page)


def look_from(page: Page, x: float, y: float, z: float) -> None:
    """Turn the surface, as a reader does, and wait until Plotly has drawn it."""
    page.evaluate(
        """async ([x, y, z]) => {
            const plot = document.querySelector(".dl-scene .dl-plot");
            await Plotly.relayout(plot, { "scene.camera.eye": { x, y, z } });
            let [still, before] = [0, ""];
            while (still < 8) { // the camera glides for as many frames as the machine can draw
                await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
                const now = JSON.stringify(Array.from(plot._fullLayout.scene._scene.glplot.cameraParams.view));
                still = now === before ? still + 1 : 0;
                before = now;
            }
        }""",
        [x, y, z],
    )


def check_projection(page: Page) -> None:
    """A point of ours lies on a marker of Plotly's own, seen from everywhere."""
    x, y, height, z = read(
        page,
        """(({ x, y, low, high }) => [x[20], y[64], high - 0.012 * (high - low), high])(stage.message.ground)""",
    )
    page.evaluate(
        """async ([x, y, z]) => {
            const { plot, overlay } = document.querySelector(".dl-stage").stage.scene;
            overlay.canvas.style.visibility = "hidden";
            const marker = { size: 9, color: "#ff00ff", opacity: 1, line: { width: 0 } };
            await Plotly.addTraces(plot, { type: "scatter3d", mode: "markers", x: [x], y: [y], z: [z], marker });
        }""",
        [x, y, z],
    )
    run = f"{{ x: [{x}], y: [{y}], height: [{height}] }}"  # drawn a little above the surface: at z
    plot = page.locator(".dl-scene .dl-plot")
    seen = set()
    for eye in CAMERAS:
        look_from(page, *eye)
        ours = read(
            page,
            f"""(({{ scene }}) => {{
                scene.place();
                const {{ clientWidth, clientHeight }} = scene.plot;
                const {{ xs, ys }} = scene.projected({run}, [0, 0, 1e9], clientWidth, clientHeight);
                return [xs[0], ys[0]];
            }})(stage)""",
        )
        box = plot.bounding_box()
        picture = base64.b64encode(page.screenshot(clip=box)).decode()
        count, *middle = page.evaluate(MIDDLE, [picture, box["width"]])
        assert count > 20, "Plotly's marker is not in the picture"
        assert middle == pytest.approx(ours, abs=2)
        seen.add(tuple(round(place / 5) for place in middle))
    assert len(seen) == len(CAMERAS)


def test_without_webgl_the_map_is_complete(open_page):
    page = open_page("/race?steps=40&mode=same&rate=0.001", first=NO_WEBGL)
    settled(page)
    assert "WebGL is off" in page.locator(".dl-scene").inner_text()
    assert read(page, "stage.map.tips.length") == 5
    check_map(page)
    with new_picture(page):
        page.mouse.click(*pixel(page, 1.0, 1.0))
    assert read(page, "stage.message.extra.start") == pytest.approx([1.0, 1.0], abs=0.05)
    page.keyboard.press("Home")
    assert page.locator(".dl-board tbody tr").count() == 5


def test_a_lost_scene_is_said_and_the_map_goes_on(open_page):
    page = open_page("/descent?steps=40")
    settled(page)
    page.evaluate(
        """() => {
            for (const canvas of document.querySelectorAll(".dl-scene .dl-plot canvas"))
                canvas.getContext("webgl")?.getExtension("WEBGL_lose_context").loseContext();
        }"""
    )
    page.get_by_text("The 3-D view was lost").wait_for()
    with new_picture(page):
        page.mouse.click(*pixel(page, 1.0, 1.0))
    assert read(page, "stage.message.extra.start") == pytest.approx([1.0, 1.0], abs=0.05)


def test_the_browser_writes_numbers_as_python_does(contexts):
    page = contexts().new_page()
    draw = random.Random(5)
    values = [draw.choice((-1, 1)) * draw.uniform(1, 10) * 10.0 ** draw.randint(-12, 12) for _ in range(2000)]
    values += [0.0, 1.0, 0.001, 0.0009995, 9999.5, 9999.4, 9.995, 99.95, 1e-45, 1e38]
    source = (ASSETS / "stage" / "numbers.js").read_text()
    written = page.evaluate(f"(values) => {{ {source}; return values.map((value) => formatNumber(value)); }}", values)
    page.close()
    assert written == [number(value) for value in values]


def test_another_theme_is_drawn_at_once_and_changes_nothing_else(open_page):
    page = open_page("/descent?steps=30", color_scheme="light")
    settled(page)
    colour = "getComputedStyle(root).color"
    light, runs = read(page, colour), read(page, "stage.message.revision")
    page.locator(".dl-scrub input").fill("12")
    turn(page)
    eye = read(page, EYE)
    page.emulate_media(color_scheme="dark")
    wait_until(page, "(light) => getComputedStyle(document.querySelector('.dl-stage')).color !== light", light)
    wait_until(page, "(light) => document.querySelector('.dl-map .xtick text').style.fill !== light", light)
    assert read(page, "stage.message.revision") == runs and read(page, "stage.transport.time") == 12
    page.emulate_media(color_scheme="light")
    wait_until(page, "(light) => document.querySelector('.dl-map .xtick text').style.fill === light", light)
    page.set_viewport_size({"width": 1100, "height": 700})
    wait_until(page, "document.querySelector('.dl-stage').stage.scene.plot._fullLayout.width < 400")
    assert list(read(page, EYE).values()) == pytest.approx(list(eye.values()))
