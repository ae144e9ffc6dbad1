"""Training as its reader does it: watch, pause, change a rate, go on, start again; alone and beside someone else."""

import numpy as np
from playwright.sync_api import Page, expect

from engine.training import Learner, Training, train
from tests.browser.conftest import settle
from tests.browser.stage import wait_until

LINK = "/training?samples=200&units=16&epochs=60"
TRAINING = Training(samples=200, hidden=(16, 16))
VIEW = "document.querySelector('.dl-stage')"


def transport(page: Page, name: str) -> None:
    page.locator(".st-key-transport").get_by_role("button", name=name).click()


def step(page: Page) -> int:
    return int(page.evaluate(f"() => {VIEW}.dataset.step"))


def reach(page: Page, count: int) -> None:
    wait_until(page, f"() => Number({VIEW}?.dataset.step) >= {count}")


def losses(page: Page, lane: int = 0) -> list[float]:
    """The loss of every step's batch; there are too few to be thinned."""
    return page.evaluate(f"() => Array.from({VIEW}.training.message.charts.batch.lines[{lane}].y)")


def marks(page: Page) -> list[int]:
    return page.evaluate(f"() => {VIEW}.training.message.charts.batch.marks")


def paused(page: Page) -> int:
    """Pause, and say where."""
    transport(page, "Pause")
    expect(page.locator(".st-key-transport").get_by_role("button", name="Train")).to_be_visible()
    settle(page)
    return step(page)


def rate(page: Page, value: str) -> None:
    box = page.get_by_role("spinbutton", name="Rate of network 1")
    box.fill(value)
    box.press("Enter")
    expect(page.locator(".dl-board tbody tr").first.locator("td").first).to_have_text(value)


def test_train_pause_change_the_rate_resume_and_get_the_same_curve_from_the_same_start(open_page, axe):
    page = open_page(LINK)
    wait_until(page, f"() => {VIEW}?.dataset.step === '0'")
    transport(page, "Train")
    reach(page, 20)
    axe(page)
    at = paused(page)
    first = losses(page)
    assert len(first) == at + 1
    page.wait_for_timeout(500)
    assert step(page) == at, "it went on while paused"

    rate(page, "0.01")
    transport(page, "One step")
    reach(page, at + 1)
    page.keyboard.press("Space")
    reach(page, at + 20)
    rate(page, "0.003")  # while it trains
    reach(page, at + 60)
    paused(page)
    assert losses(page)[: at + 1] == first
    assert marks(page)[0] == at and len(marks(page)) == 2

    transport(page, "Reset to the same start")
    wait_until(page, f"() => {VIEW}.dataset.step === '0'")
    rate(page, "0.001")
    transport(page, "Train")
    reach(page, at)
    paused(page)
    assert losses(page)[: at + 1] == first
    axe(page)

    transport(page, "Train")
    reach(page, at + 30)
    page.get_by_test_id("stTopNav").get_by_role("button", name="Optimizers").click()
    page.get_by_test_id("stTopNavDropdownLink").filter(has_text="Descent").click()
    page.wait_for_selector("h1:has-text('walk')")
    left = at + 30
    page.wait_for_timeout(1500)
    page.go_back()
    wait_until(page, f"() => {VIEW}?.training")
    assert step(page) < left + 60, "it went on while nobody looked"


def test_two_who_train_at_once_with_different_seeds_get_what_each_would_get_alone(open_page):
    pages = [open_page(f"{LINK}&seed={seed}", locale=locale) for seed, locale in ((1, "en-GB"), (2, "en-US"))]
    for page in pages:
        wait_until(page, f"() => {VIEW}?.dataset.step === '0'")
        transport(page, "Train")
    for page in pages:
        reach(page, 40)
    for seed, page in enumerate(pages, 1):
        count = paused(page)
        training = Training(samples=200, hidden=(16, 16), seed=seed)
        for lane, learner in enumerate((Learner("adam"), Learner("momentum", (("learning_rate", 0.01),)))):
            alone = [float(each.loss) for each in train(training, learner, count)]
            np.testing.assert_allclose(losses(page, lane), alone, rtol=1e-5)
