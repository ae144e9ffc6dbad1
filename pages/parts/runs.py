"""Runs as the stage shows them: simulated once, cached, and laid out as the message that the browser plays."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from engine.descent import Outcome, Trajectory, outcome
from engine.experiment import RUNNERS, Run, simulate, surface_of
from engine.relief import Relief, gradient_field, relief
from engine.surfaces import Surface
from pages.parts import words
from pages.parts.figures import CURVE_FLOOR, curve_figure, loss_curves, map_figure, scene_figure
from pages.parts.inspector import inspect, velocity_arrow
from pages.parts.stage import figure_json, single
from pages.parts.theme import STYLES, Style


class Shown(NamedTuple):
    """A run with all that is said and drawn of it."""

    run: Run
    label: str
    style: Style
    trajectory: Trajectory
    outcome: Outcome

    @property
    def ending(self) -> str:
        """How it ended, in one sentence."""
        return words.ending(self.run, self.label, self.trajectory, self.outcome)


@st.cache_data(max_entries=512, show_spinner=False)
def _simulated(run: Run) -> Trajectory:
    return simulate(run)


@st.cache_data(max_entries=64, show_spinner=False)
def _ground(name: str, parameters: tuple[tuple[str, float], ...]) -> tuple[Relief, dict[str, Any]]:
    """Relief and static layers of a surface; arrays are read-only by convention, figures plain dictionaries."""
    heights = relief(surface_of(Run(surface=name, surface_parameters=parameters)))
    layers = {
        "key": repr((name, parameters)),
        "x": single(heights.x),
        "y": single(heights.y),
        "heights": single(heights.heights),
        "low": heights.low,
        "high": heights.high,
        "map": figure_json(map_figure(heights)),
        "scene": figure_json(scene_figure(heights)),
    }
    return heights, layers


def show(run: Run, label: str | None = None, style: Style | None = None) -> Shown:
    """Simulate a run and say how it ended."""
    trajectory = _simulated(run)
    ended = outcome(trajectory, surface_of(run).hessian)[0]
    return Shown(run, label or RUNNERS[run.optimizer].label, style or STYLES[run.optimizer], trajectory, ended)


def ground_of(run: Run) -> Relief:
    """The heights over the view of a run's surface. Raises ValueError where none is finite."""
    return _ground(run.surface, run.surface_parameters)[0]


def message(
    shown: Sequence[Shown],
    *,
    field: bool = False,
    curvature: bool = False,
    ghost: bool = True,
    fog: float | None = None,
    pick: bool = True,
    change: bool = False,
    playhead: int | None = None,
) -> dict[str, Any]:
    """What the stage needs of one or several runs on one surface: the first one's surface and start are everyone's."""
    first = shown[0].run
    surface = surface_of(first)
    heights, ground = _ground(first.surface, first.surface_parameters)
    offset = surface.lowest if np.isfinite(surface.lowest) else 0.0
    _, title, log = loss_curves([s.trajectory.loss for s in shown], surface.lowest)
    alone = len(shown) == 1
    sent = [_run(s, surface, offset, alone) for s in shown]
    inspector = inspect(first, shown[0].trajectory) if alone else None
    return {
        "ground": ground,
        "runs": sent,
        "scale": {"offset": offset, "floor": CURVE_FLOOR, "log": heights.log, "lowest": heights.lowest},
        "curve": _curve([run["curve"] for run in sent], shown, title, log),
        "extra": {
            "start": [float(v) for v in shown[0].trajectory.params[0]],
            "minima": surface.minima.tolist(),
            "arrows": inspector["arrows"] if inspector else [],
            "field": _field(surface) if field else None,
            "curvature": _curvatures(shown[0], surface) if curvature and alone else None,
            "fog": fog,
            "pick": pick,
        },
        "inspector": inspector,
        "leaderboard": None if alone else _board(shown, surface),
        "ghost": ghost,
        "playhead": playhead,
        "offers": {"change": change},
        "alt": _alternatives(shown, surface, title),
    }


def _curve(curves: Sequence[Any], shown: Sequence[Shown], title: str, log: bool) -> dict[str, Any]:
    """The loss curve's figure on the very columns of the runs, which so travel once; the browser puts in the floor."""
    with np.errstate(all="ignore"):
        return figure_json(curve_figure(curves, [s.style for s in shown], title, log))


def _run(shown: Shown, surface: Surface, offset: float, alone: bool) -> dict[str, Any]:
    """One run's columns: losses travel as what lies above ``offset``, which float32 holds to its last digit."""
    trajectory = shown.trajectory
    x, y = single(trajectory.params).T
    run = {
        "label": shown.label,
        "colour": shown.style.colour,
        "dash": list(shown.style.dash),
        "marker": shown.style.marker,
        "width": 2.4,
        "x": x,
        "y": y,
        "curve": single(trajectory.loss - offset),
        "distance": _distance_to_curve(surface, trajectory),
        "diverged": shown.outcome.step if shown.outcome.kind == "diverged" else None,
        "hessians": shown.run.optimizer == "newton",
        "ended": shown.ending,
        "alt": f"Map of {surface.label} with the path of {shown.label}.",
    }
    if not alone:
        return run
    run |= {"gx": single(trajectory.grads[:, 0]), "gy": single(trajectory.grads[:, 1])}
    run |= {"ux": single(trajectory.updates[:, 0]), "uy": single(trajectory.updates[:, 1])}
    return run | {name: single(column) for name, column in velocity_arrow(shown.run, trajectory).items()}


def _curvatures(shown: Shown, surface: Surface) -> dict[str, Any]:
    """Eigenvalues of the Hessian along a run and the angle of the flatter direction; of 1 where it is not finite."""
    trajectory = shown.trajectory
    with np.errstate(all="ignore"):
        curvature = surface.hessian(trajectory.params)
    finite = np.asarray(np.isfinite(curvature).all((-1, -2)))
    values, vectors = np.linalg.eigh(np.where(finite[:, None, None], curvature, np.eye(2)))
    angle = np.arctan2(vectors[:, 1, 0], vectors[:, 0, 0])
    return {"flat": single(values[:, 0]), "steep": single(values[:, 1]), "angle": single(angle)}


def _distance_to_curve(surface: Surface, trajectory: Trajectory) -> Any:
    """Where the minima form a curve; to single minima the browser measures itself."""
    if surface.distance_to_curve is None:
        return None
    with np.errstate(all="ignore"):
        return single(surface.distance(trajectory.params))


def _field(surface: Surface) -> dict[str, Any]:
    points, downhill = gradient_field(surface)
    return {
        "x": single(points[:, 0]), "y": single(points[:, 1]), "u": single(downhill[:, 0]), "v": single(downhill[:, 1])
    }  # fmt: skip


def _board(shown: Sequence[Shown], surface: Surface) -> dict[str, Any]:
    known = surface.distance_to_curve is not None or len(surface.minima) > 0
    titles = ["Runner", "Rate", "Loss", *(["To minimum"] if known else []), "Gradients"]
    return {"titles": titles, "rates": [words.plain(s.run.learning_rate) for s in shown]}


def _alternatives(shown: Sequence[Shown], surface: Surface, curve_title: str) -> dict[str, str]:
    endings = " ".join(s.ending for s in shown)
    return {
        "map": f"Map of {surface.label}, {surface.words}. {endings}",
        "scene": f"The same runs on {surface.label} in three dimensions.",
        "curve": f"{curve_title} against step. {endings}",
    }
