"""The stage as a test sees it: what the page's script knows, and waiting until it has drawn."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page

SETTLED = """(before) => {
    const root = document.querySelector(".dl-stage");
    const app = document.querySelector("[data-testid=stApp]");
    const { settled } = root?.dataset ?? {};
    return settled && settled === root.stage.message.revision && settled !== before
        && app.dataset.testScriptState === "notRunning";
}"""

EYE = "stage.scene.plot._fullLayout.scene._scene.getCamera().eye"


def wait_until(page: Page, expression: str, arg: Any = None) -> None:
    """Wait for a JavaScript expression or function; frames may be rare on a slow machine, so the clock asks."""
    page.wait_for_function(expression, arg=arg, polling=50)


def settled(page: Page, before: str | None = None) -> None:
    """Wait until every view shows the message that came last, and that it is another than ``before``."""
    wait_until(page, SETTLED, before)


@contextmanager
def new_picture(page: Page) -> Iterator[None]:
    """What is done inside must bring a new message; wait until it is drawn."""
    before = read(page, "root.dataset.settled")
    yield
    settled(page, before)


def read(page: Page, expression: str) -> Any:
    """The value of a JavaScript expression over ``root``, the stage's element, and ``stage``, its object."""
    return page.evaluate(
        f"() => {{ const root = document.querySelector('.dl-stage'); const {{ stage }} = root; return {expression}; }}"
    )


def path(page: Page, run: int = 0) -> list[list[float]]:
    """x and y of a run, as they arrived."""
    return read(page, f"[Array.from(stage.message.runs[{run}].x), Array.from(stage.message.runs[{run}].y)]")


def everything(page: Page) -> str:
    """All runs, all columns, as text: equal for two pages that show the same."""
    return read(page, "JSON.stringify(stage.message.runs, (_, v) => ArrayBuffer.isView(v) ? Array.from(v) : v)")


def pixel(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a point of the surface lies on the screen, by the map's own axes."""
    left, top = read(
        page,
        f"""(() => {{
            const box = stage.map.overlay.canvas.getBoundingClientRect();
            return [box.left + stage.map.axes.x({x}), box.top + stage.map.axes.y({y})];
        }})()""",
    )
    return left, top


def in_view(page: Page, selector: str) -> None:
    """Scroll an element into the middle, so that the mouse can reach it."""
    page.evaluate(f"() => document.querySelector({json.dumps(selector)}).scrollIntoView({{ block: 'center' }})")


def time(page: Page) -> float:
    """The playhead, in steps."""
    return float(read(page, "stage.transport.time"))


def turn(page: Page) -> None:
    """Turn the surface by hand, and wait until it rests."""
    seen = [read(page, EYE)]
    box = page.locator(".dl-scene").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y - 20, steps=4)
    page.mouse.up()
    while len(seen) < 4 or seen[-1] != seen[-3] or seen[-1] == seen[0]:
        assert len(seen) < 100, "the surface does not turn, or does not come to rest"
        page.wait_for_timeout(100)
        seen.append(read(page, EYE))
