"""The picture of basins: a colour for each minimum, the maps' bytes, and the paths of one start, as one message."""

import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from engine import Array
from engine.basins import DIVERGED, ELSEWHERE, MOVING, UNDEFINED, Basins, settle
from engine.experiment import Run, start_of
from engine.surface import View
from engine.surfaces import Surface
from pages.parts import runs
from pages.parts.basin_controls import Study
from pages.parts.basin_maps import BLANK, Key, Task
from pages.parts.runs import Shown
from pages.parts.words import number, plain, point

# Okabe and Ito's hues for what arrives; greys for what does not
HUES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#F0E442", "#8C6BB1")
LETTERS = "ABCDEFGH"
FATES = {
    DIVERGED: ("diverged", "#F4F4F4"),
    ELSEWHERE: ("rests elsewhere", "#8A8A8A"),
    MOVING: ("still moving", "#333333"),
    UNDEFINED: ("no finite loss", "#00000000"),
}


class Shares(NamedTuple):
    """What became of the starts of a map: (name, share) for each fate that some start of some map has."""

    names: list[str]
    shares: list[list[float]]  # by map, in the names' order


def colours(minima: Array) -> list[str]:
    """A hue for each minimum. More minima than hues: the first, which is a lowest, has its own, and each of the others
    the hue whose nearest bearer so far is farthest from it, so that neighbours differ.
    """
    if len(minima) <= len(HUES):
        return list(HUES[: len(minima)])
    chosen = [0]
    for index in range(1, len(minima)):
        away = np.hypot(*(minima[:index] - minima[index]).T)
        taken = np.array(chosen)
        nearest = [away[taken == hue].min(initial=np.inf) for hue in range(1, len(HUES))]
        chosen.append(1 + int(np.argmax(nearest)))
    return [HUES[hue] for hue in chosen]


def many(surface: Surface) -> bool:
    """Whether there are more minima than hues, so that they can't be told one by one."""
    return len(surface.minima) > len(HUES)


def minimum_name(surface: Surface, index: int) -> str:
    """A minimum as it is called in words and in the legend."""
    at = point(surface.minima[index])
    return at if many(surface) else f"{LETTERS[index]} {at}"


def fates(surface: Surface, maps: Sequence[Basins]) -> Shares:
    """The shares of the starts that were computed: of each minimum, or of the lowest and all others; and the rest."""
    groups: list[tuple[str, Array]] = []
    count = len(surface.minima)
    if many(surface):
        groups = [(f"lowest minimum {point(surface.minima[0])}", np.array([0])),
                  (f"one of {count - 1} other minima", np.arange(1, count))]  # fmt: skip
    else:
        groups = [(minimum_name(surface, index), np.array([index])) for index in range(count)]
    groups += [(name, np.array([code])) for code, (name, _) in FATES.items()]
    done = [found.labels[found.labels != BLANK] for found in maps]
    rows = [[float(np.isin(labels, codes).mean()) if labels.size else np.nan for _, codes in groups] for labels in done]
    met = [any(row[column] > 0 for row in rows) for column in range(len(groups))]
    kept = [column for column in range(len(groups)) if met[column] or (column < count and not many(surface))]
    return Shares([groups[column][0] for column in kept], [[row[column] for column in kept] for row in rows])


def percent(share: float) -> str:
    """A share of the starts; never 0 % or 100 % where that is not so.

    >>> percent(0.25), percent(0.00003), percent(1.0), percent(0.9999), percent(0.0)
    ('25.0 %', '0.003 %', '100 %', '99.99 %', '0 %')
    """
    if share in (0.0, 1.0) or np.isnan(share):
        return "–" if np.isnan(share) else f"{share:.0%}".replace("%", " %")
    for digits in (1, 2, 3):
        text = f"{100 * share:.{digits}f}"
        if 0 < float(text) < 100:
            break
    return f"{text} %"


def rate_text(run: Run) -> str:
    """A run's rate as a reader would type it."""
    return plain(float(f"{run.learning_rate:.4g}"))


def shade_range(maps: Sequence[Basins]) -> tuple[int, int]:
    """Steps at the ends of the shading, common to all maps: 2nd and 98th percentile of the starts that arrived, or of
    those that diverged where none arrived.
    """
    labels, steps = (np.concatenate([found[field].ravel() for found in maps]) for field in (0, 1))
    steps = steps[labels >= 0] if (labels >= 0).any() else steps[labels == DIVERGED]
    if not steps.size:
        return 0, 1
    low, high = (int(value) for value in np.percentile(steps, (2, 98)))
    return low, max(high, low + 1)


