"""A prediction in the reader's hand: the ball follows, the numbers are the engine's, the link has where it was put."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from playwright.sync_api import Page

from engine.penalties import PENALTIES
from pages.parts.words import number
from tests.browser.stage import in_view, wait_until
from tests.browser.touch import drag_with_a_finger

ROOT = "document.querySelector('.dl-penalty')"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
WATCH = f"""() => {{
    window.shown = [];
    const look = () => window.shown.push(Number({ROOT}.dataset.prediction));
    new MutationObserver(look).observe({ROOT}, {{ attributeFilter: ["data-prediction"] }});
}}"""


def ready(page: Page) -> None:
    wait_until(page, f"{ROOT}?.penalty?.charts.slope.balls")


def prediction(page: Page) -> float:
    return float(page.evaluate(f"{ROOT}.dataset.prediction"))


def place(page: Page, chart: str, p: float, ball: int = 0) -> tuple[float, float]:
    """Where a prediction lies on the screen, at the height of a ball."""
    left, top = page.evaluate(
        f"""() => {{
            const chart = {ROOT}.penalty.charts.{chart};
            const {{ left, top }} = chart.overlay.canvas.getBoundingClientRect();
            return [left + chart.scale.x({p}), top + chart.balls[{ball}][1]];
        }}"""
    )
    return left, top


def check_numbers(page: Page, y: int) -> None:
    """The table, the slider and the pictures' texts say what the engine does, of the prediction shown."""
    p = np.array([prediction(page)])
    cells = page.locator(".dl-penalty-numbers b").all_inner_texts()
    pairs = [(e.of_prediction(p, y)[0], e.slope_in_prediction(p, y)[0]) for e in PENALTIES.values()]
    assert [cell.strip() for cell in cells] == [number(float(value), 4) for pair in pairs for value in pair]
    assert len({len(cell) for cell in cells}) == 1
    labels = [entry.label for entry in PENALTIES.values()]
    told = [
        f"{label} {number(loss)}, slope {number(slope)}" for label, (loss, slope) in zip(labels, pairs, strict=True)
    ]
    texts = page.locator(".dl-penalty [role=img]").evaluate_all(
        "nodes => nodes.map((n) => n.getAttribute('aria-label'))"
    )
    texts.append(page.locator(".dl-penalty input").get_attribute("aria-valuetext"))
    assert len(set(texts)) == 3 and all(part in text for part in told for text in texts)


def in_link(page: Page, value: str | None) -> None:
    wait_until(page, "(value) => new URL(location.href).searchParams.get('prediction') === value", value)


def answered(page: Page) -> None:
    """Until the page has taken up what it was told."""
    wait_until(page, f"{ROOT}.penalty.sent === null && !{ROOT}.penalty.held()")


def unfold_and_check(page: Page, axe: Callable[..., None]) -> None:
    page.locator("[data-testid=stMain] [data-testid=stExpander] summary").click()
    page.wait_for_timeout(400)  # it opens slowly, and half-open it fails for contrast
    axe(page, context="[data-testid=stMain]")  # the narrow menu is Streamlit's own


def test_a_ball_is_dragged_by_mouse_and_moved_by_keys(open_page, axe):
    page = open_page("/losses?prediction=0.3")
    ready(page)
    check_numbers(page, 1)
    page.evaluate(WATCH)
    x, y = place(page, "loss", 0.3)
    goal, _ = place(page, "loss", 0.7)
    page.mouse.move(x + 9, y - 6)  # beside its middle, and it does not jump there
    page.mouse.down()
    assert prediction(page) == 0.3
    for k in range(1, 21):
        page.mouse.move(x + 9 + (goal - x) * k / 20, y - 6)
        if k % 5 == 0:
            assert prediction(page) == pytest.approx(0.3 + 0.4 * k / 20, abs=0.004)
            check_numbers(page, 1)
    assert "0.3" in page.url  # nothing is sent on the way
    let_go, ball = prediction(page), place(page, "loss", prediction(page))
    page.mouse.up()
    page.mouse.move(*ball)
    page.mouse.down()  # taken again before the page can answer
    page.mouse.move(*place(page, "loss", 0.8))
    in_link(page, f"{let_go:g}")
    wait_until(page, f"{ROOT}.penalty.message.prediction === {let_go}")
    assert prediction(page) == pytest.approx(0.8, abs=0.004)  # the answer leaves it in the hand
    page.mouse.up()
    rested = prediction(page)
    in_link(page, f"{rested:g}")
    answered(page)
    shown = page.evaluate("window.shown")
    assert all(a <= b for a, b in pairwise(shown)) and shown[-1] == rested
    assert float(page.get_by_role("spinbutton", name="Prediction ŷ, exact value").input_value()) == rested

    page.keyboard.press("ArrowLeft")  # the slider has the focus since the ball was taken
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowRight")
    wanted = round(round(rested * 100 - 2) / 100 + 0.001, 3)
    assert prediction(page) == wanted
    check_numbers(page, 1)
    in_link(page, f"{wanted:g}")
    page.keyboard.press("End")
    assert prediction(page) == 0.999
    in_link(page, "0.999")
    answered(page)

    page.get_by_role("button", name="ŷ = 0.05 for y = 1").click()
    wait_until(page, f"{ROOT}.dataset.prediction === '0.05'")
    check_numbers(page, 1)
    page.get_by_text("0", exact=True).and_(page.locator("[data-testid=stRadio] p")).click()
    wait_until(page, f"{ROOT}.penalty.message.frames.loss.alt.includes('y = 0')")
    check_numbers(page, 0)
    assert prediction(page) == 0.05
    page.mouse.click(*place(page, "slope", 0.6))  # a press beside the ball brings it
    in_link(page, f"{prediction(page):g}")
    assert prediction(page) == pytest.approx(0.6, abs=0.004)
    again = open_page("/losses" + page.url.partition("/losses")[2])
    ready(again)
    assert prediction(again) == prediction(page)
    check_numbers(again, 0)
    unfold_and_check(again, axe)


def test_a_finger_carries_the_ball_and_elsewhere_scrolls(open_page, axe):
    page = open_page("/losses?prediction=0.3", color_scheme="dark", **PHONE)
    ready(page)
    in_view(page, ".dl-penalty-charts")
    drag_with_a_finger(page, place(page, "loss", 0.3), place(page, "loss", 0.8))
    assert prediction(page) == pytest.approx(0.8, abs=0.006)
    in_link(page, f"{prediction(page):g}")
    answered(page)
    check_numbers(page, 1)
    in_view(page, ".dl-penalty-charts")
    before, scrolled = prediction(page), "document.querySelector('[data-testid=stMain]').scrollTop"
    top = page.evaluate(scrolled)
    x, y = place(page, "loss", 0.4)
    drag_with_a_finger(page, (x, y), (x, y - 120))
    wait_until(page, f"(top) => {scrolled} > top + 40", top)
    assert prediction(page) == before
    unfold_and_check(page, axe)
