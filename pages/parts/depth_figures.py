"""Pictures of what the layers of deep networks pass on: arrays in, figures out."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from engine import Array
from engine.activations import ACTIVATIONS
from engine.depth import Progress
from pages.parts.theme import GRID_LINES, HEIGHTS, SERIES, TEMPLATE, Style, plotly_dash

LOWEST = 1e-30  # norms below are drawn here: a log axis has no zero
MARGIN = {"l": 64, "r": 12, "t": 40, "b": 46}


def spread(values: Array) -> tuple[Array, Array, Array]:
    """Median, lowest and highest over the first axis, of what is finite there; NaN where nothing is."""
    known = np.where(np.isfinite(values), values, np.nan)
    nothing = np.isnan(known).all(0)
    filled = np.where(nothing, 0.0, known)
    median, low, high = (np.where(nothing, np.nan, f(filled, axis=0)) for f in (np.nanmedian, np.nanmin, np.nanmax))
    return median, low, high


def _band(x: Array, values: Array, label: str, style: Style, hover: str, floor: float = 0.0) -> list[go.Scatter]:
    """A line at the median of the seeds, in a band from the lowest to the highest."""
    median, low, high = (np.maximum(each, floor) for each in spread(values))
    finite = np.isfinite(median)
    ends = np.concatenate([x[finite], x[finite][::-1]])
    around = np.concatenate([high[finite], low[finite][::-1]])
    colour = style.colour
    band = go.Scatter(
        x=ends, y=around, fill="toself", mode="lines", line={"width": 0}, opacity=0.22, fillcolor=colour,
        name=label, legendgroup=label, showlegend=False, hoverinfo="skip",
    )  # fmt: skip
    line = go.Scatter(
        x=x, y=median, name=label, legendgroup=label, mode="lines+markers" if len(x) <= 40 else "lines",
        line={"color": colour, "dash": plotly_dash(style.dash), "width": 2.2},
        marker={"symbol": style.marker.replace("triangle", "triangle-up"), "size": 6}, hovertemplate=hover,
    )  # fmt: skip
    return [band, line]


def _layers(count: int) -> Array:
    return np.arange(1, count + 1)


def _layout(x_title: str, y: Mapping[str, object], height: int = 380, layers: int = 0) -> dict[str, object]:
    x = {"range": [0.5, layers + 0.5], "dtick": 1 if layers <= 12 else 5, "tick0": 0} if layers else {}
    return {
        "template": TEMPLATE, "height": height, "margin": MARGIN,
        "xaxis": {"title": {"text": x_title}, **x}, "yaxis": y,
    }  # fmt: skip


def norms_figure(series: Sequence[tuple[str, Style, Array]], title: str) -> go.Figure:
    """Norms (R, layers) by layer on a log axis: the median of the seeds and their range."""
    traces = [
        trace
        for label, style, norms in series
        for trace in _band(_layers(norms.shape[-1]), norms, label, style, "layer %{x}: %{y:.3g}", LOWEST)
    ]
    axis = _decades(title, [norms for _, _, norms in series])
    x_title = "layer (1 is next to the inputs, the last is the output)"
    return go.Figure(traces, _layout(x_title, axis, layers=max(norms.shape[-1] for _, _, norms in series)))


def _decades(title: str, values: Sequence[Array]) -> dict[str, object]:
    """A log axis: whole decades where there are several, else 1, 2 and 5 within each."""
    axis: dict[str, object] = {"title": {"text": title}, "type": "log", "exponentformat": "power"}
    every = np.concatenate([np.ravel(each) for each in values]) if values else np.empty(0)
    drawn = every[np.isfinite(every) & (every > LOWEST)]
    if (every <= LOWEST).any():
        axis["title"] = {"text": f"{title}, 0 drawn at 10⁻³⁰"}
    if not drawn.size:
        return axis | {"range": [-31, 1], "dtick": 5}
    low, high = np.log10(drawn.min()), np.log10(drawn.max())
    if high - low < 0.5:
        return {"title": {"text": title}}  # hardly curved at all
    if high - low > 2:
        return axis | {"dtick": max(1, int(np.ceil((high - low) / 6)))}
    decades = np.arange(np.floor(low) - 1, np.ceil(high) + 1)
    return axis | {"tickvals": np.outer(10.0**decades, [1, 2, 5]).ravel()}


def losses_figure(series: Sequence[tuple[str, Style, Sequence[Progress]]], steps: int) -> go.Figure:
    """Loss of each step's batch, median and range of the seeds; the axis is as long as the run will be."""
    traces = [
        trace
        for label, style, progress in series
        if progress
        for trace in _band(np.array([p.step for p in progress]), np.stack([p.losses for p in progress]).T, label, style,
                           "step %{x}: %{y:.3g}", LOWEST)
    ]  # fmt: skip
    losses = [np.stack([p.losses for p in progress]) for _, _, progress in series if progress]
    layout = _layout("step", _decades("loss of the step's batch", losses))
    layout["xaxis"] = {"title": {"text": "step"}, "range": [0, steps]}
    if not traces:
        layout["annotations"] = [
            {
                "text": "Press Train to see them learn",
                "x": 0.5,
                "y": 0.5,
                "xref": "paper",
                "yref": "paper",
                "showarrow": False,
            }
        ]
        layout["yaxis"] = {"title": {"text": "loss of the step's batch"}, "range": [0, 1]}
    return go.Figure(traces, layout)


