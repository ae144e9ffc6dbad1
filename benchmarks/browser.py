"""The pages in headless Chromium with software rendering: from a click to its picture, and frames a second."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, Position, ViewportSize, sync_playwright

from benchmarks.timing import Row
from tests.browser.chromium import find
from tests.browser.conftest import FLAGS, serve

SIZE: ViewportSize = {"width": 1366, "height": 768}
WATCH = """() => {
    const root = document.querySelector(".dl-stage");
    window.pictures = [];
    new MutationObserver(() => window.pictures.push(performance.now()))
        .observe(root, { attributes: true, attributeFilter: ["data-revision"] });
    for (const event of ["pointerup", "keydown"])
        window.addEventListener(event, () => (window.released = performance.now()), true);
}"""
# The same surface and runs as Plotly's own animation draws them: each frame sets the lines to their first k points.
FRAMES = """async () => {
    const { stage } = document.querySelector(".dl-stage");
    const { ground, runs } = stage.message;
    const div = document.createElement("div");
    div.style = "position:fixed;left:0;top:0;width:449px;height:320px;z-index:9999;background:white";
    document.body.append(div);
    const line = (run, k) => ({ x: Array.from(run.x.slice(0, k)), y: Array.from(run.y.slice(0, k)),
                                z: Array.from(run.height.slice(0, k)) });
    const style = (run) => ({ type: "scatter3d", mode: "lines", line: { width: 5, color: run.colour } });
    const lines = runs.map((run) => ({ ...style(run), ...line(run, 2) }));
    const options = { frame: { duration: 0, redraw: true }, transition: { duration: 0 }, mode: "immediate" };
    await Plotly.newPlot(div, [...ground.scene.data, ...lines], { ...ground.scene.layout, width: 449, height: 320 });
    const traces = runs.map((_, i) => i + 1);
    let frames = 0;
    const begin = performance.now();
    while (performance.now() - begin < 5000) {
        frames += 1;
        const data = runs.map((run) => line(run, 2 + (frames * 5) % 290));
        await Plotly.animate(div, { data, traces }, options);
        await new Promise(requestAnimationFrame);
    }
    const rate = frames / (performance.now() - begin) * 1000;
    Plotly.purge(div);
    div.remove();
    return rate;
}"""


def rows() -> Iterator[Row]:
    """First picture, answers to a click and a slider, and playing, on a server that has been visited before."""
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder) / "log") as url, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find() or None, args=FLAGS)
        opened(chromium, url + "/race")[0].context.close()
        firsts = []
        for _ in range(5):
            page, took = opened(chromium, url + "/race")
            firsts.append(took)
            page.context.close()
        yield Row("first picture of /race, new browser profile, warm server", f"{median(firsts):.1f} s", "≤ 3 s")
        for name, path, slider in (
            ("/descent", "/descent?steps=300", "Learning rate η"),
            ("/race, five runners, one rate", "/race?steps=300&mode=same", "Learning rate of all"),
            ("/race, five runners, each at its best", "/race?steps=300", None),
        ):
            page, _ = opened(chromium, url + path)
            sizes = watch(page)
            yield answer(f"click on the map → new paths, {name}", page, sizes, click)
            if slider:
                yield answer(f"slider → new paths, {name}", page, sizes, slide(slider))
            page.context.close()
        page, _ = opened(chromium, url + "/race?steps=300&mode=same")
        page.wait_for_timeout(2000)
        ours = frames_a_second(page)
        theirs = float(page.evaluate(FRAMES))
        yield Row("playing five runners of 300 steps, map and 3-D", f"{ours:.0f} frames a second", "≥ 25")
        yield Row("… against Plotly's own 3-D frames", f"{ours / theirs:.0f}× ({theirs:.1f} a second)", "≥ 3×")
        page.context.close()
        live = updates_a_second(chromium, url + "/training?epochs=5000")
        yield Row("/training, two networks live with their boundaries", f"{live:.1f} updates a second", "≥ 5")
        chromium.close()


def opened(chromium: Browser, address: str) -> tuple[Page, float]:
    """A page in a profile of its own, and the seconds until its paths stood on the map."""
    page = chromium.new_context(viewport=SIZE).new_page()
    start = time.perf_counter()
    page.goto(address)
    page.wait_for_function("document.querySelector('.dl-stage')?.dataset.revision", polling=20)
    took = time.perf_counter() - start
    page.wait_for_function("document.querySelector('.dl-stage')?.dataset.settled", polling=50)
    return page, took


def watch(page: Page) -> list[int]:
    """Note the time of every new picture; the sizes of the messages from the server, in bytes."""
    page.evaluate(WATCH)
    sizes: list[int] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.webSocketFrameReceived", lambda event: sizes.append(_length(event["response"])))
    return sizes


def _length(frame: dict[str, Any]) -> int:
    data = frame["payloadData"]
    return len(data) * 3 // 4 if frame["opcode"] == 2 else len(data)  # binary frames arrive as base64


def answer(what: str, page: Page, sizes: list[int], act: Callable[[Page, int], None], times: int = 12) -> Row:
    """Milliseconds from the release of a control to the new paths on the map, and the largest message."""
    waits = []
    largest = 0
    for turn in range(times):
        page.wait_for_timeout(900)  # the 3-D scene may follow; the next release starts from rest
        sizes.clear()
        before = page.evaluate("window.pictures.length")
        act(page, turn)
        page.wait_for_function(f"window.pictures.length > {before}", polling=20)
        waits.append(float(page.evaluate("window.pictures.at(-1) - window.released")))
        largest = max(largest, *sizes)
    measured = f"{median(waits):.0f} ms (worst {max(waits):.0f}), {largest / 1e3:.0f} kB"
    return Row(what, measured, "≤ 150 ms, ≤ 150 kB")


def click(page: Page, turn: int) -> None:
    """A click on a point of the map that no other turn chooses."""
    axes = page.evaluate("(({left, top, width, height}) => [left, top, width, height])"
                         "(document.querySelector('.dl-stage').stage.map.axes)")  # fmt: skip
    position: Position = {"x": axes[0] + axes[2] * (0.2 + 0.04 * turn), "y": axes[1] + axes[3] * (0.25 + 0.03 * turn)}
    page.locator(".dl-map canvas").click(position=position)


def slide(name: str) -> Callable[[Page, int], None]:
    """One stop of the slider of that name."""

    def act(page: Page, turn: int) -> None:
        page.get_by_role("slider", name=name).focus()
        page.keyboard.press("ArrowLeft")

    return act


def updates_a_second(chromium: Browser, address: str, seconds: float = 5.0) -> float:
    """Pictures of networks in training that arrive and are drawn."""
    page = chromium.new_context(viewport=SIZE).new_page()
    page.goto(address)
    page.wait_for_function("document.querySelector('.dl-stage')?.dataset.step === '0'")
    page.locator(".st-key-transport").get_by_role("button", name="Train").click()
    page.wait_for_function("Number(document.querySelector('.dl-stage').dataset.step) > 0")
    count = "[document.querySelector('.dl-stage').updates, performance.now()]"
    updates, start = page.evaluate(count)
    page.wait_for_timeout(seconds * 1000)
    more, end = page.evaluate(count)
    page.context.close()
    return float((more - updates) / (end - start) * 1000)


def frames_a_second(page: Page, seconds: float = 5.0) -> float:
    """Frames that the stage draws in both views while it plays from the first step."""
    page.get_by_role("button", name="First step").click()
    page.get_by_role("button", name="Play", exact=True).click()
    count = "[document.querySelector('.dl-stage').frames, performance.now()]"
    page.wait_for_timeout(500)
    frames, start = page.evaluate(count)
    page.wait_for_timeout(seconds * 1000)
    more, end = page.evaluate(count)
    return float((more - frames) / (end - start) * 1000)
