"""One look for every figure: a template that holds on light and dark grounds, and a style for each runner."""

from typing import NamedTuple

import plotly.graph_objects as go

HEIGHTS = "cividis"  # perceptual, safe for colour-blind readers; low is dark on both themes
GRID_LINES = "rgba(128,128,128,0.28)"


class Style(NamedTuple):
    """How a runner is drawn everywhere: colour at 3:1 or more on white and on near-black, dash in pixels, marker."""

    colour: str
    dash: tuple[int, ...]
    marker: str


# Okabe and Ito's hues, the light ones darkened until they reach 3:1 on white
BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#00936B"
ORANGE, PURPLE, SKY, GREY, OLIVE = "#B07A00", "#B9649A", "#2A8FCB", "#777777", "#80801F"
SOLID: tuple[int, ...] = ()
DASHED, DOTTED, DASH_DOT = (9, 5), (2, 5), (10, 4, 2, 4)

STYLES: dict[str, Style] = {
    "sgd": Style(BLUE, SOLID, "circle"),
    "momentum": Style(VERMILLION, SOLID, "square"),
    "nesterov": Style(PURPLE, DASHED, "diamond"),
    "adagrad": Style(SKY, DASH_DOT, "triangle"),
    "adadelta": Style(OLIVE, DOTTED, "pentagon"),
    "rmsprop": Style(GREEN, DASH_DOT, "triangle"),
    "adam": Style(ORANGE, SOLID, "star"),
    "amsgrad": Style(ORANGE, DOTTED, "hexagon"),
    "adamw": Style(ORANGE, DASHED, "diamond"),
    "adamax": Style(SKY, SOLID, "pentagon"),
    "nadam": Style(GREEN, DASHED, "hexagon"),
    "radam": Style(PURPLE, DOTTED, "star"),
    "lion": Style(VERMILLION, DASHED, "triangle"),
    "newton": Style(GREY, DASH_DOT, "diamond"),
}

SERIES = (
    Style(BLUE, SOLID, "circle"),
    Style(VERMILLION, DASHED, "square"),
    Style(GREEN, DASH_DOT, "triangle"),
    Style(ORANGE, DOTTED, "star"),
)
"""Up to four things compared that are not optimizers."""

BY_HAND = Style("#C8202F", (3, 5), "diamond")
"""A walk by hand: dots like footprints."""

GRADIENT, VELOCITY, STEP = "#AA3377", "#117733", "#332288"
"""Colours of the three arrows, none of them a runner's."""

AXIS = {"gridcolor": GRID_LINES, "zeroline": False, "ticks": "outside", "ticklen": 4, "title": {"standoff": 6}}
# text is left to the browser, which knows the theme; everything else reads on both grounds
TEMPLATE = go.layout.Template(
    layout={
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 12},
        "margin": {"l": 48, "r": 10, "t": 8, "b": 38},
        "xaxis": AXIS,
        "yaxis": AXIS,
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "hoverlabel": {"font": {"size": 12}},
    }
)


def plotly_dash(dash: tuple[int, ...]) -> str:
    """A canvas dash as Plotly spells it."""
    return ",".join(f"{length}px" for length in dash) or "solid"


def again(style: Style, nth: int) -> Style:
    """The style of a second or third runner of one kind in a race: its colour, another dash and marker."""
    dashes = (SOLID, DASHED, DOTTED, DASH_DOT)
    markers = ("circle", "square", "diamond", "triangle", "pentagon", "hexagon", "star")
    dash = dashes[(dashes.index(style.dash) + nth - 1) % len(dashes)]
    # in leaps of five, or a second Adagrad would look like the first AdaMax
    marker = markers[(markers.index(style.marker) + 5 * (nth - 1)) % len(markers)]
    return Style(style.colour, dash, marker)