def heat_figure(progress: Sequence[Progress], steps: int, scale: tuple[float, float]) -> go.Figure:
    """log₁₀ of the gradient norm by layer and step, the median of the seeds, in colours over ``scale``."""
    grid = log_norms(progress)
    heat = go.Heatmap(
        x=[p.step for p in progress], y=_layers(len(grid)), z=grid, zmin=scale[0], zmax=scale[1], colorscale=HEIGHTS,
        colorbar={"title": {"text": "log₁₀ of<br>the norm"}, "thickness": 12},
        hovertemplate="step %{x}, layer %{y}: 10^%{z:.1f}<extra></extra>",
    )  # fmt: skip
    figure = go.Figure(heat, _layout("step", {"title": {"text": "layer"}}, 340))
    figure.update_layout(margin={"t": 10})
    return figure.update_xaxes(range=[0, steps])


def log_norms(progress: Sequence[Progress]) -> Array:
    """(layers, steps)."""
    return np.log10(np.maximum(spread(np.stack([p.gradients for p in progress], 1))[0], LOWEST)).T


def common_scale(series: Sequence[Sequence[Progress]]) -> tuple[float, float]:
    """One range of colours for several networks, at most twelve decades."""
    logs = np.concatenate([log_norms(progress).ravel() for progress in series])
    known = logs[np.isfinite(logs)]
    high = float(known.max()) if known.size else 0.0
    return max(float(known.min()), high - 12) if known.size else -1.0, high


def ratios_figure(series: Sequence[tuple[str, Style, Array]]) -> go.Figure:
    """log₁₀ of update over weights (R, layers) by layer, with the line at −3 that training in practice stays near."""
    traces = []
    for label, style, ratios in series:
        with np.errstate(divide="ignore"):
            logs = np.log10(ratios)
        traces += _band(_layers(ratios.shape[-1]), np.maximum(logs, -20), label, style, "layer %{x}: 10^%{y:.2f}", -20)
    layers = max(ratios.shape[-1] for _, _, ratios in series)
    layout = _layout("layer", {"title": {"text": "log₁₀ (update / weights)"}}, 340, layers)
    figure = go.Figure(traces, layout)
    figure.add_hline(y=-3, line={"dash": "dot", "width": 1.5}, annotation={"text": "−3", "xanchor": "left"},
                     annotation_position="top left")  # fmt: skip
    return figure


