"""What a sweep over rates shows, on a surface and on a network alike: curves, ends, regions in words, a table."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from engine import Array
from engine.quadratics import Limit
from engine.rates import DIVERGENT, GOOD, TOO_LARGE, TOO_SMALL, Curves, Judgement
from pages.parts import rate_figures
from pages.parts.figures import CURVE_FLOOR
from pages.parts.rate_figures import Line
from pages.parts.stage import chart
from pages.parts.theme import GREY, STYLES, Style
from pages.parts.words import number, plain, point


class Swept(NamedTuple):
    """One optimizer at every rate; curves are those of the optimizer chosen alone."""

    key: str
    label: str
    judgement: Judgement

    @property
    def style(self) -> Style:
        """As on every page."""
        return STYLES[self.key]


def charts(
    swept: Sequence[Swept], curves: Curves, lowest: float, titles: tuple[str, str], lines: Sequence[Line],
    over: Sequence[tuple[Array, str]],
) -> None:  # fmt: skip
    """Loss by step for each rate of the first, and loss at the end by rate for all."""
    mine = swept[0]
    title = titles[0] + (" ≥ 10⁻¹²" if (curves.losses - lowest < CURVE_FLOOR).any() else "")
    ends = float(mine.judgement.sweep.rates[0]), float(mine.judgement.sweep.rates[-1])
    left, right = st.columns(2)
    with left:
        dark = st.context.theme.type == "dark"
        figure = rate_figures.curves_figure(curves, lowest, mine.judgement.diverged, title, over, dark)
        chart(figure, "rate_curves",
              f"Loss by step of {mine.label} at {len(curves.rates)} rates from {number(ends[0])} to {number(ends[1])}; "
              f"{int(mine.judgement.diverged.sum())} of them diverge.")  # fmt: skip
    with right:
        named = [(each.label, each.style, each.judgement) for each in swept]
        figure = rate_figures.ends_figure(named, titles[1], lines, ends)
        chart(figure, "rate_ends", f"Loss at the end against rate. {' '.join(map(in_words, swept))}")


def in_words(swept: Swept) -> str:
    """Where the regions of a sweep lie."""
    parts = [
        f"{word} from {number(low)} to {number(high)}" for word, low, high in rate_figures.regions(swept.judgement)
    ]
    return f"{swept.label}: {', '.join(parts)}."


MEANING = {
    TOO_SMALL: "stable, but the steps are so short that the run has not arrived;",
    GOOD: "within ten times of the best, judged by the mean over neighbouring rates, so that a lucky rate can't win "
    "(the marked point is the best);",
    TOO_LARGE: "bounded, but it bounces, or a rate close by diverges;",
    DIVERGENT: "at the end the loss is above the start's and still growing, or beyond what a number can hold.",
}


def explained(swept: Sequence[Swept], limit: Limit | None, known: bool) -> None:
    """The regions of the optimizer chosen, the edge, and the table of all."""
    mine = swept[0]
    st.markdown(
        f"With {mine.label} a rate is\n"
        + "".join(f"\n- **{word}** from {number(low)} to {number(high)}: {MEANING[word]}"
                  for word, low, high in rate_figures.regions(mine.judgement))
    )  # fmt: skip
    if known:
        st.markdown(_edge_words(mine, limit))
    st.table([_row(each) for each in swept], hide_index=True)


def _edge_words(mine: Swept, limit: Limit | None) -> str:
    before, first = mine.judgement.edge
    measured = (
        f"The sweep's own edge lies between {number(before)} and {number(first)}." if np.isfinite(first)
        else "In this sweep no rate above the best diverges."
    )  # fmt: skip
    if limit is None:
        return f"For {mine.label} with these settings on this surface no closed form says where it diverges. {measured}"
    formula = {"sgd": "2/λmax", "momentum": "2(1 + β)/λmax", "nesterov": "(2 + 2β)/((1 + 2β) λmax)"}[mine.key]
    where = (
        "the same everywhere, because this loss is a quadratic: beyond it every step overshoots by more than the last"
        if limit.exact
        else f"taken at {point(limit.at)}, the minimum nearest to where the good run ends. Elsewhere the surface bends "
        "differently, so that a run from afar may diverge earlier, or bounce on to a flatter place"
    )
    return (
        f"The dashed line is **{formula} = {number(limit.rate)}**, the largest stable rate of {mine.label}. λmax = "
        f"{number(limit.sharpness)} is the largest eigenvalue of the Hessian, {where}. {measured}"
    )


def _row(swept: Swept) -> dict[str, str]:
    sweep, first = swept.judgement.sweep, swept.judgement.edge[1]
    some = bool(np.isfinite(sweep.best))
    return {
        "Optimizer": swept.label,
        "Best rate": plain(sweep.best) if some else "none",
        "Good rates": f"{number(sweep.window[0])} to {number(sweep.window[1])}" if some else "–",
        "Width": f"{sweep.decades:.1f} decades" if some else "–",
        "Loss at the best": number(_at(sweep.rates, sweep.gaps, sweep.best)) if some else "–",
        "Diverges from": number(first) if np.isfinite(first) else "–",
    }


def _at(rates: Array, values: Array, rate: float) -> float:
    return float(values[np.argmin(np.abs(rates - rate))])


def limit_lines(limit: Limit | None, key: str) -> list[Line]:
    """The edge as a line on an axis of rates."""
    if limit is None:
        return []
    return [Line(limit.rate, "2/λmax" if key == "sgd" else "stability limit", GREY)]
