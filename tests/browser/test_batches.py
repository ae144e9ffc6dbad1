"""The page on batch size in a browser: its slider, its three paths, and access in light and dark."""

from tests.browser.stage import in_view, new_picture, path, settled, wait_until


def test_the_batch_size_moves_the_mini_batch_path_alone_and_all_can_read_it(open_page, axe):
    page = open_page("/batches?steps=60", color_scheme="dark")
    settled(page)
    one, mini, full = (path(page, run) for run in range(3))
    slider = page.get_by_role("slider", name="Batch size")
    with new_picture(page):
        slider.focus()
        slider.press("ArrowRight")
    assert path(page, 0) == one and path(page, 2) == full
    assert path(page, 1) != mini and path(page, 1)[0][0] == mini[0][0]
    wait_until(page, "new URL(location.href).searchParams.get('batch') === '16'")
    cloud = page.get_by_role("figure", name="Gradients of")
    wait_until(page, "document.querySelectorAll('.dl-chart[aria-label*=\"batches of 16 at step 0\"] .main-svg').length")
    at_start = cloud.get_attribute("aria-label")
    box = page.get_by_label("At step of the mini-batch run, exact value")
    box.fill("60")
    box.press("Enter")
    wait_until(page, "document.querySelector('.dl-chart[aria-label*=\"batches of 16 at step 60\"]')")
    assert cloud.get_attribute("aria-label") != at_start
    in_view(page, ".dl-chart")
    axe(page)
