"""A range test and schedules side by side, of a surface or a network: the figures and what they are read for."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from engine import Array
from engine.experiment import Run, simulate
from engine.quadratics import Limit
from engine.range_test import BLOWN, RangeTest, surface_range
from engine.rates import Curves, lowest_of
from engine.schedules import SCHEDULES
from pages.parts import rate_figures, rate_sweep
from pages.parts.rate_controls import SurfaceStudy
from pages.parts.rate_figures import SCHEDULE_STYLES, Line
from pages.parts.stage import chart
from pages.parts.theme import GREEN, VERMILLION
from pages.parts.words import number

STYLE_OF = dict(zip(SCHEDULES, SCHEDULE_STYLES, strict=True))


@st.cache_data(max_entries=64, show_spinner=False)
def surface_test(run: Run, low: float, high: float) -> RangeTest:
    """The range test of a run on a surface."""
    return surface_range(run, low, high)


@st.cache_data(max_entries=64, show_spinner=False)
def surface_schedules(run: Run, names: tuple[str, ...]) -> Curves:
    """A run under each of some schedules."""
    losses = np.full((run.steps + 1, len(names)), np.inf)
    final = np.full(len(names), np.inf)
    for column, name in enumerate(names):
        path = simulate(replace(run, schedule=name))
        gone = np.asarray(np.isnan(path.updates).any(-1))
        losses[: len(gone), column] = np.where(gone, np.inf, path.loss)
        final[column] = losses[-1, column]
    return Curves(np.full(len(names), run.learning_rate), losses, final)


def range_test(test: RangeTest, lowest: float, title: str, limit: Limit | None, key: str, steps: int) -> None:
    """One run, all rates."""
    lines = rate_sweep.limit_lines(limit, key)
    if np.isfinite(test.steepest):
        lines.append(Line(test.steepest, "steepest fall", GREEN, "solid"))
    if np.isfinite(test.blow_up):
        lines.append(Line(test.blow_up, "blow-up", VERMILLION, "dot"))
    chart(rate_figures.range_figure(test, lowest, title, lines), "rate_range",
          f"Loss against a rate that grows over one run. {_read(test)}")  # fmt: skip
    st.markdown(
        f"**One run** of {steps} steps whose rate grows by the same factor at every step: a sweep for the price of a "
        f"single run (Smith 2017). {_read(test)} Common practice is to begin a little below the rate of the steepest "
        f"fall, well below the blow-up, from which the loss is {BLOWN:g} times its lowest or more to the end."
    )
    if limit is not None and np.isfinite(test.blow_up) and test.blow_up > limit.rate:
        st.markdown(
            f"The blow-up comes at {number(test.blow_up / limit.rate)} times the stability limit, "
            f"{number(limit.rate)}: when the rate passes the limit, the error along the steepest direction has become "
            "tiny, and must first grow back. So a range test sees the edge late."
        )

    elif limit is not None and not np.isfinite(test.blow_up) and limit.rate < test.rates[-1]:
        st.markdown(
            f"The rate passes the stability limit, {number(limit.rate)}, but by then so little is left of the error "
            "that it does not grow back in time. So a range test may miss the edge."
        )


def _read(test: RangeTest) -> str:
    fall = (
        f"The loss falls fastest at a rate of {number(test.steepest)}." if np.isfinite(test.steepest)
        else "The loss never falls."
    )  # fmt: skip
    end = (
        f"It blows up at {number(test.blow_up)}." if np.isfinite(test.blow_up)
        else f"It does not blow up before the highest rate, {number(float(test.rates[-1]))}."
    )  # fmt: skip
    return f"{fall} {end}"


def schedules(
    names: Sequence[str], rates: Array, curves: Curves, lowest: float, title: str
) -> None:  # fmt: skip
    """The schedules' rates (T+1, K) over the losses that they bring."""
    labels = [SCHEDULES[name].label for name in names]
    gaps = curves.losses - lowest
    ends = [
        f"{label}: {'diverged' if not np.isfinite(final) else number(float(final) - lowest)}"
        for label, final in zip(labels, curves.final, strict=True)
    ]
    figure = rate_figures.schedules_figure(labels, [STYLE_OF[n] for n in names], rates, gaps, title)
    chart(figure, "rate_schedules", f"Schedules of the rate above their losses. At the end, {'; '.join(ends)}.")
    rows = []
    for name, label, final, gap in zip(names, labels, curves.final, gaps.T, strict=True):
        known = gap[np.isfinite(gap)]
        rows.append(
            {"Schedule": label, "What it does": SCHEDULES[name].description,
             "Highest loss": number(float(known.max())) if len(known) == len(gap) else "diverged",
             "Loss at the end": number(float(final) - lowest) if np.isfinite(final) else "diverged"}
        )  # fmt: skip
    st.table(rows, hide_index=True)


def schedule_rates(names: Sequence[str], rate: float, steps: int) -> Array:
    """The rates (T+1, K) of the schedules at a base rate."""
    each = [SCHEDULES[name](rate, steps) for name in names]
    return np.array([[float(schedule(count)) for schedule in each] for count in range(steps + 1)])


def on_a_surface(study: SurfaceStudy, names: tuple[str, ...], base: float, title: str) -> None:
    """The schedules chosen, on the run's surface."""
    run = study.run.with_rate(base)
    curves = surface_schedules(run, names)
    schedules(names, schedule_rates(names, base, run.steps), curves, lowest_of(run, curves), title)
