"""The stage component: whole runs packed into one message of bytes, drawn and played by assets/stage.js."""

import hashlib
import json
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

ASSETS = Path(__file__).parents[2] / "assets"
PARTS = (
    "message",
    "numbers",
    "plotly",
    "canvas",
    "map",
    "scene",
    "curve",
    "transport",
    "readout",
    "linechart",
    "decision",
    "training",
    "penalty",
    "backprop",
    "losscurve",
    "fates",
    "steppicture",
    "onestep",
    "basins",
)
PLOTLY_COPY = "stage/plotly.js"
FLOAT32_MAX = float(np.finfo(np.float32).max)


@lru_cache(maxsize=1)
def script() -> str:
    """The stage's JavaScript: its parts, then the stage that is made of them."""
    files = [ASSETS / "stage" / f"{part}.js" for part in PARTS] + [ASSETS / "stage.js"]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@lru_cache(maxsize=1)
def script_path() -> str:
    """Where the server offers the script; the name changes with the content, so a browser may keep it for ever."""
    return f"stage/{hashlib.blake2b(script().encode(), digest_size=8).hexdigest()}.js"


@cache
def _component(name: str) -> Callable[..., Any]:
    loader = (ASSETS / "stage" / "loader.js").read_text(encoding="utf-8")
    return st.components.v2.component(
        f"descent_{name}",
        html=f'<div class="dl-{name}"></div>',
        css=(ASSETS / "stage.css").read_text(encoding="utf-8"),
        js=loader.replace("STAGE_URL", script_path()).replace("EXPORT", name),  # sent with every run of the page
        # Plotly puts its own style sheet into the document's head, where a shadow root would not see it
        isolate_styles=False,
    )


def show(message: dict[str, Any], key: str, on_start: Callable[[], None], on_change: Callable[[], None]) -> None:
    """Show the message; a start chosen on the map and a wish to change the rate call back, see ``triggered``."""
    data = pack({"plotly": plotly_path()} | message)
    _component("stage")(key=key, data=data, on_start_change=on_start, on_change_change=on_change)


def chart(figure: go.Figure, key: str, alt: str) -> None:
    """A figure that changes in place, after the stage, with a text for those who can't see it."""
    _component("chart")(key=key, data=pack({"plotly": plotly_path(), "figure": figure_json(figure), "alt": alt}))


def training(message: dict[str, Any], key: str) -> None:
    """Networks in training, as they stand now."""
    _component("training")(key=key, data=pack(message))


def penalty(message: dict[str, Any], key: str, on_prediction: Callable[[], None]) -> None:
    """One prediction and its penalties; a prediction chosen by hand calls back, see ``triggered``."""
    _component("penalty")(key=key, data=pack(message), on_prediction_change=on_prediction)


def backprop(message: dict[str, Any], key: str, on_pick: Callable[[], None]) -> None:
    """A small network worked through move by move; a weight chosen in the drawing calls back, see ``triggered``."""
    _component("backprop")(key=key, data=pack(message), on_pick_change=on_pick)


def onestep(message: dict[str, Any], key: str, on_start: Callable[[], None]) -> None:
    """A walk on the loss of one weight, step by step; a start chosen by hand calls back, see ``triggered``."""
    _component("onestep")(key=key, data=pack(message), on_start_change=on_start)


def fates(message: dict[str, Any], key: str) -> None:
    """Several walks from one start, a small picture each."""
    _component("fates")(key=key, data=pack(message))


def basins(message: dict[str, Any], key: str, on_start: Callable[[], None], on_box: Callable[[], None]) -> None:
    """Maps of basins; a start and a part of the view chosen on them call back, see ``triggered``."""
    _component("basins")(key=key, data=pack(message), on_start_change=on_start, on_box_change=on_box)


def triggered(key: str, event: str, *names: str) -> tuple[float, ...] | None:
    """The finite numbers that the browser sent with an event, or None: whatever a browser sends is untrusted."""
    payload = getattr(st.session_state.get(key), event, None)
    if not isinstance(payload, dict):
        return None
    values = [payload.get(name) for name in names]
    if not all(isinstance(v, int | float) and not isinstance(v, bool) and np.isfinite(v) for v in values):
        return None
    return tuple(float(v) for v in values)  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def plotly_path() -> str:
    """Where the server offers Plotly.js: in Streamlit's own front end, as named in this version, so that it is loaded
    once; or, should a later Streamlit name it otherwise, the copy in the plotly package.
    """
    chunks = (Path(st.__file__).parent / "static" / "static" / "js").glob("PlotlyChart.*.js")
    return next((f"static/js/{path.name}" for path in chunks), PLOTLY_COPY)


def figure_json(figure: go.Figure) -> dict[str, Any]:
    """A figure with its arrays left as arrays, so that ``pack`` can send them once and as bytes."""
    return {"data": [trace.to_plotly_json() for trace in figure.data], "layout": figure.layout.to_plotly_json()}


def pack(message: dict[str, Any]) -> bytes:
    """JSON header behind its length (uint32), then the arrays it points into as {"@": [offset, dtype, shape]}.

    Equal arrays travel once. float64 and bytes stay what they are, so that the page says what it needs; float32 is cut
    at its limits, since a point at 1e40 is off every map. The header also gets a ``revision``, the hash of the rest.
    """
    blobs: list[bytes] = []
    places: dict[bytes, dict[str, Any]] = {}
    end = 0

    def place(array: Any) -> Any:
        nonlocal end
        if isinstance(array, np.ndarray):
            if array.dtype not in (np.float64, np.uint8):
                array = np.float32(array)
            blob = np.ascontiguousarray(array).tobytes()
            key = hashlib.blake2b(blob + str((array.dtype, array.shape)).encode(), digest_size=16).digest()
            if key not in places:
                places[key] = {"@": [end, array.dtype.str[1:], list(array.shape)]}
                blobs.append(blob + bytes(-len(blob) % 8))  # float64 views must start at multiples of eight
                end += len(blobs[-1])
            return places[key]
        if isinstance(array, dict):
            return {name: place(value) for name, value in array.items()}
        if isinstance(array, list | tuple):
            return [place(value) for value in array]
        return array.item() if isinstance(array, np.generic) else array

    header = place(message)
    body = b"".join(blobs)
    text = json.dumps(header, allow_nan=False, ensure_ascii=False)
    header["revision"] = hashlib.blake2b(text.encode() + body, digest_size=8).hexdigest()
    text_bytes = json.dumps(header, allow_nan=False, ensure_ascii=False).encode()
    prefix = len(text_bytes).to_bytes(4, "little") + text_bytes
    return prefix + bytes(-len(prefix) % 8) + body


def single(array: Any) -> Any:
    """float64 to float32 without overflow to infinity; NaN stays."""
    return np.float32(np.clip(array, -FLOAT32_MAX, FLOAT32_MAX))
