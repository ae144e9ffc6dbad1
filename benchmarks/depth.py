"""The default comparison of /vanishing: four networks of ten layers, eight seeds each, at the start and in training."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from playwright.sync_api import sync_playwright

from benchmarks.browser import SIZE
from benchmarks.timing import Row, seconds
from engine.depth import Deep, signals, training
from pages.parts.variants import variants
from tests.browser.chromium import find
from tests.browser.conftest import FLAGS, serve

NORMS = "document.querySelector('.dl-chart[aria-label^=\"Gradient norm by layer at the start\"]')"
SLIDERS = ("Hidden layers", "Units a layer", "Initial weights times")


def rows() -> Iterator[Row]:
    """The engine's share alone, then from a slider's release to the new picture."""
    networks = [variant.deep for variant in variants(Deep(), "cures")]
    took = seconds(lambda: [signals.__wrapped__(deep) for deep in networks])
    yield Row("/vanishing, 4 networks × 8 seeds: norms at the start", f"{took * 1e3:.0f} ms", "≤ 300 ms")
    took = seconds(lambda: [list(training(deep, "momentum", 0.02, 200, 64)) for deep in networks], rounds=3)
    yield Row("/vanishing, the same with 200 training steps each", f"{took:.1f} s", "≤ 4 s")
    yield Row("/vanishing, slider → new norms", f"{median(answers()) * 1e3:.0f} ms", "≤ 400 ms")


def answers() -> list[float]:
    """Seconds from the key that moves a slider to the norms drawn anew."""
    waits = []
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder) / "log") as url, sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=find() or None, args=FLAGS).new_page(viewport=SIZE)
        page.goto(url + "/vanishing")
        page.wait_for_function(f"{NORMS}?.querySelector('.main-svg')")
        page.evaluate(f"() => {NORMS}.on('plotly_afterplot', () => (window.drawn = performance.now()))")
        for turn in range(12):
            page.wait_for_timeout(1500)
            page.get_by_role("slider", name=SLIDERS[turn % 3], exact=False).first.focus()
            pressed = page.evaluate("performance.now()")
            before = page.evaluate(f"{NORMS}.getAttribute('aria-label')")
            page.keyboard.press("ArrowLeft" if turn < 6 else "ArrowRight")
            page.wait_for_function(
                f"([before, pressed]) => {NORMS}.getAttribute('aria-label') !== before && window.drawn > pressed",
                arg=[before, pressed],
                polling=10,
            )
            waits.append(float(page.evaluate("window.drawn") - pressed) / 1e3)
    return waits
