"""Every page for every reader: axe in light, dark and frames, narrow screens, names of controls, the keyboard alone."""

from itertools import pairwise

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import settle
from tests.browser.stage import new_picture, path, read, settled, time, wait_until

PAGES = {
    "fog": "/",
    "descent": "/descent?surface=ravine&condition=50&learning_rate=0.05&optimizer=sgd&curvature=true&field=true",
    "race": "/race?surface=ravine&condition=50&steps=80&mode=same&rate=0.05",
}
STAGELESS = {
    "losses": "/losses",
    "step": "/step?w=0.2&rate=1.2",
    "batches": "/batches?steps=60",
    "training": "/training?samples=100&n1_learning_rate=10&n1=sgd",
    "backprop": "/backprop?step=50",
    "learning rate": "/learning-rate?surface=ravine&large=0.05",
    "basins": "/basins?surface=two_weight_net&steps=20&r3=none&r1_learning_rate=0.6&x0=0&x1=2&y0=-2&y1=0",
    "vanishing": "/vanishing?depth=3&compare=alone&start=zeros",
}
WIDE = """() => {
    const scrollers = [document.documentElement, document.body, document.querySelector("[data-testid=stMain]")];
    const clipped = (node) => {
        for (let up = node.parentElement; up; up = up.parentElement)
            if (!scrollers.includes(up) && getComputedStyle(up).overflowX !== "visible") return true;
        return false;
    };
    const beyond = [...document.querySelectorAll("[data-testid=stMain] *")].filter((node) => {
        const box = node.getBoundingClientRect();
        return box.width > 0 && box.right > innerWidth + 1 && node.checkVisibility() && !clipped(node);
    });
    const wide = [...scrollers.filter((node) => node.scrollWidth > node.clientWidth + 1), ...beyond];
    return wide.map((node) => node.outerHTML.slice(0, 120));
}"""


def unfold(page: Page) -> None:
    """Open every expander, one after the other."""
    for summary in page.locator(":is([data-testid=stExpander], .dl-stage) summary").all():
        summary.click()
    page.wait_for_timeout(400)  # they open slowly, and half-open ones fail for contrast


def repaint(page: Page, scheme: str) -> None:
    """The other theme, as the reader's system would ask for it."""
    colour = "getComputedStyle(document.querySelector('[data-testid=stApp]')).color"
    before = page.evaluate(colour)
    page.emulate_media(color_scheme=scheme)
    wait_until(page, f"(before) => {colour} !== before", before)
    page.wait_for_timeout(600)  # colours fade


@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_light_and_in_the_dark(open_page, axe, name):
    page = open_page(PAGES[name], color_scheme="light")
    settled(page)
    if name != "fog":
        assert "diverged at step" in page.locator(".dl-endings").inner_text()
    axe(page)
    check_headings(page)
    check_pictures(page)
    unfold(page)
    axe(page)
    check_controls(page)
    repaint(page, "dark")
    axe(page)


@pytest.mark.parametrize("name", STAGELESS)
def test_a_page_with_pictures_of_its_own(open_flat, axe, name):
    page = open_flat(STAGELESS[name], color_scheme="dark", viewport={"width": 390, "height": 700})
    drawn(page)
    axe(page, context="[data-testid=stMain]")
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 700})
        wait_until(page, "(width) => innerWidth === width", width)
        page.wait_for_timeout(600)
        assert page.evaluate(WIDE) == []
    page.set_viewport_size({"width": 1366, "height": 768})
    repaint(page, "light")
    drawn(page)
    unfold(page)
    axe(page)
    check_headings(page)
    alternatives = page.locator("[data-testid=stMain] [role=img]").evaluate_all(
        "nodes => nodes.filter((n) => n.checkVisibility()).map((n) => n.getAttribute('aria-label'))"
    )
    assert all(alternatives) and len(set(alternatives)) == len(alternatives)


def drawn(page: Page) -> None:
    """Wait until every chart of the page stands."""
    page.wait_for_selector(".dl-stage canvas, .dl-drawing svg, .dl-chart .main-svg")
    wait_until(page, "() => [...document.querySelectorAll('.dl-chart')].every((n) => n.querySelector('.main-svg'))")
    settle(page)


def check_headings(page: Page) -> None:
    """One of the first rank, which the page's title repeats, and no rank left out."""
    ranks = page.locator("[data-testid=stMain] :is(h1, h2, h3, h4, h5, h6)").evaluate_all(
        "nodes => nodes.filter((n) => n.checkVisibility()).map((n) => Number(n.tagName[1]))"
    )
    assert ranks[0] == 1 and ranks.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(ranks))


def check_pictures(page: Page) -> None:
    """A text for each, none twice, with how the runs ended."""
    texts = page.locator(".dl-stage [role=img]").evaluate_all("nodes => nodes.map((n) => n.getAttribute('aria-label'))")
    assert len(set(texts)) == 3 and all(texts)
    endings = page.locator(".dl-stage [role=status] li").all_inner_texts()
    assert len(endings) == read(page, "stage.message.runs.length")
    assert sum(all(ending in text for ending in endings) for text in texts) >= 2


