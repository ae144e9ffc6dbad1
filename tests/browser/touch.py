"""A finger on the page; Playwright itself only taps."""

from playwright.sync_api import Page


def drag_with_a_finger(page: Page, begin: tuple[float, float], end: tuple[float, float], moves: int = 8) -> None:
    """Put a finger down, move it in equal parts, lift it."""
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touch("touchStart", begin)
    for k in range(1, moves + 1):
        touch("touchMove", tuple(a + (b - a) * k / moves for a, b in zip(begin, end, strict=True)))
    touch("touchEnd")
    session.detach()
