"""The static layers and the charts: arrays in, Plotly figures out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine import Array
from engine.relief import Relief
from pages.parts.theme import HEIGHTS, TEMPLATE, Style, plotly_dash

CURVE_FLOOR = 1e-12  # what a log axis shows for a loss at its minimum
CONTOURS = 18


def map_figure(relief: Relief) -> go.Figure:
    """The surface from above: colours, thin contours, one scale for both axes, so that gradients cross them upright."""
    size = _round_interval((relief.high - relief.low) / CONTOURS or 1.0)
    lowest_line = (np.floor(relief.low / size) + 1) * size
    trace = go.Contour(
        x=np.float32(relief.x),
        y=np.float32(relief.y),
        z=np.float32(relief.heights),
        zmin=relief.low,
        zmax=relief.high,
        colorscale=HEIGHTS,
        contours={"coloring": "heatmap", "start": lowest_line, "end": relief.high, "size": size},
        line={"color": "rgba(255,255,255,0.45)", "width": 0.8},
        colorbar={
            "title": {"text": relief.label, "side": "right", "font": {"size": 11}},
            "thickness": 10,
            "outlinewidth": 0,
            "tickfont": {"size": 11},
            "tick0": 0,
            "dtick": _round_interval((relief.high - relief.low) / 4 or 1.0),
            "exponentformat": "power",
        },
        hoverinfo="skip",
    )
    x_range, y_range = ([float(axis[0]), float(axis[-1])] for axis in (relief.x, relief.y))
    return go.Figure(
        trace,
        {
            "template": TEMPLATE,
            "margin": {"l": 46, "r": 4, "t": 6, "b": 36},
            "xaxis": {"title": {"text": "x"}, "range": x_range, "constrain": "domain"},
            "yaxis": {"title": {"text": "y"}, "range": y_range, "constrain": "domain", "scaleanchor": "x"},
        },
    )


def _round_interval(wanted: float) -> float:
    """The number 1, 2, 2.5 or 5 times a power of ten that is nearest above ``wanted``."""
    decade = 10.0 ** np.floor(np.log10(wanted))
    return float(next(f * decade for f in (1, 2, 2.5, 5, 10) if f * decade >= wanted * (1 - 1e-9)))


def scene_figure(relief: Relief) -> go.Figure:
    """The surface in three dimensions, in the map's colours and with its own height axis."""
    margin = 0.02 * (relief.high - relief.low) or 1.0
    wide, deep = relief.x[-1] - relief.x[0], relief.y[-1] - relief.y[0]
    longest = max(wide, deep)
    axis = {"gridcolor": "rgba(128,128,128,0.35)", "showbackground": False, "nticks": 5, "showspikes": False,
            "tickfont": {"size": 10}, "color": "#888888"}  # fmt: skip
    trace = go.Surface(
        x=np.float32(relief.x),
        y=np.float32(relief.y),
        z=np.float32(relief.heights),
        cmin=relief.low,
        cmax=relief.high,
        colorscale=HEIGHTS,
        showscale=False,
        hoverinfo="skip",
        lighting={"ambient": 0.75, "diffuse": 0.5, "specular": 0.05, "roughness": 0.9},
        contours={"x": {"highlight": False}, "y": {"highlight": False}, "z": {"highlight": False}},
    )
    return go.Figure(
        trace,
        {
            "template": TEMPLATE,
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "scene": {
                "xaxis": axis | {"title": {"text": "x", "font": {"size": 13}}},
                "yaxis": axis | {"title": {"text": "y", "font": {"size": 13}}},
                "zaxis": axis
                | {
                    "title": {"text": relief.label, "font": {"size": 11}},
                    "range": [relief.low - margin, relief.high + margin],
                    "nticks": 4,
                },
                "aspectmode": "manual",
                "aspectratio": {"x": wide / longest, "y": deep / longest, "z": 0.62},
                "camera": {"eye": {"x": -1.03, "y": -1.3, "z": 0.94}, "center": {"x": 0.03, "y": 0.03, "z": -0.14}},
            },
        },
    )


