"""One step in a browser: predicted by key, hand and finger, judged by the engine's number, and let diverge."""

import pytest
from playwright.sync_api import Page

from engine.curves import CURVES
from pages.parts.curve_walk import STEPS, walks
from pages.parts.words import number
from tests.browser.stage import in_view, wait_until
from tests.browser.touch import drag_with_a_finger

ROOT = "document.querySelector('.dl-onestep')"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


def ready(page: Page) -> None:
    wait_until(page, f"{ROOT}?.onestep?.message && {ROOT}.onestep.chart.ball")


def at_step(page: Page, step: int) -> None:
    wait_until(page, f"(step) => {ROOT}.dataset.step === String(step) && !{ROOT}.onestep.glide", step)


def engine(start: float, rate: float, name: str = "parabola") -> list[float]:
    return [float(w) for w in walks(name, start, (rate,), STEPS)[0].w]


def told(page: Page) -> str:
    return page.locator(".dl-verdict").inner_text()


def picture(page: Page) -> str:
    return page.locator(".dl-onestep [role=img]").get_attribute("aria-label")


def place(page: Page, w: float, loss: float) -> tuple[float, float]:
    left, top = page.evaluate(
        f"""() => {{
            const {{ overlay, scale }} = {ROOT}.onestep.chart;
            const {{ left, top }} = overlay.canvas.getBoundingClientRect();
            return [left + scale.x({w}), top + scale.y({loss})];
        }}"""
    )
    return left, top


def in_link(page: Page, key: str, value: str | None) -> None:
    wait_until(page, "([key, value]) => new URL(location.href).searchParams.get(key) === value", [key, value])


def test_a_step_is_predicted_taken_and_judged_by_the_engines_number(open_flat):
    page = open_flat("/step")
    ready(page)
    path = engine(1.2, 0.3)
    assert "= ?" in page.locator(".dl-onestep .dl-lines").inner_text()
    assert "yours to predict" in picture(page)
    page.get_by_text("The steps as a table").click()
    wait_until(page, f"{ROOT}.querySelector('.dl-numbers td')")
    assert page.locator(".dl-onestep .dl-numbers tbody tr").all_inner_texts() == ["0\t1.200\t1.440\t2.400\t?"]
    box = page.get_by_role("spinbutton", name="My prediction: w =")
    box.fill("0.7")
    box.press("Enter")
    at_step(page, 1)
    miss = number(0.7 - path[1])
    assert f"You said 0.700; the ball lands at w = {number(path[1])}, {miss} further to the left" in told(page)
    assert "longer than you thought" in told(page) and "1 − 0.3 · 2 = 0.400" in told(page)
    assert f"1.20 − 0.3 · 2.40 = {number(path[1])}" in page.locator(".dl-onestep .dl-lines").inner_text()
    box.fill(f"{path[2]:.3f}")
    page.keyboard.press("Tab")  # from the box to the button, where the transport's keys work again
    page.keyboard.press("ArrowRight")
    at_step(page, 2)
    assert "Well predicted" in told(page)
    assert page.locator(".dl-tally").inner_text() == "Your predictions: 2; within 0.080 of the landing: 1."
    page.keyboard.press("Home")
    at_step(page, 0)
    assert "You said" not in told(page)

    page.mouse.click(*place(page, -0.5, 3))  # a press in the picture plants the flag
    assert float(box.input_value()) == pytest.approx(-0.5, abs=0.01)
    page.get_by_role("button", name="Take the step").click()
    at_step(page, 1)
    assert "shorter than you thought" in told(page)

    slider = page.get_by_role("slider", name="Learning rate α")
    slider.focus()
    slider.press("ArrowRight")
    wait_until(page, f"{ROOT}.onestep.message.rate !== 0.3")
    rate = page.evaluate(f"{ROOT}.onestep.message.rate")
    at_step(page, 0)  # another rate is another walk
    page.get_by_text("Predict before each step").click()
    wait_until(page, f"!{ROOT}.onestep.message.predict")
    assert rate > 0.3 and f"The next step leads to w = {number(engine(1.2, rate)[1])}" in picture(page)
    assert not box.is_visible()

    x, y = place(page, 1.2, 1.44)
    page.mouse.move(x + 5, y + 3)
    page.mouse.down()
    page.mouse.move(*place(page, -1.5, 2), steps=4)
    page.mouse.up()
    wait_until(page, f"{ROOT}.onestep.message.w[0] < -1.4 && {ROOT}.onestep.carried === null")
    start = page.evaluate(f"{ROOT}.onestep.message.w[0]")
    in_link(page, "w", f"{start:g}")
    assert f"leads to w = {number(engine(start, rate)[1])}" in picture(page)


def test_a_run_that_diverges_is_named_and_a_finger_predicts(open_flat):
    page = open_flat("/step?w=0.2&rate=1.2", color_scheme="dark", **PHONE)
    ready(page)
    in_view(page, ".dl-onestep .dl-line-chart")
    page.touchscreen.tap(*place(page, 1, 2))
    wait_until(page, f"{ROOT}.onestep.flag !== null")
    page.get_by_role("button", name="Take the step").tap()
    at_step(page, 1)
    assert "it goes the other way" in told(page) and "further out than before" in told(page)
    group = page.get_by_role("group", name="Playback of one weight")
    group.get_by_role("button", name="Last step").tap()
    at_step(page, STEPS)
    last = engine(0.2, 1.2)[-1]
    assert "Diverged at step 16: α = 1.2 is above 2/L″ = 1.00" in told(page)
    assert f"the ball stands at w = {number(last)}" in picture(page)
    assert page.get_by_role("button", name="Take the step").is_disabled()
    sentences = page.locator(".dl-fates figure p").all_inner_texts()
    assert len(sentences) == 4 and "Diverged at step" in sentences[3]
    group.get_by_role("button", name="First step").tap()
    at_step(page, 0)
    in_view(page, ".dl-onestep .dl-line-chart")
    drag_with_a_finger(page, place(page, 0.2, 0.04), place(page, -1.2, 0.5))
    wait_until(page, f"{ROOT}.onestep.message.w[0] < -1 && {ROOT}.onestep.carried === null")
    start = page.evaluate(f"{ROOT}.onestep.message.w[0]")
    assert f"{CURVES['parabola'].label} from" in picture(page)
    in_link(page, "w", f"{start:g}")
