"""Maps of basins as a page has them: computed a slice of time at a time, kept for all who ask for the same."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import streamlit as st

from engine.basins import Basins, band, join
from engine.experiment import Run
from engine.surface import View
from pages.parts.basin_controls import SIZE, Study
from pages.parts.sweep_job import SweepJob

TASK = "basins_task"
KEPT = 96  # maps of 240 kB, for all sessions of the server
BAND = 40  # rows that are computed together
BLANK = -5  # the label of a start that has not been computed


class Key(NamedTuple):
    """A map: this run from every start in this box."""

    run: Run
    box: View


@dataclass
class Known:
    """The maps that were asked for last."""

    maps: "OrderedDict[Key, Basins]" = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Key) -> Basins | None:
        """A map, if it is known."""
        with self.lock:
            if key in self.maps:
                self.maps.move_to_end(key)
            return self.maps.get(key)

    def put(self, key: Key, found: Basins) -> None:
        """Keep a map, and forget the one that nobody asked for longest."""
        for array in found:
            array.flags.writeable = False
        with self.lock:
            self.maps[key] = found
            while len(self.maps) > KEPT:
                self.maps.popitem(last=False)


@st.cache_resource(show_spinner=False)
def _known() -> Known:
    return Known()


@dataclass
class Task:
    """The maps that one page shows now: the finished ones, and a job for the others."""

    keys: tuple[Key, ...]
    maps: list[Basins | None]
    job: SweepJob
    older: "list[tuple[Key, Basins] | None]"  # what stood in each place before, until the new map is there

    @property
    def finished(self) -> int:
        """How many maps are whole."""
        return sum(found is not None for found in self.maps)

    def advance(self, seconds: float) -> None:
        """Work for about so long, and collect what is whole."""
        self.job.advance(seconds)
        for index, key in enumerate(self.keys):
            bands = self._bands(key)
            whole = [rows for rows in bands if rows is not None]
            if self.maps[index] is None and len(whole) == len(bands):
                self.maps[index] = found = _without_ends(join(whole))
                _known().put(key, found)

    def part(self, index: int) -> Basins:
        """A map as far as it has been computed."""
        found = self.maps[index]
        if found is not None:
            return found
        blank = Basins(
            np.full((BAND, SIZE[1]), BLANK, np.int16), np.zeros((BAND, SIZE[1]), np.int32), np.zeros((BAND, 0, 2))
        )
        return join([_without_ends(rows) if rows else blank for rows in self._bands(self.keys[index])])

    def _bands(self, key: Key) -> list[Basins | None]:
        pairs = zip(self.job.blocks, self.job.results, strict=True)
        return [result for block, result in pairs if block[:2] == key]


def _without_ends(found: Basins) -> Basins:
    """Labels and steps alone, which is all that is drawn."""
    return found._replace(ends=np.zeros((len(found.labels), 0, 2)))


def task(study: Study, seconds: float) -> Task:
    """This session's task: the one it is at, or a new one that begins with every map that anybody has computed, and
    with so many seconds of work.
    """
    keys = tuple(Key(run, study.box) for run in study.runs)
    current: Task | None = st.session_state.get(TASK)
    if current is not None and current.keys == keys:
        return current
    maps = [_known().get(key) for key in keys]
    wanted = dict.fromkeys(key for key, found in zip(keys, maps, strict=True) if found is None)
    rows = [(first, first + BAND) for first in range(0, SIZE[0], BAND)]
    job = SweepJob(band, [(*key, SIZE, each) for key in wanted for each in rows])
    older: list[tuple[Key, Basins] | None] = [None] * len(keys)
    if current is not None:
        current.job.stop()
        for index, key in enumerate(current.keys[: len(keys)]):
            if key.run.surface_parameters == study.runs[index].surface_parameters and (
                key.run.surface == study.runs[index].surface
            ):
                found, before = current.maps[index], current.older[index]
                older[index] = (key, found) if found is not None else before
    st.session_state[TASK] = new = Task(keys, maps, job, older)
    new.advance(seconds)
    return new


def go_on(current: Task) -> None:
    """Take up a task that was stopped, and try what failed again."""
    current.job.failed.clear()
    current.job.running = True
