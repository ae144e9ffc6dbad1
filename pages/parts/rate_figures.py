"""Figures of the learning rate: loss curves by rate, ends against rate, range test, schedules."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from engine import Array
from engine.range_test import RangeTest
from engine.rates import DIVERGENT, GOOD, TOO_LARGE, TOO_SMALL, Curves, Judgement
from pages.parts.figures import CURVE_FLOOR
from pages.parts.theme import (
    BLUE,
    DASH_DOT,
    DASHED,
    DOTTED,
    GREEN,
    GREY,
    HEIGHTS,
    ORANGE,
    PURPLE,
    SOLID,
    TEMPLATE,
    VERMILLION,
    Style,
    plotly_dash,
)  # fmt: skip

POINTS = 160  # of a curve, at most: there are up to 64 of them
ROOM = 1e3  # times the largest start that the loss axis goes up to; what passes it has left for good
LOWEST = CURVE_FLOOR
LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
MARGIN = {"l": 64, "r": 12, "t": 48, "b": 46}
BANDS = {TOO_SMALL: GREY, GOOD: GREEN, TOO_LARGE: ORANGE, DIVERGENT: VERMILLION}
NARROW = 0.2  # share of the axis below which a word stands upright
CLOSE = 0.06  # share of the axis at which two upright words would touch
SCHEDULE_STYLES = (
    Style(BLUE, SOLID, "circle"),
    Style(VERMILLION, DASHED, "square"),
    Style(GREEN, DASH_DOT, "triangle"),
    Style(ORANGE, DOTTED, "star"),
    Style(PURPLE, SOLID, "diamond"),
    Style(GREY, DASHED, "hexagon"),
)


class Line(NamedTuple):
    """A rate worth marking on an axis of rates."""

    rate: float
    label: str
    colour: str
    dash: str = "dash"


def rate_colours(dark: bool) -> list[list[Any]]:
    """The part of the scale that stands out from the page's ground, which is light or dark."""
    ends = (0.4, 1.0) if dark else (0.0, 0.65)
    return [[float(t), sample_colorscale(HEIGHTS, [float(u)])[0]]
            for t, u in zip(np.linspace(0, 1, 9), np.linspace(*ends, 9), strict=True)]  # fmt: skip


def curves_figure(
    curves: Curves, lowest: float, diverged: Array, title: str, over: Sequence[tuple[Array, str]], dark: bool = False
) -> go.Figure:  # fmt: skip
    """A line for each rate, coloured by it; diverged ones end with a cross. ``over``: gaps and colours of some more."""
    gaps = curves.losses - lowest
    first = _start(gaps)
    low, high = np.log10(curves.rates[[0, -1]])
    scale = rate_colours(dark)
    places = np.clip((np.log10(curves.rates) - low) / (high - low or 1.0), 0, 1)
    colours = sample_colorscale(scale, places.tolist())
    traces, ends = [], []
    thin = [(gap, colour, gone, 1.2) for gap, colour, gone in zip(gaps.T, colours, diverged, strict=True)]
    thick = [(gap, colour, not gap[-1] <= first * ROOM, 3.0) for gap, colour in over]
    for gap, colour, gone, width in (*thin, *thick):
        steps, line = _drawn(gap, first)
        traces.append(go.Scatter(x=steps, y=line, mode="lines", showlegend=False, hoverinfo="skip",
                                 line={"color": colour, "width": width}))  # fmt: skip
        if gone and len(line):
            ends.append((float(steps[-1]), float(line[-1]), colour))
    traces.append(_colour_bar(scale, low, high))
    if ends:
        x, y, colour = zip(*ends, strict=True)
        traces.append(go.Scatter(x=x, y=y, mode="markers", showlegend=False, hoverinfo="skip",
                                 marker={"symbol": "x", "size": 8, "color": colour}))  # fmt: skip
        traces.append(go.Scatter(x=[None], y=[None], mode="markers", name="diverged",
                                 marker={"symbol": "x", "size": 8, "color": GREY}))  # fmt: skip
    figure = go.Figure(traces, layout("step", {}, title, _decades(title, gaps, first * ROOM)))
    return figure.update_layout(margin={"r": 4, "t": 122}, height=460, xaxis_range=[0, max(1, len(gaps) - 1)])


def _start(gaps: Array) -> float:
    """The gap at the start, which all runs have in common; averaged curves that grow at once begin higher."""
    return max(float(np.min(gaps[0], initial=np.inf, where=np.isfinite(gaps[0]))), LOWEST)


def _drawn(gap: Array, first: float) -> tuple[Array, Array]:
    """Steps and values of a curve, thinned, up to where it leaves the axis."""
    inside = gap <= first * ROOM
    end = len(gap) if inside.all() else int(np.argmin(inside))
    steps = np.unique(np.linspace(0, max(end - 1, 0), min(max(end, 1), POINTS)).astype(int))
    return steps[: end or 0], np.maximum(gap[steps[: end or 0]], LOWEST)


