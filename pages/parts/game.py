"""The game in the fog: all of it lives in the link, and each button writes it there."""

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from engine import limits
from engine.surfaces import Surface
from pages.parts import controls, link, stage, walk

STAGE = "fog_stage"
LAST = "fog_game"
PHASES = ("walk", "descent", "lifted")
"""How far a game has come: on foot, gradient descent has been over the same ground, the fog is gone."""

RULES: dict[str, link.Rule] = {
    "landscape": link.Number(1, len(walk.LANDSCAPES), integer=True),
    "phase": link.Choice({phase: phase for phase in PHASES}),
    "length": link.Number(*limits.STEP_LENGTH),
}


class Game(NamedTuple):
    """Where a game stands: its landscape, by number and by name, the points stood on, the start first, the phase."""

    landscape: int
    name: str
    surface: Surface
    points: tuple[walk.Point, ...]
    phase: str

    @property
    def taken(self) -> int:
        """Steps taken."""
        return len(self.points) - 1


def current() -> Game:
    """The game in the link; whatever is wrong there counts as not given."""
    landscape = int(_read(RULES["landscape"], "landscape") or 1)
    name, surface = walk.landscape(landscape)
    after = _read(walk.Walk(surface.domain), "walk")
    points = (_start(surface), *((after and walk.parse(after)) or ()))
    phase = _read(RULES["phase"], "phase") or "walk"
    return Game(landscape, name, surface, points, phase if len(points) > 1 else "walk")


def _repair() -> None:
    """Mend the link; what a walk may be depends on its landscape."""
    link.repair(RULES | {"walk": walk.Walk(current().surface.domain)})


def _start(surface: Surface) -> walk.Point:
    x, y = surface.start.tolist()
    return x, y


def _read(rule: link.Rule, key: str) -> str | None:
    text = st.query_params.get(key)
    return None if text is None else rule.read(text)[0]


def shown() -> Game:
    """The game in the link, mended, which is the one that the buttons go on from."""
    _repair()
    game = current()
    st.session_state[LAST] = game
    return game


def _last() -> Game:
    """What the page shows. The link that comes with a click may be older, where the clicks are quick."""
    return st.session_state.get(LAST) or current()


def _write(game: Game) -> None:
    st.session_state[LAST] = game
    # all at once, so that the browser's Back undoes it at once; an empty list leaves a parameter out of the link
    st.query_params.update(
        landscape=str(game.landscape) if game.landscape > 1 else [],
        walk=walk.spell(game.points[1:]) if game.taken else [],
        phase=game.phase if game.phase != "walk" else [],
    )


def undo() -> None:
    """Back by one step."""
    game = _last()
    if game.taken:
        _write(game._replace(points=game.points[:-1], phase="walk"))


def begin_again() -> None:
    """The same landscape, from its start."""
    game = _last()
    _write(game._replace(points=game.points[:1], phase="walk"))


def turn_to(phase: str) -> None:
    """On to the next part of the game."""
    _write(_last()._replace(phase=phase))


def another_landscape() -> None:
    """The next landscape, with a step that suits it."""
    following = _last().landscape % len(walk.LANDSCAPES) + 1
    name, surface = walk.landscape(following)
    _write(Game(following, name, surface, (_start(surface),), "walk"))
    controls.set_values({"length": walk.usual_length(surface)})


def step_towards(direction: Sequence[float]) -> None:
    """One step of the chosen length."""
    game = _last()
    if game.phase != "walk" or game.taken >= walk.BUDGET:
        return
    if not any(direction):
        st.toast("The ground is level here: no direction leads downhill.")
        return
    length = st.session_state.get("length", walk.usual_length(game.surface))
    there = walk.step(game.surface, game.points[-1], direction, length)
    if there is None:
        st.toast("Here is the edge of the map: that way leads no further.")
    else:
        _write(game._replace(points=(*game.points, there)))


def step_downhill() -> None:
    """One step against the slope."""
    game = _last()
    step_towards(walk.downhill(game.surface, game.points[-1]).tolist())


def step_to_click() -> None:
    """A click on the map names a direction, not a place."""
    towards = stage.triggered(STAGE, "start", "x", "y")
    if towards:
        x, y = _last().points[-1]
        step_towards((towards[0] - x, towards[1] - y))
