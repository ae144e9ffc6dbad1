"""What the server adds to Streamlit: two lines in the page's head, and the stage's own files."""

import asyncio
from pathlib import Path

import pytest

from pages.parts import stage
from pages.parts.server import ROUTES, PageHead

PAGE = b"<html><head><title>Streamlit</title></head></html>"


def answer(content: bytes, media: bytes, accept: bytes = b"text/html", status: int = 200):
    """What the inner app was asked, and the headers and body that a browser gets, of content sent in two parts."""
    seen, sent = [], []

    async def app(scope, receive, send):
        seen.append(dict(scope["headers"]))
        headers = [(b"content-type", media), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content[:9], "more_body": True})
        await send({"type": "http.response.body", "body": content[9:]})

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "headers": [(b"accept", accept), (b"accept-encoding", b"gzip")]}
    asyncio.run(PageHead(app, base="/lab")(scope, None, send))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return seen[0], dict(sent[0]["headers"]), body


def test_the_page_learns_its_servers_address_and_what_to_fetch_early():
    asked, headers, body = answer(PAGE, b"text/html; charset=utf-8")
    assert b"accept-encoding" not in asked
    assert int(headers[b"content-length"]) == len(body)
    assert b"location.origin + '/lab/'" in body
    assert f'href="/lab/{stage.script_path()}"'.encode() in body
    assert f'href="/lab/{stage.plotly_path()}"'.encode() in body
    assert body.endswith(b"<title>Streamlit</title></head></html>")


@pytest.mark.parametrize(
    ("media", "accept", "status"),
    [
        (b"text/javascript", b"*/*", 200),
        (b"text/html", b"*/*", 200),
        (b"image/png", b"text/html", 200),
        (b"text/html", b"text/html", 404),
    ],
)
def test_everything_else_passes_as_it_is(media, accept, status):
    _, headers, body = answer(PAGE, media, accept, status)
    assert body == PAGE
    assert int(headers[b"content-length"]) == len(PAGE)


def test_plotly_comes_from_streamlits_own_files_and_otherwise_from_its_package(monkeypatch):
    stage.plotly_path.cache_clear()
    path = stage.plotly_path()
    assert (Path(stage.st.__file__).parent / "static" / path).is_file()
    stage.plotly_path.cache_clear()
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))
    assert stage.plotly_path() == stage.PLOTLY_COPY
    stage.plotly_path.cache_clear()
    monkeypatch.undo()
    assert f"/{stage.PLOTLY_COPY}" in {route.path for route in ROUTES}


def test_the_routes_answer_with_the_scripts():
    bodies = {route.path: asyncio.run(route.endpoint(None)).body for route in ROUTES}
    assert bodies[f"/{stage.script_path()}"].decode() == stage.script()
    assert b"Plotly" in bodies[f"/{stage.PLOTLY_COPY}"]