def _colour_bar(scale: list[list[Any]], low: float, high: float) -> go.Scatter:
    ticks = np.arange(np.ceil(low), np.floor(high) + 1)
    return go.Scatter(
        x=[None], y=[None], mode="markers", showlegend=False, hoverinfo="skip",
        marker={
            "color": [low], "cmin": low, "cmax": high if high > low else low + 1, "colorscale": scale,
            "showscale": True,
            "colorbar": {"title": {"text": "learning rate", "side": "right"}, "thickness": 12, "outlinewidth": 0,
                         "tickvals": ticks, "ticktext": [f"10<sup>{int(t)}</sup>".replace("-", "−") for t in ticks]},
        },
    )  # fmt: skip


def ends_figure(
    sweeps: Sequence[tuple[str, Style, Judgement]], title: str, lines: Sequence[Line], limits: tuple[float, float]
) -> go.Figure:
    """Loss at the end against rate: the regions of the first of ``sweeps`` as bands, a line for each of them all."""
    traces = []
    for label, style, judgement in sweeps:
        sweep = judgement.sweep
        gaps = np.where(np.isfinite(sweep.gaps), sweep.gaps, np.nan)
        traces.append(go.Scatter(x=sweep.rates, y=gaps, name=label, mode="lines", legendgroup=label,
                                 line={"color": style.colour, "dash": plotly_dash(style.dash), "width": 2},
                                 hovertemplate="rate %{x:.3g}: %{y:.3g}"))  # fmt: skip
        best = sweep.rates == sweep.best
        traces.append(go.Scatter(
            x=sweep.rates[best], y=gaps[best], mode="markers", legendgroup=label, showlegend=False,
            name=f"{label}, best", hovertemplate=f"{label}, best: %{{x:.3g}}<extra></extra>",
            marker={"color": style.colour, "size": 11, "symbol": style.marker.replace("triangle", "triangle-up"),
                    "line": {"color": "white", "width": 1.5}}))  # fmt: skip
    axis = _decades(title, np.concatenate([j.sweep.gaps for _, _, j in sweeps]), np.inf)
    figure = go.Figure(traces, layout("learning rate", rate_axis(*limits), title, axis))
    figure.update_layout(margin={"t": 122}, legend={"y": 1.24}, height=460)
    taken = 0.0  # where the last upright word stands, as a share of the axis
    for word, low, high in regions(sweeps[0][2]):
        taken = _band(figure, word, low, high, limits, taken)
    return _marked(figure, lines, limits)


def regions(judgement: Judgement) -> list[tuple[str, float, float]]:
    """(word, from, to) of each region of a sweep that is not empty."""
    rates, (low, high), first = judgement.sweep.rates, judgement.sweep.window, judgement.edge[1]
    bottom, top = float(rates[0]), float(rates[-1])
    end = first if np.isfinite(first) else top
    if not np.isfinite(judgement.sweep.best):
        found = [(TOO_LARGE, bottom, end)]
    else:
        found = [(TOO_SMALL, bottom, low), (GOOD, low, high), (TOO_LARGE, high, end)]
    found.append((DIVERGENT, end, top))
    return [each for each in found if each[2] > each[1]]


def _band(
    figure: go.Figure, word: str, low: float, high: float, limits: tuple[float, float], taken: float
) -> float:  # fmt: skip
    """A region with its word over it, upright where it is narrow, and aside where another stands; returns its place."""
    left, right = (np.log(rate / limits[0]) / np.log(limits[1] / limits[0]) for rate in (low, high))
    upright, middle = right - left < NARROW, (left + right) / 2
    figure.add_shape(type="rect", x0=low, x1=high, y0=0, y1=1, yref="paper", fillcolor=BANDS[word], opacity=0.14,
                     line_width=0, layer="below")  # fmt: skip
    figure.add_annotation(x=float(np.log10(low * high) / 2), y=1.0, yref="paper", yanchor="bottom", text=word,
                          showarrow=False, font={"size": 12}, textangle=-90 if upright else 0,
                          xshift=9 if upright and 0 < middle - taken < CLOSE else 0)  # fmt: skip
    return middle if upright else taken


def _marked(figure: go.Figure, lines: Sequence[Line], limits: tuple[float, float]) -> go.Figure:
    """Upright lines at some rates, named in the legend, where no name covers the data."""
    for line in lines:
        if not limits[0] <= line.rate <= limits[1]:
            continue
        figure.add_shape(type="line", x0=line.rate, x1=line.rate, y0=0, y1=1, yref="paper",
                         line={"color": line.colour, "width": 1.6, "dash": line.dash})  # fmt: skip
        if line.label:
            figure.add_scatter(x=[None], y=[None], mode="lines", name=line.label,
                               line={"color": line.colour, "width": 1.6, "dash": line.dash})  # fmt: skip
    return figure


