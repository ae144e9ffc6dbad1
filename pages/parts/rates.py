"""Three rates of one optimizer on the stage, and on a surface the sweep that they come from."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from engine import Array, limits
from engine.experiment import RUNNERS, Run, surface_of
from engine.quadratics import Limit, stability_limit
from engine.rates import DIVERGENT, Curves, Judgement, judge, lowest_of, rate_grid, surface_curves, three_rates
from pages.parts import rate_runs, rate_sweep, runs
from pages.parts.rate_controls import SurfaceStudy
from pages.parts.rate_figures import Line
from pages.parts.rate_sweep import Swept
from pages.parts.runs import Shown
from pages.parts.theme import BLUE, DASHED, GREEN, SOLID, VERMILLION, Style
from pages.parts.words import plain

TRIO = (Style(BLUE, DASHED, "triangle"), Style(GREEN, SOLID, "circle"), Style(VERMILLION, (2, 4), "square"))


@st.cache_data(max_entries=64, show_spinner=False)
def _swept(run: Run, low: float, high: float, count: int) -> tuple[Curves, Judgement, float]:
    curves = surface_curves(run, rate_grid(low, high, count))
    lowest = lowest_of(run, curves)
    return curves, judge(curves, lowest), lowest


def swept(study: SurfaceStudy, run: Run | None = None) -> tuple[Curves, Judgement, float]:
    """A run at every rate of the sweep, its judgement, and what losses are measured from."""
    run = replace(run or study.run, steps=min(study.run.steps, limits.SWEEP_STEPS))
    return _swept(run.with_rate(1.0), study.low, study.high, study.size)


def chosen(study: SurfaceStudy) -> tuple[float, float, float]:
    """The sweep's three rates."""
    return three_rates(swept(study)[1])


def trio(study: SurfaceStudy, rates: Sequence[float]) -> list[Shown]:
    """The same run at three rates, each named by what the sweep says of its rate."""
    shown = [runs.show(study.run.with_rate(rate), "", style) for rate, style in zip(rates, TRIO, strict=True)]
    words = verdicts(study, shown)
    return [each._replace(label=f"Rate {plain(each.run.learning_rate)} ({word})")
            for each, word in zip(shown, words, strict=True)]  # fmt: skip


def verdicts(study: SurfaceStudy, shown: Sequence[Shown]) -> list[str]:
    """What the sweep says of each run's rate; a run that diverged between two of its rates speaks for itself."""
    judgement = swept(study)[1]
    return [DIVERGENT if each.outcome.kind == "diverged" else judgement.verdict(each.run.learning_rate)
            for each in shown]  # fmt: skip


def message(study: SurfaceStudy, shown: Sequence[Shown], **options: Any) -> dict[str, Any]:
    """The stage's message, with its table's columns named for rates."""
    sent = runs.message(shown, **options)
    sent["leaderboard"]["titles"] = ["The rate is", *sent["leaderboard"]["titles"][1:-1], "Steps"]
    for run, word in zip(sent["runs"], verdicts(study, shown), strict=True):
        run["label"] = word.capitalize()
    return sent


def limit_of(study: SurfaceStudy, shown: Sequence[Shown]) -> Limit | None:
    """The stability limit near where the second of the three runs ends."""
    return stability_limit(study.run, shown[1].trajectory.params[-1])


def height(run: Run) -> str:
    """What a loss axis shows of this run's surface."""
    lowest = surface_of(run).lowest
    return "loss" if lowest == 0 else "loss − lowest" if np.isfinite(lowest) else "loss − lowest reached"


def sweep(study: SurfaceStudy, shown: Sequence[Shown], limit: Limit | None) -> None:
    """Every rate at once."""
    curves, judgement, lowest = swept(study)
    mine = Swept(study.run.optimizer, RUNNERS[study.run.optimizer].label, judgement)
    others = [Swept(run.optimizer, RUNNERS[run.optimizer].label, swept(study, run)[1]) for run in study.rivals]
    title, steps = height(study.run), len(curves.losses) - 1
    lines = [Line(s.run.learning_rate, "" if nth else "rates on the map", s.style.colour, "dot")
             for nth, s in enumerate(shown)]  # fmt: skip
    over = [(_gaps(s, lowest)[: steps + 1], s.style.colour) for s in shown]
    lines += rate_sweep.limit_lines(limit, study.run.optimizer)
    rate_sweep.charts([mine, *others], curves, lowest, (title, f"{title} after {steps} steps"), lines, over)
    rate_sweep.explained([mine, *others], limit, known=True)
    if steps < study.run.steps:
        st.caption(f"A sweep takes at most {limits.SWEEP_STEPS} steps; the runs on the map take {study.run.steps}.")


def _gaps(shown: Shown, lowest: float) -> Array:
    """A run's losses above ``lowest``; inf where it is frozen."""
    return np.where(np.isnan(shown.trajectory.updates).any(-1), np.inf, shown.trajectory.loss - lowest)


def range_test(study: SurfaceStudy, limit: Limit | None) -> None:
    """One run over the sweep's rates."""
    run = replace(study.run, steps=min(study.run.steps, limits.SWEEP_STEPS)).with_rate(1.0)
    test = rate_runs.surface_test(run, study.low, study.high)
    lowest = surface_of(run).lowest
    lowest = lowest if np.isfinite(lowest) else float(test.losses.min())
    rate_runs.range_test(test, lowest, height(run), limit, run.optimizer, run.steps)