def shares_figure(series: Sequence[tuple[str, Style, Array, Array]]) -> go.Figure:
    """Share of saturated (filled, solid) and of dead units (open, dotted) by hidden layer: medians of the seeds."""
    traces = []
    for label, style, saturated, dead in series:
        for name, values, symbol in (("saturated", saturated, ""), ("dead", dead, "-open")):
            marker = style.marker.replace("triangle", "triangle-up") + symbol
            traces.append(
                go.Scatter(
                    x=_layers(values.shape[-1]), y=spread(values)[0], name=label, legendgroup=label,
                    showlegend=not symbol, mode="lines+markers",
                    line={"color": style.colour, "width": 2 if not symbol else 1, "dash": "dot" if symbol else "solid"},
                    marker={"symbol": marker, "size": 8},
                    hovertemplate=f"{label}, {name} in layer %{{x}}: %{{y:.0%}}<extra></extra>",
                )
            )  # fmt: skip
    title = "share of units: saturated ●, dead ○"
    y = {"title": {"text": title}, "range": [-0.03, 1.03], "tickformat": ".0%"}
    return go.Figure(traces, _layout("hidden layer", y, 340, max(saturated.shape[-1] for _, _, saturated, _ in series)))


def densities_figure(densities: Array, edges: Array, label: str) -> go.Figure:
    """How activations spread in each hidden layer: (L, bins) shares."""
    middles = (edges[1:] + edges[:-1]) / 2
    heat = go.Heatmap(
        x=_layers(len(densities)), y=middles, z=densities.T, colorscale=HEIGHTS,
        colorbar={"title": {"text": "share"}, "thickness": 12, "tickformat": ".0%"},
        hovertemplate="layer %{x}, activation %{y:.3g}: %{z:.1%}<extra></extra>",
    )  # fmt: skip
    return go.Figure(heat, _layout("hidden layer", {"title": {"text": f"activation, {label}"}}, 340, len(densities)))


def derivatives_figure(names: Sequence[str]) -> go.Figure:
    """The slopes of activations, with the sigmoid's largest as a line."""
    z = np.linspace(-6, 6, 481)
    traces = []
    for index, name in enumerate(names):
        entry, style = ACTIVATIONS[name], SERIES[index % len(SERIES)]
        slope = entry.derivative(z, entry.function(z))
        traces.append(
            go.Scatter(x=z, y=slope, name=entry.label, mode="lines", hovertemplate="z = %{x:.2f}: %{y:.3f}",
                       line={"color": style.colour, "dash": plotly_dash(style.dash), "width": 2.2})
        )  # fmt: skip
    figure = go.Figure(traces, _layout("pre-activation z", {"title": {"text": "slope of the activation"}}, 340))
    largest = ACTIVATIONS["sigmoid"].steepest
    figure.add_hline(y=largest, line={"dash": "dot", "width": 1.5, "color": GRID_LINES.replace("0.28", "1")},
                     annotation={"text": f"{largest:g}"}, annotation_position="top left")  # fmt: skip
    return figure


def bound_figure(deltas: Array, bound: Array, label: str, steepest: float) -> go.Figure:
    """|δ| by layer (R, L + 1) as measured, beneath the most that it could be."""
    x = _layers(deltas.shape[-1])
    traces = _band(x, deltas, f"|δ|, measured, {label}", SERIES[0], "layer %{x}: %{y:.3g}", LOWEST)
    traces.append(
        go.Scatter(x=x, y=np.maximum(bound, LOWEST), name="at most, by steepest slope × stretch of W",
                   mode="lines", line={"color": SERIES[1].colour, "dash": "dash", "width": 2})
    )  # fmt: skip
    powers = np.median(deltas[:, -1]) * steepest ** (len(x) - x)
    traces.append(
        go.Scatter(x=x, y=np.maximum(powers, LOWEST), name=f"{steepest:.3g} to the power of the layers above",
                   mode="lines", line={"color": SERIES[2].colour, "dash": "dot", "width": 2})
    )  # fmt: skip
    return go.Figure(traces, _layout("layer", _decades("|δ| = |∂L/∂z|", [deltas, bound]), 360, len(x)))
