"""The picture of rates and momenta: a cell a run, with theory's curves and points over it."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import plotly.graph_objects as go

from engine import Array
from engine.momentum_map import MomentumMap
from pages.parts.rate_figures import layout, rate_axis
from pages.parts.theme import GREY, HEIGHTS

GONE = "#7A1F3D"  # cells that diverged: no colour of the scale

Curve: TypeAlias = tuple[str, str, Array, Array]
"""Name, dash, rates and momenta of a curve over the map."""


def map_figure(
    found: MomentumMap, colour: str, curves: Sequence[Curve],
    points: Sequence[tuple[str, str, float, float]],
) -> go.Figure:  # fmt: skip
    """Rates across, momenta upwards; over it ``curves``, and ``points``: name, symbol, rate, momentum."""
    steps = colour == "steps"
    with np.errstate(divide="ignore", invalid="ignore"):
        values = found.steps if steps else np.log10(found.gaps)
    values = np.where(np.isfinite(values), values, np.nan)
    title = "steps to arrive" if steps else "log₁₀ of the loss<br>above the minimum"
    heat = {"x": found.rates, "y": found.momenta, "hoverongaps": False}
    traces: list[Any] = [
        go.Heatmap(z=np.where(found.diverged, 1.0, np.nan), colorscale=[[0, GONE], [1, GONE]], showscale=False,
                   hovertemplate="rate %{x:.3g}, momentum %{y:.3g}: diverged<extra></extra>", **heat),
        go.Heatmap(z=np.float32(values), colorscale=HEIGHTS, **heat,
                   hovertemplate="rate %{x:.3g}, momentum %{y:.3g}: %{z:.3g}<extra></extra>",
                   colorbar={"title": {"text": title, "side": "right"}, "thickness": 12, "outlinewidth": 0}),
        go.Scatter(x=[None], y=[None], mode="markers", name="diverged",
                   marker={"symbol": "square", "size": 12, "color": GONE}),
    ]  # fmt: skip
    for name, dash, x, y in curves:
        for shade, width in (("#111111", 4.5), ("#ffffff", 2.2)):  # a casing, or it would be lost on some cells
            traces.append(go.Scatter(x=x, y=y, mode="lines", name=name, hoverinfo="skip", legendgroup=name,
                                     showlegend=False,
                                     line={"color": shade, "width": width, "dash": dash}))  # fmt: skip
        traces.append(go.Scatter(x=[None], y=[None], mode="lines", name=name, legendgroup=name,
                                 line={"color": GREY, "width": 2.5, "dash": dash}))  # fmt: skip
    for name, symbol, rate, momentum in points:
        traces.append(go.Scatter(x=[rate], y=[momentum], mode="markers", name=name, hoverinfo="skip",
                                 marker={"symbol": symbol, "size": 13, "color": "white",
                                         "line": {"color": "#111111", "width": 2}}))  # fmt: skip
    limits = float(found.rates[0]), float(found.rates[-1])
    upwards = {"range": [float(found.momenta[0]), float(found.momenta[-1])]}
    figure = go.Figure(traces, layout("learning rate", rate_axis(*limits), "momentum", upwards, 460))
    return figure.update_layout(margin={"r": 4, "t": 62})