def curve_figure(curves: Sequence[Array], styles: Sequence[Style], title: str, log: bool) -> go.Figure:
    """Loss against step, a line for each run in its own colour and dash; curves as ``loss_curves`` gives them."""
    figure = go.Figure(
        [
            go.Scatter(y=curve, mode="lines", hoverinfo="skip",  # x counts from 0
                       line={"color": style.colour, "dash": plotly_dash(style.dash), "width": 2})
            for curve, style in zip(curves, styles, strict=True)
        ],
        {
            "template": TEMPLATE,
            "showlegend": False,
            "margin": {"l": 58, "r": 12, "t": 8, "b": 36},
            "xaxis": {"title": {"text": "step"}, "range": [0, max(len(curve) for curve in curves) - 1 or 1]},
            "yaxis": {"title": {"text": title}, "type": "log" if log else "linear", "nticks": 6}
            | ({"exponentformat": "power", "dtick": _decades(curves)} if log else {"exponentformat": "power"}),
        },
    )  # fmt: skip
    return figure


def _decades(curves: Sequence[Array]) -> Any:
    """Whole decades between ticks, so that about five fit."""
    finite = np.concatenate([np.maximum(c[np.isfinite(c)], CURVE_FLOOR) for c in curves])
    span = np.ptp(np.log10(finite)) if finite.size else 1.0
    return max(1, int(np.ceil(span / 5))) if span > 1 else "D2"  # digits 1, 2 and 5 within a decade


def loss_curves(losses: Sequence[Array], lowest: float) -> tuple[list[Array], str, bool]:
    """What the loss axis shows: (curves, its title, whether it is logarithmic).

    Where the lowest value of the surface is known, the loss above it on a log axis with a stated floor (and the limit
    of single precision, in which it travels, where a run passed that); otherwise the
    loss itself, on a log axis where it is positive and spans more than three decades.
    """
    cut = " ≤ 10³⁸" if any((np.abs(loss) > np.finfo(np.float32).max).any() for loss in losses) else ""
    if np.isfinite(lowest):
        gaps = [loss - lowest for loss in losses]
        floor = " ≥ 10⁻¹²" if any((gap < CURVE_FLOOR).any() for gap in gaps) else ""
        name = "loss" if lowest == 0 else "loss − lowest"
        return [np.maximum(gap, CURVE_FLOOR) for gap in gaps], name + floor + cut, True
    finite = np.concatenate([loss[np.isfinite(loss)] for loss in losses])
    log = bool(finite.size and finite.min() > 0 and 1e-3 * finite.max() > finite.min())
    return list(losses), "loss" + cut, log


def sweep_figure(
    sweeps: Sequence[tuple[str, Style, Array, Array, float, float]], title: str, marked: Sequence[float]
) -> go.Figure:
    """Loss at the end against learning rate: (label, style, rates, gaps, best rate, gap there) for each runner.

    Rates at which a run diverged have no point; ``marked`` are the rates in use, one for each runner.
    """
    lines, points, marks = [], [], []
    for (label, style, rates, gaps, best, best_gap), used in zip(sweeps, marked, strict=True):
        lines.append(
            go.Scatter(
                x=rates, y=np.where(np.isfinite(gaps), gaps, np.nan), name=label, mode="lines", legendgroup=label,
                line={"color": style.colour, "dash": plotly_dash(style.dash), "width": 2},
                hovertemplate="rate %{x:.3g}: %{y:.3g}",
            )
        )  # fmt: skip
        points.append(
            go.Scatter(
                x=np.array([best]), y=np.array([best_gap]), name=f"{label}, best", mode="markers", legendgroup=label,
                showlegend=False,
                marker={"color": style.colour, "symbol": style.marker.replace("triangle", "triangle-up"), "size": 11,
                        "line": {"color": "white", "width": 1.5}},
                hovertemplate=f"{label}, best: %{{x:.2g}}<extra></extra>",
            )
        )  # fmt: skip
        marks.append(
            {"type": "line", "x0": used, "x1": used, "y0": 0, "y1": 1, "yref": "y domain", "opacity": 0.7,
             "line": {"color": style.colour, "width": 1, "dash": "dot"}}
        )  # fmt: skip
    return go.Figure(
        [*lines, *points],
        {
            "template": TEMPLATE,
            "height": 340,
            "margin": {"l": 70, "r": 10, "t": 36, "b": 46},
            "shapes": marks,
            "xaxis": {"title": {"text": "learning rate"}, "type": "log", "exponentformat": "power", "dtick": 1},
            "yaxis": {"title": {"text": title}, "type": "log", "exponentformat": "power"},
        },
    )
