"""What the server says beside the pages: its own address, and a sentence where a page fails."""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import streamlit as st
from plotly.offline import get_plotlyjs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from threadpoolctl import threadpool_limits

from pages.parts.stage import PLOTLY_COPY, plotly_path, script, script_path

# BLAS would share every small matrix among all cores, and then wait for them: up to a hundred times slower
threadpool_limits(1, "blas")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Message, Receive, Send], Awaitable[None]]

# At /race Streamlit's page first asks for /race/_stcore/health, gets a 404, leaves it in the browser's console, and
# only then asks at the root. The settings it reads from window.__streamlit are those it has for hosts that know better.
SCRIPT = "<script>window.__streamlit ??= {{BACKEND_BASE_URL: location.origin + '{}/'}}</script>"
# Plotly.js is most of what a first visit loads: the browser may fetch and compile it while the page still connects
PRELOAD = '<link rel="modulepreload" href="{}/{}">'


class PageHead:
    """ASGI middleware that adds two lines to the head of Streamlit's one HTML page; all else passes untouched."""

    def __init__(self, app: ASGIApp, base: str = "") -> None:
        self.app = app
        preloads = "".join(PRELOAD.format(base, path) for path in (plotly_path(), script_path()))
        self.head = (SCRIPT.format(base) + preloads + "<title>").encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or b"text/html" not in dict(scope["headers"]).get(b"accept", b""):
            return await self.app(scope, receive, send)
        # the inner app would compress the page before it gets here
        scope = {**scope, "headers": [h for h in scope["headers"] if h[0] != b"accept-encoding"]}
        start: Message | None = None
        body = b""

        async def rewrite(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_page(message):
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    page = body.replace(b"<title>", self.head, 1)
                    headers = [(k, v) for k, v in start["headers"] if k.lower() != b"content-length"]
                    await send({**start, "headers": [*headers, (b"content-length", str(len(page)).encode())]})
                    await send({"type": "http.response.body", "body": page})

        await self.app(scope, receive, rewrite)


def _is_page(start: Message) -> bool:
    headers = {name.lower(): value for name, value in start["headers"]}
    return start["status"] == 200 and headers.get(b"content-type", b"").startswith(b"text/html")


def _javascript(text: Callable[[], str]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return Response(text(), media_type="text/javascript", headers={"Cache-Control": "public, max-age=31536000"})

    return answer


ROUTES = [
    Route(f"/{script_path()}", _javascript(script)),
    Route(f"/{PLOTLY_COPY}", _javascript(get_plotlyjs)),
]
"""Files of our own that the browser asks for."""


def apologise(fault: Exception) -> bool:
    """A sentence for the reader, the whole for the server's log; True: nothing more is to be shown."""
    logging.getLogger(__name__).error("A page failed", exc_info=fault)
    st.error(
        "This page ran into a fault of its own; it is not your doing. Reload it, or open it afresh from the menu "
        "above: the other pages work."
    )
    return True
