"""The learning rate in a browser: a rate moves its path, a click moves the start, a network's sweep runs to its end."""

from tests.browser.stage import new_picture, path, pixel, read, settled, wait_until

ADDRESS = "new URL(location.href).searchParams"


def test_a_rate_moves_its_path_alone_and_a_click_moves_all_three(open_page):
    page = open_page("/learning-rate")
    settled(page)
    before = [path(page, run) for run in range(3)]
    slider = page.get_by_role("slider", name="Too small: rate")
    with new_picture(page):
        slider.focus()
        slider.press("ArrowLeft")
    after = [path(page, run) for run in range(3)]
    assert after[0] != before[0] and after[1:] == before[1:]
    wait_until(page, f"{ADDRESS}.has('small') && !{ADDRESS}.has('good')")
    with new_picture(page):
        page.mouse.click(*pixel(page, 6, -4))
    wait_until(page, f"Math.abs({ADDRESS}.get('x') - 6) < 0.2 && Math.abs({ADDRESS}.get('y') - -4) < 0.2")
    assert all(path(page, run) != after[run] for run in range(3))
    assert read(page, "stage.message.runs.map((run) => run.label)") == ["Too small", "Good", "Divergent"]


def test_a_networks_sweep_can_be_stopped_and_another_runs_to_its_end(open_page):
    page = open_page("/learning-rate?model=network&network_steps=2000&units=64")
    main = page.locator("[data-testid=stMain]")
    main.get_by_role("button", name="Stop").click()
    main.get_by_text("Stopped:").wait_for()
    main.get_by_role("button", name="Go on").wait_for()
    page = open_page("/learning-rate?model=network&network_steps=20&units=4&rates=24&c2=none")
    page.get_by_role("heading", name="All rates in one run").wait_for()
    for text in ("at 24 rates", "SGD: too small from", "over one run", "above their losses"):
        wait_until(page, "(text) => [...document.querySelectorAll('.dl-chart')].some("
                   "(n) => n.ariaLabel?.includes(text) && n.querySelector('.main-svg'))", text)  # fmt: skip
    assert page.locator("[data-testid=stMain]").get_by_role("button", name="Stop").count() == 0
