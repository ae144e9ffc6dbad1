"""What a race compares: runners told apart, each one's dependence on its rate, and what each optimizer is."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from engine import limits
from engine.experiment import RUNNERS, Run, surface_of
from engine.sweeps import RateSweep, rate_sweep
from pages.parts.controls import default_rate
from pages.parts.figures import sweep_figure
from pages.parts.runs import Shown, show
from pages.parts.stage import chart
from pages.parts.theme import STYLES, again
from pages.parts.words import number, plain


def best_rate(run: Run) -> float:
    """The sweep's best rate for this run, or a usual one where every rate diverged."""
    best = swept(run).best
    return best if np.isfinite(best) else default_rate(run.surface, run.surface_parameters, run.optimizer)


def swept(run: Run) -> RateSweep:
    """The run at every rate, once for all the rates at which a page may show it."""
    steps = min(run.steps, limits.SWEEP_STEPS)
    return _swept(replace(run.with_rate(1.0), rate_change=None, steps=steps))


@st.cache_data(max_entries=256, show_spinner=False)
def _swept(run: Run) -> RateSweep:
    return rate_sweep(run)


def labelled(field: Sequence[Run]) -> list[Shown]:
    """The runs of a race with their names and styles; a second runner of one kind gets a number and another dash."""
    seen: Counter[str] = Counter()
    shown = []
    for run in field:
        seen[run.optimizer] += 1
        label, nth = RUNNERS[run.optimizer].label, seen[run.optimizer]
        style = STYLES[run.optimizer]
        shown.append(show(run, label, style) if nth == 1 else show(run, f"{label} {nth}", again(style, nth)))
    return shown


def rate_chart(shown: Sequence[Shown]) -> None:
    """Final loss against rate for each runner, with its best rate, its window of good rates, and the rate in use."""
    sweeps = [swept(s.run) for s in shown]
    steps = min(shown[0].run.steps, limits.SWEEP_STEPS)
    known = np.isfinite(surface_of(shown[0].run).lowest)
    rows = [
        (s.label, s.style, sweep.rates, sweep.gaps, sweep.best, _at(sweep, sweep.best))
        for s, sweep in zip(shown, sweeps, strict=True)
    ]
    title = f"loss above the {'minimum' if known else 'lowest reached'} after {steps} steps"
    chart(
        sweep_figure(rows, title, [s.run.learning_rate for s in shown]),
        "rate_chart",
        " ".join(["Loss at the end against rate.", *map(_window, shown, sweeps)]),
    )
    st.markdown(
        "Each line is one runner at every rate from this start; it ends where the run diverges. A single rate can win "
        "by luck, so the **best** (the marked point) is judged by the geometric mean of the final loss over an eighth "
        "of a decade on each side, or by its own loss where that is larger. The **good rates** round it end within "
        "ten times the best mean. Losses below a hundred-millionth of the start's count as arrived, all alike. Dotted "
        "lines are the rates in use. Another landscape, start or number of steps may name another winner."
    )
    table = [{"Runner": s.label, "Rate in use": plain(s.run.learning_rate), "Best rate": _best(w),
              "Good rates": _range(w), "Width": _decades(w)} for s, w in zip(shown, sweeps, strict=True)]  # fmt: skip
    st.table(table, hide_index=True)


def optimizer_table() -> None:
    """The registry as a table."""
    st.table(
        [{"Optimizer": e.label, "Adaptive rate": e.adaptive, "Momentum": e.momentum, "Best for": e.best_for,
          "Source": e.source} for e in RUNNERS.values()],
        hide_index=True,
    )  # fmt: skip


def _at(sweep: RateSweep, rate: float) -> float:
    if not np.isfinite(rate):
        return np.nan
    return float(sweep.gaps[np.argmin(np.abs(np.log(sweep.rates / rate)))])


def _window(shown: Shown, sweep: RateSweep) -> str:
    if not np.isfinite(sweep.best):
        return f"{shown.label} diverges at every rate."
    return f"{shown.label}: best at {number(sweep.best)}, good from {_range(sweep)}, {_decades(sweep)}."


def _best(sweep: RateSweep) -> str:
    return plain(sweep.best) if np.isfinite(sweep.best) else "none: every rate diverges"


def _range(sweep: RateSweep) -> str:
    return f"{number(sweep.window[0], 2)} to {number(sweep.window[1], 2)}" if np.isfinite(sweep.best) else "–"


def _decades(sweep: RateSweep) -> str:
    return f"{sweep.decades:.1f} decades" if np.isfinite(sweep.best) else "–"
