"""Each preset shows its failure in what is drawn; training can be stopped and keeps what it has."""

from playwright.sync_api import Page, expect

from pages.parts.presets import VANISHING_PRESETS
from tests.browser.stage import wait_until

NORMS = "document.querySelector('.dl-chart[aria-label^=\"Gradient norm by layer at the start\"]')"


def shown(page: Page, preset: str) -> dict[str, list[float]]:
    """Medians by layer of each network, as drawn after the preset's button was pressed."""
    before = page.evaluate(f"{NORMS}?.getAttribute('aria-label')")
    page.get_by_role("button", name=preset, exact=True).click()
    expect(page.get_by_test_id("stAlert").filter(has_text=f"{preset}.")).to_be_visible()
    if preset != VANISHING_PRESETS[0].label:  # which is what a fresh visit shows
        wait_until(page, f"(before) => {NORMS}.getAttribute('aria-label') !== before", before)
    lines = page.evaluate(
        f"{NORMS}.data.filter((t) => t.name && t.showlegend !== false).map((t) => [t.name, [...t.y]])"
    )
    return dict(lines)


def test_each_preset_shows_its_failure(open_page):
    page = open_page("/vanishing")
    wait_until(page, f"() => {NORMS}?.querySelector('.main-svg')")
    sigmoid, rivals, explodes, tiny, zero = (preset.label for preset in VANISHING_PRESETS)
    found = shown(page, sigmoid)
    ratios = [norms[0] / norms[-2] for norms in found.values()]
    assert ratios[0] < 1e-4 and ratios == sorted(ratios)
    found = shown(page, rivals)
    assert found["Sigmoid"][0] < 1e-3 * found["Sigmoid"][-2] and found["ReLU"][0] > 0.05 * found["ReLU"][-2]
    (norms,) = shown(page, explodes).values()
    assert max(norms) > 1e10
    (norms,) = shown(page, tiny).values()
    assert 0.1 < norms[0] / norms[-2] < 10 and max(norms) < 1e-11
    (norms,) = shown(page, zero).values()
    assert set(norms) == {1e-30}  # the bottom of the axis
    expect(page.get_by_test_id("stAlert").filter(has_text="exactly 0")).to_be_visible()


def test_training_can_be_stopped_and_what_is_there_stays(open_page):
    page = open_page("/vanishing?steps=1000&depth=6&width=16")
    page.get_by_role("button", name="Train all for 1000 steps").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    curves = "document.querySelector('.dl-chart[aria-label^=\"Loss by step\"]').data"
    wait_until(page, f"() => {curves}?.[1]?.x.length > 20")
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").click()  # Streamlit shows one of its own, too
    expect(page.get_by_role("heading", name="The same norms, while it learns")).to_be_visible()
    steps = page.evaluate(f"{curves}[1].x.length")
    assert 20 < steps < 1000
    expect(page.locator(".dl-chart[aria-label^='Gradient norm by layer and step']")).to_have_count(4)