def check_controls(page: Page) -> None:
    """A name for each of the stage's, none twice, and room enough to hit it; a name for each slider of the page."""
    controls = page.evaluate(
        """() => [...document.querySelectorAll(".dl-stage :is(button, input, select)")]
            .filter((node) => node.checkVisibility())
            .map((node) => {
                const { width, height } = node.getBoundingClientRect();
                const label = node.getAttribute("aria-label") || node.innerText || node.labels?.[0]?.innerText;
                return [label, width, height];
            })"""
    )
    labels = [label for label, _, _ in controls]
    assert all(labels) and len(set(labels)) == len(labels)
    assert all(width >= 24 and height >= 24 for _, width, height in controls)
    for slider in page.get_by_role("slider").all():
        assert slider.get_attribute("aria-label") or slider.evaluate("(node) => node.labels?.length > 0")


def test_each_page_has_a_title_of_its_own(open_flat):
    page = open_flat("/")
    titles = [page.title()]
    for section, name in (("Optimizers", "Descent"), ("Optimizers", "Optimizer race")):
        page.get_by_role("button", name=section).click()
        page.get_by_role("menuitem", name=name, exact=True).click()
        wait_until(page, "(before) => document.title !== before", titles[-1])
        titles.append(page.title())
    settled(page)
    assert len(set(titles)) == 3 and all(titles)


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_in_another_sites_frame(open_flat, axe, name):
    link = PAGES[name]
    page = open_flat(link + ("&" if "?" in link else "?") + "embed=true", viewport={"width": 800, "height": 600})
    settled(page)
    axe(page)


def test_axe_finds_nothing_in_panels_with_a_notice_and_a_faulty_formula(open_flat, axe):
    page = open_flat("/race?surface=formula&formula=x%2Bfoo&steps=abc")
    settled(page)
    page.get_by_role("button", name="A panel each").click()
    page.locator(".dl-panels figure").nth(4).wait_for()
    axe(page)


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_phone(open_flat, name):
    page = open_flat(PAGES[name], viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True)
    settled(page)
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 700})
        wait_until(page, "(width) => innerWidth === width", width)
        page.wait_for_timeout(600)  # the stage waits until the size rests
        assert page.evaluate(WIDE) == []
        if name != "fog":
            check_phone(page, width)


def check_phone(page: Page, width: int) -> None:
    """Map, then curve, 3-D behind a tab, the transport's buttons large enough for a thumb."""
    tops = [page.locator(f".dl-grid > .dl-{view}").bounding_box()["y"] for view in ("map", "curve")]
    assert tops == sorted(tops)
    assert not page.locator(".dl-scene").is_visible()
    page.get_by_role("button", name="3-D", exact=True).click()
    page.locator(".dl-scene").wait_for()
    assert not page.locator(".dl-grid > .dl-map").is_visible()
    assert page.evaluate(WIDE) == []
    page.get_by_role("button", name="Map", exact=True).click()
    page.locator(".dl-grid > .dl-map").wait_for()
    for name in ("First step", "One step back", "Play", "One step forward", "Last step"):
        box = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert box["height"] >= 40 and box["width"] >= 34
        assert box["x"] >= 0 and box["x"] + box["width"] <= width


def test_the_keyboard_alone_changes_the_rate_runs_and_reads_the_result(open_flat):
    page = open_flat("/descent?surface=bowl&steps=30&learning_rate=0.1")
    settled(page)
    before = path(page)

    def tab_to(test: str, most: int = 60) -> None:
        for _ in range(most):
            page.keyboard.press("Tab")
            if page.evaluate(f"(() => {{ const node = document.activeElement; return {test}; }})()"):
                return
        raise AssertionError(f"not reached by Tab: {test}")

    tab_to("node.getAttribute('aria-label') === 'Learning rate η' || node.closest('[aria-label=\"Learning rate η\"]')")
    with new_picture(page):
        page.keyboard.press("ArrowRight")
    assert path(page) != before
    tab_to("node.getAttribute('aria-label') === 'First step'")
    page.keyboard.press("Enter")
    assert time(page) == 0
    tab_to("node.getAttribute('aria-label') === 'Play'")
    page.keyboard.press("ArrowRight")
    assert time(page) == 1
    tab_to("node.matches('.dl-scrub input')")
    page.keyboard.press("End")
    assert time(page) == 30
    focus = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert focus != "none"
    tab_to("!node.closest('.dl-stage')")  # and out again: no trap
    assert "loss" in page.locator(".dl-endings").inner_text()
    assert read(page, "root.querySelector('.dl-scrub input').getAttribute('aria-valuetext')") == "step 30 of 30"
