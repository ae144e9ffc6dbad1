"""The map of rates and momenta: each cell a run, and on a quadratic what theory says of it."""

from dataclasses import replace

import numpy as np
import streamlit as st

from engine import limits
from engine.curvature import stable_rate
from engine.experiment import Run, start_of, surface_of
from engine.momentum_map import ARRIVED, MomentumMap, momentum_map
from engine.quadratics import Quadratic, best_momentum, best_pair, quadratic, spectral_radius
from pages.parts import rate_controls
from pages.parts.comparison import best_rate
from pages.parts.rate_controls import SurfaceStudy
from pages.parts.rate_map_figure import Curve, map_figure
from pages.parts.stage import chart
from pages.parts.words import number

RATES, MOMENTA, MOST_MOMENTUM = 120, 80, 0.99
BEYOND = 10.0  # times the best rates with and without momentum: how far the map goes where no edge is known
FINE = 400  # points of a curve over the map


@st.cache_data(max_entries=32, show_spinner=False)
def _mapped(run: Run, low: float, high: float) -> MomentumMap:
    rates, momenta = np.geomspace(low, high, RATES), np.linspace(0, MOST_MOMENTUM, MOMENTA)
    return momentum_map(surface_of(run), start_of(run), run.optimizer, rates, momenta, run.steps)


def rate_by_momentum(study: SurfaceStudy) -> None:
    """The map, its curves and points, in words and in a table."""
    method, colour = rate_controls.map_controls()
    surface = surface_of(study.run)
    if not np.isfinite(surface.lowest):
        st.info("This surface has no lowest point, so there is no distance to it to be drawn. Choose another one.")
        return
    steps = int(limits.MAP_STEPS.clamp(study.run.steps))
    run = Run(study.run.surface, study.run.surface_parameters, method, start=study.run.start, steps=steps)
    whole = quadratic(surface)
    if whole is not None:  # from a hundredth of plain descent's edge to past heavy ball's
        edge = float(stable_rate("sgd", whole.eigenvalues[-1]))
        low, high = edge / 100, 3 * edge
    else:
        plain = replace(run, optimizer="sgd")
        low, *_, high = sorted((best_rate(run) / BEYOND, best_rate(plain) / BEYOND, best_rate(run) * BEYOND,
                                best_rate(plain) * BEYOND))  # fmt: skip
    found = _mapped(run, low, high)
    row, column = found.best
    best = float(found.rates[column]), float(found.momenta[row])
    label = rate_controls.METHODS[method]
    curves, points = _theory(whole, method, low, high)
    said = f"the best is at rate {number(best[0])}, momentum {number(best[1])}"
    chart(map_figure(found, colour, curves, [("best measured", "circle", *best), *points]), "rate_map",
          f"{rate_controls.COLOURS[colour]} of {label} at {RATES} rates and {MOMENTA} momenta: "
          f"{found.diverged.mean():.0%} diverge; {said}.")  # fmt: skip
    st.markdown(_words(found, whole, label, method, steps))
    st.table(_table(found, whole, method), hide_index=True)


def _theory(
    whole: Quadratic | None, method: str, low: float, high: float
) -> tuple[list[Curve], list[tuple[str, str, float, float]]]:
    """Curves and points over the map of a quadratic."""
    if whole is None:
        return [], []
    momenta, rates = np.linspace(0, MOST_MOMENTUM, FINE), np.geomspace(low, high, FINE)
    curves = [
        ("stability limit", "solid", stable_rate(method, whole.eigenvalues[-1], momenta), momenta),
        ("best momentum for each rate", "dash", rates, best_momentum(method, rates, whole.eigenvalues)),
    ]
    if method != "momentum":
        return curves, []
    return curves, [("best in theory", "x", *best_pair(whole.eigenvalues))]


def _words(found: MomentumMap, whole: Quadratic | None, label: str, method: str, steps: int) -> str:
    said = (
        f"Each cell is a run of {label} from the start on the map above, {steps} steps long, at its own rate and "
        f"momentum. It has **arrived** once its loss above the minimum stays below {ARRIVED:g} of the start's; "
        "where colours count steps, an empty cell has not. "
    )
    if whole is None:
        return said + (
            "This surface bends differently in different places, so that no closed form says where runs diverge. "
            "Choose the ravine, the bowl, Booth's or Matyas' surface to see the measured border beside its formula."
        )
    theory = spectral_radius(method, found.rates, found.momenta[:, None], whole.eigenvalues) > 1
    formula = {"momentum": "αλ = 2(1 + β)", "nesterov": "αλ = (2 + 2β)/(1 + 2β)"}[method]
    said += (
        f"This loss is a quadratic, so theory knows the border: **{formula}** with λ = λmax = "
        f"{number(float(whole.eigenvalues[-1]))}. {(theory == found.diverged).mean():.2%} of the cells agree with it. "
    )
    if method == "momentum":
        return said + (
            "Momentum **widens** the range of stable rates, up to twice that of plain descent at the foot of the map. "
            "The dashed curve is critical damping, (1 − √(αλ))² of the slower direction: with less momentum the run "
            "creeps, with more it overshoots and swings, and shrinks by only √β a step."
        )
    return said + (
        "Nesterov's momentum looks ahead, and **narrows** the range of stable rates; within it, a large momentum is "
        "damped better. The dashed curve is the momentum that shrinks the error fastest at each rate."
    )


def _table(found: MomentumMap, whole: Quadratic | None, method: str) -> list[dict[str, str]]:
    """Borders at a few momenta, and the best pairs."""
    rows = []
    for momentum in (0.0, 0.5, 0.9):
        row = int(np.abs(found.momenta - momentum).argmin())
        beta, gone = float(found.momenta[row]), found.diverged[row]
        first = int(gone.argmax())
        cell = {"Momentum": number(beta), "Last stable rate": "–", "First that diverges": "none"}
        if gone.any():
            cell["First that diverges"] = number(float(found.rates[first]))
            cell["Last stable rate"] = number(float(found.rates[first - 1])) if first else "none"
        if whole is not None:
            cell["Border in theory"] = number(float(stable_rate(method, whole.eigenvalues[-1], beta)))
        quickest = int(np.nan_to_num(found.steps[row], nan=np.inf).argmin())
        fewest = found.steps[row, quickest]
        cell["Fewest steps to arrive"] = (
            f"{fewest:.0f} at {number(float(found.rates[quickest]))}" if np.isfinite(fewest) else "–"
        )
        rows.append(cell)
    row, column = found.best
    steps = found.steps[row, column]
    empty = dict.fromkeys(rows[0], "–")
    best = {
        "Momentum": f"{number(float(found.momenta[row]))}, best measured",
        "Fewest steps to arrive": (f"{steps:.0f} at " if np.isfinite(steps) else "at ")
        + number(float(found.rates[column])),
    }
    rows.append(empty | best)
    if whole is not None and method == "momentum":
        rate, beta = best_pair(whole.eigenvalues)
        theory = {"Momentum": f"{number(beta)}, best in theory", "Fewest steps to arrive": f"at {number(rate)}"}
        rows.append(empty | theory)
    return rows
