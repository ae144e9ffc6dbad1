"""What is said of basins: the table of shares, what counts as arriving, and what a landscape has of its own."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from engine import Array
from engine.basins import STAY, Basins, border_dimension, reach, uncertainty
from engine.descent import REST, SLOPE
from pages.parts.basin_controls import Study
from pages.parts.basin_maps import BLANK
from pages.parts.basin_picture import HUES, fates, many, percent, rate_text
from pages.parts.runs import Shown
from pages.parts.words import number

NEIGHBOURS, DIMENSION = "Share whose neighbour ends elsewhere", "Dimension of the border"


def notes(study: Study) -> list[str]:
    """A sentence for a landscape whose minima are not points that runs come to rest at."""
    surface, said = study.surface, []
    if not len(surface.minima):
        said.append(
            f"{surface.label} has no minimum in this view, so no start can arrive. The maps show which starts diverge, "
            "and after how many steps; the others are still moving or rest on flat ground."
        )
    if surface.distance_to_curve is not None:
        said.append(
            "The minima here form a curve of two branches, every point of which is as low as the others. A colour is a "
            "branch, called after one of its points; where on it a run comes to rest, the map does not say."
        )
    if many(surface):
        said.append(
            f"{len(surface.minima)} minima are more than {len(HUES)} colours. The lowest has a colour of its own; the "
            "others share the rest, so that neighbours differ. Point at the map to read which minimum it is."
        )
    if not surface.bounded:
        said.append("Outside the view the loss falls without end: starts that get there never arrive.")
    with np.errstate(all="ignore"):
        bends = surface.hessian(surface.minima) if len(surface.minima) else np.zeros((0, 2, 2))
    if len(bends) and not np.isfinite(bends[0]).all():
        said.append(
            "The lowest minimum is the tip of a cone: the slope does not shrink on the way to it, but jumps there. At "
            "a constant rate no run comes to rest at the tip; those that keep bouncing inside its circle have arrived."
        )
    return said


def table(study: Study, shown: Sequence[Shown], maps: Sequence[Basins]) -> None:
    """Shares and steps: a column for each map."""
    told = fates(study.surface, maps)
    arrived = [found.steps[found.labels >= 0] for found in maps]
    rows = [("Rate", [rate_text(one.run) for one in shown])]
    rows += [(name, [percent(row[index]) for row in told.shares]) for index, name in enumerate(told.names)]
    rows += [
        (f"Steps, {name}", [f"{np.percentile(steps, part):.0f}" if steps.size else "–" for steps in arrived])
        for name, part in (("median", 50), ("98 % need at most", 98))
    ]
    whole = [found.labels if (found.labels != BLANK).all() else None for found in maps]
    rows.append((NEIGHBOURS, ["–" if labels is None else percent(uncertainty(labels)[0]) for labels in whole]))
    rows.append((DIMENSION, ["–" if labels is None else _dimension(labels) for labels in whole]))
    labels = [one.label for one in shown]
    table = [{"Map": name[0].upper() + name[1:]} | dict(zip(labels, cells, strict=True)) for name, cells in rows]
    st.table(table, hide_index=True)


def _dimension(labels: Array) -> str:
    dimension = border_dimension(labels)
    return "–" if np.isnan(dimension) else f"{dimension:.2f}"


def border() -> None:
    """What the last two rows of the table measure."""
    st.markdown(
        "Go one pixel to the right or up from a start: in the share of cases that the table gives, the neighbour has "
        "another fate. Go twice as far. If twice as many differ, the border is a plain line, of **dimension 1**; if no "
        "more differ than before, border is everywhere, **dimension 2**; in between it is a **fractal**. Then a better "
        "known start helps little: at dimension 1.5 you must know it a hundred times better to err a tenth as often."
    )
    st.markdown(
        "Measured over 1, 2, 4 and 8 pixels of each map, so it is an estimate, and of this part of the view. Method: "
        "McDonald, Grebogi, Ott and Yorke, *Fractal basin boundaries*, 1985."
    )


def counted(study: Study) -> None:
    """What counts, in full."""
    steps = study.runs[0].steps
    side = number(reach(study.surface))
    st.markdown(
        f"Every pixel is a start: {steps} steps are made from it, alone. It has **arrived** at a minimum when its run "
        f"enters the circle of radius {side} round it and stays there to the last step, for {min(STAY, steps)} steps "
        "at least unless it rests. Its count is the step at which it entered for good. A circle, not the point itself, "
        "because at a constant rate some optimizers, Adam and Lion among them, go on circling a minimum at about the "
        "length of their steps."
    )
    st.markdown(
        "- **diverged**: a loss or a slope that is no finite number any more, or a loss far beyond the first one\n"
        f"- **rests elsewhere**: no slope above {number(SLOPE)} and no step above {number(REST)}, but at no minimum of "
        "the view: a saddle, a plateau, a minimum outside\n"
        f"- **still moving**: none of these after {steps} steps; more steps or another rate may tell"
    )
