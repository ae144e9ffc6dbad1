"""Figures of batches: the points, the cloud of gradients, noise along a path, and losses by steps and by samples."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine import Array
from engine.regression import Regression
from pages.parts.theme import BLUE, GREEN, GREY, ORANGE, PURPLE, TEMPLATE, VERMILLION, Style, plotly_dash

MOST_POINTS = 1000  # of a line: more than there are pixels
LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
MARGIN = {"l": 60, "r": 12, "t": 62, "b": 46}
ROOMY = MARGIN | {"t": 96}  # a legend of three rows


def data_figure(fitted: Regression, params: Array, rows: Array) -> go.Figure:
    """The samples, those of one batch ringed, and the model at ``params`` (2,) and at the minimum, as lines."""
    linear = fitted.entry.model == "linear"
    x = fitted.inputs[:, 0]
    y = fitted.targets if linear else fitted.inputs[:, 1]
    x_range, y_range = _padded(x), _padded(y)
    traces = []
    groups = [("samples", np.ones(len(x), bool), "circle", GREY)] if linear else [
        (f"not {fitted.entry.target}" if fitted.entry.target != "class 1" else "class 0", fitted.targets < 0.5,
         "circle", GREY),
        (fitted.entry.target, fitted.targets > 0.5, "cross", ORANGE),
    ]  # fmt: skip
    for name, mask, symbol, colour in groups:
        traces.append(_dots(x[mask], y[mask], name, {"symbol": symbol, "color": colour, "size": 6, "opacity": 0.75}))
    ring = {"symbol": "circle-open", "color": VERMILLION, "size": 12, "line": {"width": 2}}
    traces.append(_dots(x[rows], y[rows], "this batch", ring))
    lines = [("the model now", params, VERMILLION, "solid")]
    if fitted.minimum is not None:
        lines.append(("at the minimum", fitted.minimum, BLUE, "dash"))
    for name, weights, colour, dash in lines:
        ends = _line_of(weights, x_range, y_range, linear)
        traces.append(go.Scatter(x=ends[0], y=ends[1], mode="lines", name=name, hoverinfo="skip",
                                 line={"color": colour, "dash": dash, "width": 2}))  # fmt: skip
    names = (fitted.entry.inputs[0], fitted.entry.target) if linear else fitted.entry.inputs
    figure = _figure(traces, names[0], names[1], 440)
    figure.update_layout(xaxis_range=x_range, yaxis_range=y_range, margin=ROOMY)
    return figure


def _line_of(weights: Array, x_range: list[float], y_range: list[float], linear: bool) -> tuple[Array, Array]:
    """Where the prediction is w x + b, or where w · x = 0, through the view."""
    ends = np.array(x_range)
    first, second = (float(v) for v in np.clip(weights, -1e9, 1e9))
    if linear:
        return ends, first * ends + second
    reach = 2 * float(np.abs([x_range, y_range]).max())
    length = float(np.hypot(first, second)) or np.nan
    t = np.array([-reach, reach]) / length
    return -second * t, first * t


def cloud_view(each: Array, batches: Array, whole: Array) -> tuple[list[float], list[float]]:
    """Ranges of a square that holds zero, the mean and the batches of full size, with room for most single samples."""
    clouds = batches[whole] if len(batches) > 1 else each
    points = np.concatenate((clouds, each.mean(0)[None], np.zeros((1, 2))))
    low, high = points.min(0), points.max(0)
    half = 0.75 * float((high - low).max()) or 1.0
    x, y = ([float(m - half), float(m + half)] for m in (low + high) / 2)
    return x, y


def cloud_figure(
    each: Array, batches: Array, sizes: Array, this: Array, spread: Array, size: int,
    view: tuple[list[float], list[float]],
) -> go.Figure:  # fmt: skip
    """Gradients of single samples (N, 2) and of batches (M, 2), their mean, and the ellipse of one standard deviation
    that ``spread`` (2, 2) predicts round it; ``this`` (2,) is ringed. One scale for both axes.
    """
    mean = each.mean(0)
    whole = sizes == size
    kinds = [
        (each, "one sample each", {"color": GREEN, "size": 6, "opacity": 0.85, "symbol": "triangle-up"}),
        (batches[whole], f"batches of {size}",
         {"color": VERMILLION, "size": 5, "opacity": 0.5, "symbol": "square"}),
    ]  # fmt: skip
    if not whole.all():
        small = {"color": VERMILLION, "size": 6, "symbol": "square-open"}
        kinds.append((batches[~whole], f"last of an epoch, {sizes[~whole][0]}", small))
    traces = [_dots(points[:, 0], points[:, 1], name, marker) for points, name, marker in kinds]
    x, y = _ellipse(mean, spread)
    for colour, width in (("rgba(255,255,255,0.5)", 5.5), (PURPLE, 2.5)):  # a casing, as the paths on the map have
        traces.append(go.Scatter(x=x, y=y, mode="lines", name="predicted, 1 σ", hoverinfo="skip",
                                 showlegend=colour == PURPLE, line={"color": colour, "width": width}))  # fmt: skip
    traces.append(go.Scatter(x=[0, mean[0]], y=[0, mean[1]], mode="lines", name="full gradient", hoverinfo="skip",
                             line={"color": BLUE, "width": 3}))  # fmt: skip
    tip = {"symbol": "circle", "color": BLUE, "size": 9, "line": {"color": "white", "width": 1.5}}
    ring = {"symbol": "circle-open", "color": VERMILLION, "size": 14, "line": {"width": 2.5}}
    traces.append(_dots(mean[None, 0], mean[None, 1], "full gradient", tip, shown=False))
    traces.append(_dots(this[None, 0], this[None, 1], "this batch", ring))
    figure = _figure(traces, "", "", 440)
    zero = {"zeroline": True, "zerolinecolor": GREY, "zerolinewidth": 1.5, "constrain": "domain"}
    axes = {"xaxis": zero | {"range": view[0]}, "yaxis": zero | {"range": view[1], "scaleanchor": "x"}}
    figure.update_layout(margin=ROOMY, **axes)
    return figure


def _ellipse(middle: Array, spread: Array) -> tuple[Array, Array]:
    """Points on the ellipse of one standard deviation."""
    values, vectors = np.linalg.eigh(spread)
    turn = np.linspace(0, 2 * np.pi, 73)
    circle = np.stack((np.cos(turn), np.sin(turn)))
    x, y = middle[:, None] + vectors @ (np.sqrt(np.maximum(values, 0))[:, None] * circle)
    return x, y


def scale_figure(curves: Sequence[tuple[str, Style, Array, Array]], size: int) -> go.Figure:
    """Noise scale against step, (label, style, steps, scales) a run, and the batch size in use; both axes log."""
    traces: list[Any] = [_line(label, style, steps + 1, _positive(scales)) for label, style, steps, scales in curves]
    last = max(float(steps[-1]) for _, _, steps, _ in curves) + 1
    traces.append(go.Scatter(x=[1, last], y=[size, size], mode="lines", name=f"the batch size in use, {size}",
                             hoverinfo="skip", line={"color": GREY, "dash": "dot", "width": 2}))  # fmt: skip
    return _log(_figure(traces, "step", "noise scale, in samples", 360))


def loss_figure(curves: Sequence[tuple[str, Style, Array, Array]], x: str, y: str) -> go.Figure:
    """Loss against steps or samples seen, (label, style, xs, losses) a run; both axes logarithmic."""
    return _log(_figure([_line(label, style, xs, _positive(loss)) for label, style, xs, loss in curves], x, y, 360))


def cost_figure(sizes: Array, step: Array, sample: Array) -> go.Figure:
    """Milliseconds a step and microseconds a sample (K,) by batch size (K,)."""
    traces = [
        go.Scatter(x=sizes, y=step, mode="lines+markers", name="a step", line={"color": BLUE, "width": 2},
                   marker={"symbol": "circle", "size": 8}, hovertemplate="batch of %{x}: %{y:.3g} ms a step"),
        go.Scatter(x=sizes, y=sample, mode="lines+markers", name="a sample", line={"color": ORANGE, "dash": "dash"},
                   marker={"symbol": "square", "size": 8}, hovertemplate="batch of %{x}: %{y:.3g} ms a sample"),
    ]  # fmt: skip
    return _log(_figure(traces, "samples in a batch", "milliseconds", 360))


def _figure(traces: Sequence[Any], x: str, y: str, height: int) -> go.Figure:
    layout = {"template": TEMPLATE, "height": height, "margin": MARGIN, "legend": LEGEND}
    return go.Figure(traces, layout | {"xaxis": {"title": {"text": x}}, "yaxis": {"title": {"text": y}}})


def _log(figure: go.Figure) -> go.Figure:
    axis = {"type": "log", "exponentformat": "power", "dtick": 1}
    figure.update_layout(xaxis=axis, yaxis=axis)
    return figure


def _dots(x: Array, y: Array, name: str, marker: dict[str, Any], shown: bool = True) -> go.Scatter:
    return go.Scatter(x=x, y=y, mode="markers", name=name, marker=marker, showlegend=shown,
                      hovertemplate="(%{x:.3g}, %{y:.3g})")  # fmt: skip


def _line(label: str, style: Style, x: Array, y: Array) -> go.Scatter:
    return go.Scatter(x=x, y=y, mode="lines", name=label, hoverinfo="skip",
                      line={"color": style.colour, "dash": plotly_dash(style.dash), "width": 2})  # fmt: skip


def _positive(values: Array) -> Array:
    """What a log axis can hold; the rest leaves a gap."""
    return np.where(np.isfinite(values) & (values > 0), np.clip(values, 1e-30, 1e30), np.nan)


def thinned(values: Array) -> Array:
    """At most a thousand of the rows, the first and the last among them."""
    return values[np.unique(np.linspace(0, len(values) - 1, min(len(values), MOST_POINTS)).astype(int))]


def _padded(values: Array) -> list[float]:
    low, high = float(values.min()), float(values.max())
    room = 0.08 * (high - low) or 1.0
    return [low - room, high + room]
