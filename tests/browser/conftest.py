"""A server, a browser and pages that report every error: what the browser tests share."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from tests.browser.chromium import find

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-gpu-compositing",  # a GPU that is only imitated costs a third of all the time
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
NO_WEBGL = """
    const { getContext } = HTMLCanvasElement.prototype;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
        return kind.includes("webgl") ? null : getContext.call(this, kind, ...rest);
    };
"""
# Below a deep link Streamlit's client asks for these beside the page first (404), then at the root.
EXPECTED = re.compile(r"/[^/]+/_stcore/(health|host-config)$")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("browser")


@contextmanager
def serve(log: Path) -> Iterator[str]:
    """A server of the app on a free port, as its address; no traceback may stand in its log at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    options = ["--server.address", "127.0.0.1", "--server.port", str(port), "--server.headless", "true"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", *options],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(f"{url}/_stcore/health", process, log)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    if "Traceback" in log.read_text():
        pytest.fail(log.read_text(), pytrace=False)


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(url):
                return
        except OSError:
            assert process.poll() is None, f"the server ended at once:\n{log.read_text()}"
            time.sleep(0.1)
    raise TimeoutError(f"no server after a minute:\n{log.read_text()}")


def settle(page: Page) -> None:
    """Wait until the script has run and every part of the page is there; after a click, expect its effect instead."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the app, one server for the whole session."""
    with serve(tmp_path_factory.mktemp("server") / "log") as url:
        yield url


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """A function that starts a server nobody has visited yet and returns its address."""
    with ExitStack() as stack:
        numbers = iter(range(1000))
        yield lambda: stack.enter_context(serve(tmp_path / f"log{next(numbers)}"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = find()
    if not executable:
        pytest.fail("No Chromium: run `python -m tests.browser.chromium`, or set CHROMIUM to its path.", pytrace=False)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """A function: options -> a browser's context with them, one for all calls, so that scripts are fetched once."""
    known: dict[str, BrowserContext] = {}

    def context(**options: Any) -> BrowserContext:
        key = repr(sorted(options.items()))
        if key not in known:
            known[key] = browser.new_context(**{"viewport": {"width": 1366, "height": 768}, **options})
        return known[key]

    yield context
    for opened in known.values():
        opened.close()


@pytest.fixture
def problems() -> Iterator[list[str]]:
    """What went wrong on the test's pages; whatever the test leaves in the list fails it."""
    found: list[str] = []
    yield found
    if found:
        pytest.fail("\n".join(found), pytrace=False)


@pytest.fixture
def open_page(
    request: pytest.FixtureRequest, contexts: Callable[..., BrowserContext], problems: list[str]
) -> Iterator[Callable[..., Page]]:
    """A function: a path of the app or a full address, and options of the browser's context -> the settled page.

    ``first`` is a script that runs before the page's own.
    """

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and not EXPECTED.search(message.location["url"]):
            problems.append(f"console: {message.text} ({message.location['url']})")

    def on_request(sent: Request) -> None:
        if not re.match(r"(https?|wss?)://127\.0\.0\.1|data:|blob:", sent.url):
            problems.append(f"fetched from outside: {sent.url}")

    def on_failure(sent: Request) -> None:
        if sent.failure != "net::ERR_ABORTED":  # the page itself changed its mind
            problems.append(f"failed: {sent.url} ({sent.failure})")

    def open_page(path: str = "/", first: str | None = None, **context_options: Any) -> Page:
        page = contexts(**context_options).new_page()
        stack.callback(page.close)
        if first:
            page.add_init_script(first)
        page.on("console", on_console)
        page.on("pageerror", lambda error: problems.append(f"page: {error.stack or error}"))
        page.on("request", on_request)
        page.on("requestfailed", on_failure)
        page.goto(path if path.startswith("http") else request.getfixturevalue("server") + path)
        settle(page)
        return page

    with ExitStack() as stack:
        yield open_page


@pytest.fixture
def open_flat(open_page: Callable[..., Page]) -> Callable[..., Page]:
    """``open_page`` in a browser that draws no 3-D: here that is done in software and slow, and not what is tested."""
    return partial(open_page, first=NO_WEBGL)


@pytest.fixture
def axe() -> Callable[..., None]:
    """A function that fails the test where axe finds a fault on the page; `context` and `options` are axe's own."""

    def check(page: Page, **options: Any) -> None:
        results = Axe().run(page, **options)
        if results.violations_count:
            pytest.fail(results.generate_report(), pytrace=False)

    return check
