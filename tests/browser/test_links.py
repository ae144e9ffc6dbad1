"""Links: a cold server, a shared run, a reload, the menu and the way back, and links that are wrong."""

import pytest
from playwright.sync_api import Page

from tests.browser.stage import everything, new_picture, path, pixel, read, settled, time

ELSEWHERE = {"locale": "de-DE", "timezone_id": "Asia/Tokyo"}  # somebody else's browser
FORMULA = "x**2+%2B+3*y**2+%2B+sin(x*y)*exp(-x**2)"


def notice(page: Page) -> str:
    return page.get_by_test_id("stAlert").inner_text()


@pytest.mark.parametrize(
    ("link", "title", "steps"),
    [
        ("/race?steps=150", "Which optimizer suits which landscape?", 150),
        ("/descent?surface=himmelblau&optimizer=adam", "How does one optimizer walk a surface?", 200),
    ],
)
def test_a_deep_link_is_the_first_request_of_a_fresh_server(fresh_server, open_page, link, title, steps):
    page = open_page(fresh_server() + link)
    settled(page)
    assert page.locator("h1").all_inner_texts() == [title]
    assert len(path(page)[0]) == steps + 1
    assert page.get_by_text("Page not found").count() == 0
    assert page.get_by_role("navigation", name="App pages").is_visible()


@pytest.mark.parametrize(
    "link",
    [
        f"/descent?surface=formula&formula={FORMULA}&view=2.5&x=1.5&y=-1.2&noise=0.7&seed=42&steps=70",
        "/race?surface=himmelblau&mode=own&r1=lion&r1_learning_rate=0.0321&r1_beta2=0.9&r2=newton&r2_damping=0.5&r3=none"
        "&r6=sgd&x=-1.25&y=0.75&noise=0.2&seed=7&steps=45",
    ],
    ids=["descent", "race"],
)
def test_a_link_shows_the_same_run_to_somebody_else(open_flat, link):
    mine = open_flat(link)
    settled(mine)
    theirs = open_flat(mine.url, **ELSEWHERE)
    settled(theirs)
    assert everything(theirs) == everything(mine)
    assert theirs.url == mine.url
    assert theirs.get_by_test_id("stAlert").count() == mine.get_by_test_id("stAlert").count() == 0


def test_the_copied_link_shows_the_step_and_a_reload_keeps_all(open_flat):
    page = open_flat(
        "/descent?surface=ravine&condition=321.5&angle=33.3&optimizer=nadam&learning_rate=0.0123456&beta1=0.83&eps=1e-5"
        "&schedule=one_cycle&change=true&change_step=30&change_rate=0.2&steps=90&curvature=true"
    )
    settled(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    with new_picture(page):
        page.mouse.click(*pixel(page, 1.0, -1.0))
    page.locator(".dl-scrub input").fill("23")
    page.get_by_role("button", name="Copy link").click()
    page.get_by_role("button", name="Copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert "step=23" in link
    theirs = open_flat(link, **ELSEWHERE)
    settled(theirs)
    assert everything(theirs) == everything(page) and time(theirs) == time(page) == 23
    theirs.reload()
    settled(theirs)
    assert everything(theirs) == everything(page) and time(theirs) == 23


def test_to_another_page_by_the_menu_and_back(open_flat):
    page = open_flat("/race?steps=40&surface=himmelblau&mode=same&rate=0.005")
    settled(page)
    before = everything(page)
    page.get_by_role("button", name="Optimizers").click()
    page.get_by_role("menuitem", name="Descent", exact=True).click()
    page.get_by_role("heading", name="How does one optimizer walk a surface?").wait_for()
    settled(page)
    assert read(page, "stage.message.runs.length") == 1 and len(path(page)[0]) == 201
    page.go_back()  # Streamlit leaves the page without its values in between
    page.get_by_role("heading", name="Which optimizer suits which landscape?").wait_for()
    settled(page)
    with new_picture(page):  # or the picture compared would be that of the page without its values
        page.go_back()
    assert everything(page) == before


def test_a_wrong_link_is_mended_in_the_address_and_said_on_the_page(open_flat):
    page = open_flat(
        "/descent?surface=bowl&steps=abc&optimizer=%3Cscript%3Ealert(1)%3C/script%3E&x=1e999&y=0.5&noise=-3&seed=1&seed=2"
        "&learning_rate=%D9%A1&unknown=%E2%80%AEevil&__proto__=1&step=1_0"
    )
    settled(page)
    said = notice(page)
    for key in ("steps", "optimizer", "x", "noise", "seed", "learning_rate", "step"):
        assert f"{key} " in said
    assert "script" not in said and "evil" not in said
    given = page.evaluate("Object.fromEntries(new URL(location.href).searchParams)")
    assert not {"steps", "optimizer", "x", "learning_rate", "step"} & set(given)
    assert (given["y"], given["seed"]) == ("0.5", "2")
    assert len(path(page)[0]) == 201 and path(page)[1][0] == 0.5
    page.get_by_role("button", name="Dismiss").click()
    page.get_by_test_id("stAlert").wait_for(state="detached")


def test_a_mended_link_is_one_step_on_the_way_back_and_no_trap(open_flat, server):
    page = open_flat("/")
    page.goto(f"{server}/race?steps=x&mode=same&surface=bowl&r1=adam&seed=x")
    settled(page)
    assert page.evaluate("history.length") <= 4  # blank, home, the link, the mended link
    page.go_back()
    page.get_by_role("heading", name="Which optimizer suits which landscape?").wait_for()
    settled(page)
    page.go_back()
    page.get_by_role("heading", name="What can you know of a landscape from one point?").wait_for()


def test_a_fault_in_the_formula_is_said_where_it_is_typed(open_flat):
    page = open_flat("/descent?surface=formula&formula=x**2+%2B+zz*y&steps=30")
    settled(page)
    assert "'zz'" in notice(page) and "character 8" in notice(page) and "x**2 + 3*y**2 + sin(x*y)" in notice(page)
    box = page.get_by_label("Loss, a formula in x and y", exact=True)
    box.fill("x**2 + 2*y**2")
    with new_picture(page):
        box.press("Enter")
    assert page.get_by_test_id("stAlert").count() == 0
    assert read(page, "stage.message.ground.key").startswith("('x**2 + 2*y**2'")