def squeezed(found: Basins) -> Array:
    """A map as zlib's bytes: labels, one byte each, negative ones from 255 down, then the steps' low and high bytes."""
    steps = found.steps.astype("<u2").ravel().view(np.uint8).reshape(-1, 2)
    raw = found.labels.astype(np.uint8).tobytes() + steps[:, 0].tobytes() + steps[:, 1].tobytes()
    return np.frombuffer(zlib.compress(raw, 6), np.uint8)


def message(study: Study, task: Task, shown: Sequence[Shown], playhead: int | None) -> dict[str, Any]:
    """What the component draws: maps, the paths of the chosen start over them, and the words beside them."""
    surface = study.surface
    drawn = [_drawn(task, index) for index in range(len(study.runs))]
    waiting = [task.job.running and found is None for found in task.maps]
    hues = colours(surface.minima)
    low, high = shade_range([found for _, found, _ in drawn])
    named = not many(surface)
    legend = [{"name": minimum_name(surface, i), "colour": hues[i], "ramp": True}
              for i in range(len(hues) if named else 1)]  # fmt: skip
    if not named:
        legend.append({"name": f"{len(hues) - 1} other minima", "colours": list(HUES[1:]), "ramp": True})
    present = np.unique(np.concatenate([found.labels.ravel() for _, found, _ in drawn]))
    legend += [{"name": name, "colour": colour, "ramp": code == DIVERGED}
               for code, (name, colour) in FATES.items() if code in present]  # fmt: skip
    (x0, x1), (y0, y1) = surface.domain
    return {
        "maps": [
            _map(each, one, surface) | {"waiting": wait} for each, one, wait in zip(drawn, shown, waiting, strict=True)
        ],
        "size": list(drawn[0][1].labels.shape),
        "minima": surface.minima.tolist(),
        "letters": list(LETTERS[: len(hues)]) if named else [],
        "names": [minimum_name(surface, index) for index in range(len(hues))],
        "hues": hues,
        "fates": {str(code % 256): {"name": name, "colour": colour} for code, (name, colour) in FATES.items()},
        "legend": legend,
        "shade": [low, high],
        "start": list(study.start),
        "view": [[x0, x1], [y0, y1]],
        "whole": not study.zoomed,
        "overview": _overview(study) if study.zoomed else None,
        "playhead": playhead,
    }


def _drawn(task: Task, index: int) -> tuple[Key, Basins, bool]:
    """The map in a place, whole or as far as it is; while it is at work the one that stood there before (stale)."""
    older = task.older[index]
    if task.job.running and task.maps[index] is None and older is not None:
        return (*older, True)
    return task.keys[index], task.part(index), False


def _map(drawn: tuple[Key, Basins, bool], one: Shown, surface: Surface) -> dict[str, Any]:
    key, found, stale = drawn
    x, y = one.trajectory.params.T
    rate = rate_text(key.run)
    return {
        "label": one.label,
        "rate": rate,
        "box": [list(side) for side in key.box],
        "bytes": squeezed(found),
        "stale": stale,
        "colour": one.style.colour,
        "dash": list(one.style.dash),
        "marker": one.style.marker,
        "width": 2.0,
        "x": x,
        "y": y,
        "ended": f"{one.ending} On the map: {_told(one.run, surface)}.",
        "alt": alternative(one.label, rate, key.box, surface, found),
    }


def _told(run: Run, surface: Surface) -> str:
    """What the pixel says of the chosen start."""
    label, steps = _fate(run)
    return f"{minimum_name(surface, label)} at step {steps}" if label >= 0 else FATES[label][0]


@st.cache_data(max_entries=512, show_spinner=False)
def _fate(run: Run) -> tuple[int, int]:
    found = settle(run, start_of(run)[None])
    return int(found.labels[0]), int(found.steps[0])


def alternative(label: str, rate: str, box: View, surface: Surface, found: Basins) -> str:
    """A map in words."""
    told = fates(surface, [found])
    parts = [f"{name}: {percent(share)}" for name, share in zip(told.names, told.shares[0], strict=True)]
    where = ", ".join(f"{axis} {number(a, 6)} to {number(b, 6)}" for axis, (a, b) in zip("xy", box, strict=True))
    return f"Basins of {label} at rate {rate} on {surface.label}, {where}. Shares of the starts: {'; '.join(parts)}."


def _overview(study: Study) -> dict[str, Any]:
    """The whole landscape in few bytes, for the paths that leave a part of it."""
    ground = runs.ground_of(study.runs[0])
    scaled = np.clip((ground.heights - ground.low) / (ground.high - ground.low or 1.0), 0, 1)
    heights = np.where(np.isfinite(scaled), np.round(1 + 254 * np.nan_to_num(scaled)), 0).astype(np.uint8)
    return {
        "heights": heights,
        "alt": f"{study.surface.label}, the whole view, with a box round the part of the maps and the paths on it.",
    }
