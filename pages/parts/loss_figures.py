"""Figures of the page on losses: a few lines with a point on each, and bars of classes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from engine import Array
from pages.parts.stage import chart
from pages.parts.theme import (
    BLUE,
    DASH_DOT,
    DASHED,
    DOTTED,
    GREEN,
    GREY,
    PURPLE,
    SOLID,
    TEMPLATE,
    VERMILLION,
    Style,
    plotly_dash,
)
from pages.parts.words import number

STYLES = {
    "cross_entropy": Style(BLUE, SOLID, "circle"),
    "squared_error": Style(VERMILLION, DASHED, "square"),
    "huber": Style(GREEN, DASH_DOT, "diamond"),
    "hinge": Style(PURPLE, DOTTED, "diamond"),
}
HEIGHT = 290  # pixels
BAR_HEIGHT = 230


class Line(NamedTuple):
    """A named line, and perhaps one point of it that is marked."""

    label: str
    style: Style
    x: Array  # (N,)
    y: Array  # (N,)
    marked: tuple[float, float] | None = None


def line_figure(lines: Sequence[Line], x_title: str, y_title: str, **y_axis: Any) -> go.Figure:
    """Lines over one another, named above the frame; ``y_axis`` are Plotly's own settings of that axis."""
    traces = []
    for entry in lines:
        colour, dash, marker = entry.style
        traces.append(
            go.Scatter(x=np.float32(entry.x), y=np.float32(entry.y), name=entry.label, mode="lines", hoverinfo="skip",
                       line={"color": colour, "dash": plotly_dash(dash), "width": 2.2, "simplify": False})
        )  # fmt: skip
        if entry.marked:
            x, y = entry.marked
            traces.append(
                go.Scatter(x=[x], y=[y], mode="markers", hoverinfo="skip", showlegend=False,
                           marker={"color": colour, "symbol": marker, "size": 11,
                                   "line": {"color": "white", "width": 1.5}})
            )  # fmt: skip
    return go.Figure(
        traces,
        {
            "template": TEMPLATE,
            "height": HEIGHT,
            "margin": {"l": 58, "r": 12, "t": 30, "b": 42},
            "xaxis": {"title": {"text": x_title}, "range": [float(lines[0].x[0]), float(lines[0].x[-1])]},
            "yaxis": {"title": {"text": y_title}, "exponentformat": "power", "nticks": 6} | y_axis,
        },
    )


def class_bars(values: Array, true: int, title: str, bounds: tuple[float, float]) -> go.Figure:
    """A bar for each class with its number; the true class stands out by colour and by name."""
    names = [f"{k + 1}{' (true)' if k == true else ''}" for k in range(len(values))]
    return go.Figure(
        go.Bar(
            x=names,
            y=np.float32(values),
            text=[number(float(value)) for value in values],
            textposition="outside",
            textangle=0,
            cliponaxis=False,
            hoverinfo="skip",
            marker={"color": [BLUE if k == true else GREY for k in range(len(values))]},
        ),
        {
            "template": TEMPLATE,
            "height": BAR_HEIGHT,
            "margin": {"l": 58, "r": 12, "t": 12, "b": 42},
            "xaxis": {"title": {"text": "class"}, "type": "category", "showgrid": False, "tickangle": 0},
            "yaxis": {"title": {"text": title}, "range": list(bounds), "nticks": 6},
        },
    )


def pair(figures: tuple[go.Figure, go.Figure], key: str, texts: tuple[str, str]) -> None:
    """Two figures side by side, each with its text."""
    columns = st.container(key=f"losses_{key}").columns(2)
    for column, figure, text, side in zip(columns, figures, texts, ("left", "right"), strict=True):
        with column:
            chart(figure, f"{key}_{side}", text)
