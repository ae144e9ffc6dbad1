"""The stage in fog: the message of a walk, without what can't be known from the points stood on."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.descent import Outcome, Trajectory
from engine.experiment import Run, surface_of
from pages.parts import runs, walk
from pages.parts.figures import curve_figure
from pages.parts.inspector import arrows
from pages.parts.runs import Shown
from pages.parts.stage import figure_json, single
from pages.parts.theme import BY_HAND
from pages.parts.words import number, plain, point

SIGHT = 1.5  # how far one sees in the fog, in steps of the usual length


def by_hand(surface: str, trajectory: Trajectory) -> Shown:
    """A walk as the stage shows a run. It stands there as plain descent, whose state it shares: none but the clock."""
    steps = len(trajectory.count) - 1
    return Shown(Run(surface, steps=steps), "By hand", BY_HAND, trajectory, Outcome("out of steps", steps))


def message(shown: Sequence[Shown], *, lifted: bool, length: float) -> dict[str, Any]:
    """What the stage needs of a walk, alone or with gradient descent after it, in fog or not; ``length`` of a step."""
    surface = surface_of(shown[0].run)
    on_foot = len(shown) == 1
    sight = None if lifted else SIGHT * walk.usual_length(surface)
    whole = runs.message(shown, ghost=False, fog=sight, pick=on_foot)
    if not on_foot:
        whole["leaderboard"]["rates"] = ["by hand", *(plain(s.run.learning_rate) for s in shown[1:])]
    return whole if lifted else shrouded(whole, shown, length)


def shrouded(whole: dict[str, Any], shown: Sequence[Shown], length: float) -> dict[str, Any]:
    """The message without the landscape's name, formula, minima, lowest loss and scale of heights."""
    hand = shown[0].trajectory
    on_foot = len(shown) == 1
    left = walk.BUDGET - (len(hand.count) - 1)
    losses = [s.trajectory.loss for s in shown]
    figure = curve_figure(losses, [s.style for s in shown], "height (loss)", False)
    figure.layout.xaxis.range = [0, walk.BUDGET]
    board = whole["leaderboard"]
    says = [said(s.label, s.trajectory) for s in shown]
    if on_foot:
        says[0] += f" Steps left: {left}."
    return whole | {
        "ground": whole["ground"] | {"key": "fog " + whole["ground"]["key"], "map": _unscaled(whole["ground"]["map"])},
        "runs": [
            run | {"curve": single(loss), "distance": None, "ended": ended, "alt": ended}
            for run, loss, ended in zip(whole["runs"], losses, says, strict=True)
        ],
        "curve": figure_json(figure),
        "extra": whole["extra"]
        | {
            "minima": [],
            "arrows": arrows(shown[0].run)[:1] if on_foot else [],
            "reach": length if on_foot and left else None,
            "tag": f"slope {number(_slope(hand))}" if on_foot else None,
        },
        "inspector": _instruments(whole["inspector"], hand, left) if on_foot else None,
        "leaderboard": None if on_foot else board | {"titles": ["Walker", "Rate", "Height", "Steps"]},
        "alt": {
            "map": "Map in fog. " + " ".join(says),
            "scene": "Nothing can be seen through the fog.",
            "curve": "Height at each point stood on. " + " ".join(says),
        },
    }


def said(label: str, trajectory: Trajectory) -> str:
    """What is known at the end of a walk, in words."""
    steps = len(trajectory.count) - 1
    height, lowest = number(float(trajectory.loss[-1])), number(float(trajectory.loss.min()))
    return (
        f"{label}, after {steps} step{'' if steps == 1 else 's'}: at {point(trajectory.params[-1])}, height {height}, "
        f"slope {number(_slope(trajectory))}, lowest so far {lowest}."
    )


def _slope(trajectory: Trajectory) -> float:
    return float(np.linalg.norm(trajectory.grads[-1]))


def _instruments(inspector: dict[str, Any], hand: Trajectory, left: int) -> dict[str, Any]:
    lowest = np.minimum.accumulate(hand.loss)
    lines = [
        ("height (loss) here", "{loss}"),
        ("slope here", "{slope}"),
        ("lowest so far", "{lowest}"),
        ("steps left", f"{left} of {walk.BUDGET}"),
    ]
    columns = {name: inspector["columns"][name] for name in ("loss", "slope")} | {"lowest": lowest}
    return {"lines": lines, "columns": columns, "arrows": inspector["arrows"][:1]}


def _unscaled(figure: dict[str, Any]) -> dict[str, Any]:
    return figure | {"data": [trace | {"showscale": False} for trace in figure["data"]]}