def range_figure(test: RangeTest, lowest: float, title: str, lines: Sequence[Line]) -> go.Figure:
    """Loss against the rate that has grown so far: each step, and their mean."""
    gaps = np.where(np.isfinite(test.losses), test.losses - lowest, np.nan)
    first = float(gaps[0]) if np.isfinite(gaps[0]) and gaps[0] > 0 else 1.0
    shown = [np.where((values > 0) & (values <= first * ROOM), values, np.nan) for values in (gaps, test.smooth)]
    traces = [
        go.Scatter(x=test.rates, y=shown[0], mode="lines", name="each step", line={"color": GREY, "width": 1},
                   hoverinfo="skip"),
        go.Scatter(x=test.rates, y=shown[1], mode="lines", name="mean over neighbours",
                   line={"color": BLUE, "width": 2.4}, hovertemplate="rate %{x:.3g}: %{y:.3g}"),
    ]  # fmt: skip
    limits = float(test.rates[0]), float(test.rates[-1])
    axis = _decades(title, np.concatenate(shown), np.inf)
    return _marked(go.Figure(traces, layout("learning rate", rate_axis(*limits), title, axis)), lines, limits)


def schedules_figure(
    labels: Sequence[str], styles: Sequence[Style], rates: Array, gaps: Array, title: str
) -> go.Figure:
    """The rates (T+1, K) of some schedules above the losses (T+1, K) that they bring, on one axis of steps."""
    first = _start(gaps)
    traces = []
    for column, (label, style) in enumerate(zip(labels, styles, strict=True)):
        line = {"color": style.colour, "dash": plotly_dash(style.dash), "width": 2}
        thin = np.unique(np.linspace(0, len(rates) - 1, min(len(rates), 2 * POINTS)).astype(int))
        traces.append(go.Scatter(x=thin, y=rates[thin, column], mode="lines", name=label, legendgroup=label,
                                 line=line, yaxis="y2", hoverinfo="skip"))  # fmt: skip
        steps, gap = _drawn(gaps[:, column], first)
        traces.append(go.Scatter(x=steps, y=gap, mode="lines", name=label, legendgroup=label, showlegend=False,
                                 line=line, hoverinfo="skip"))  # fmt: skip
        if len(steps) and not gaps[-1, column] <= first * ROOM:
            traces.append(go.Scatter(x=steps[-1:], y=gap[-1:], mode="markers", showlegend=False, legendgroup=label,
                                     name=label, marker={"symbol": "x", "size": 9, "color": style.colour}))  # fmt: skip
    figure = go.Figure(traces, layout("step", {}, title, _decades(title, gaps, first * ROOM), 500))
    return figure.update_layout(
        xaxis_range=[0, max(1, len(rates) - 1)], yaxis_domain=[0, 0.58],
        yaxis2={"title": {"text": "learning rate"}, "domain": [0.66, 1], "rangemode": "tozero", "anchor": "x"},
    )  # fmt: skip


def layout(x: str, x_axis: Mapping[str, Any], y: str, y_axis: Mapping[str, Any], height: int = 400) -> dict[str, Any]:
    """The look of all of them, with titled axes."""
    return {
        "template": TEMPLATE, "height": height, "margin": MARGIN, "legend": LEGEND,
        "xaxis": {"title": {"text": x}, **x_axis}, "yaxis": {"title": {"text": y}, **y_axis},
    }  # fmt: skip


def rate_axis(low: float, high: float) -> dict[str, Any]:
    """A log axis of rates."""
    decades = np.log10(high / low)
    return {"type": "log", "exponentformat": "power", "dtick": 1 if decades > 1.2 else "D2",
            "range": [float(np.log10(low)), float(np.log10(high))]}  # fmt: skip


def _decades(title: str, gaps: Array, top: float) -> dict[str, Any]:
    """A log axis over what is drawn, with about five ticks."""
    known = gaps[np.isfinite(gaps) & (gaps > 0) & (gaps <= top)]
    axis = {"title": {"text": title}, "type": "log", "exponentformat": "power"}
    if not known.size:
        return axis | {"range": [-1, 1]}
    low, high = np.log10(max(float(known.min()), LOWEST)), np.log10(float(known.max()))
    room = 0.04 * (high - low) or 0.5
    span = high - low
    return axis | {"range": [float(low - room), float(high + room)],
                   "dtick": max(1, int(np.ceil(span / 5))) if span > 1 else "D2"}  # fmt: skip
