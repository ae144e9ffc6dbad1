"""Training that goes on between two looks: a lane for each network, advanced by slices of time on the same batches."""

import os
import threading
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from time import monotonic, perf_counter
from typing import NamedTuple

import numpy as np

from engine import Array, limits
from engine.descent import Step
from engine.training import Evaluation, Learner, Training, evaluate, layer_norms, steps_per_epoch, train

CORES = threading.BoundedSemaphore(os.cpu_count() or 1)
"""Slices at work at once on this server: a class that trains together shares its cores and keeps its answers."""


@contextmanager
def slice_of(lock: threading.Lock, seconds: float) -> Iterator[bool]:
    """Whether a slice of the work that ``lock`` guards may begin, within ``seconds``.

    The server must have a core free, and a run of the page that the reader has since ended, with Stop or a slider, must
    have left the work: it goes on to the end of its slice in a thread of its own.
    """
    with ExitStack() as held:
        for gate in (lock, CORES):
            if not gate.acquire(timeout=seconds):
                yield False
                return
            held.callback(gate.release)
        yield True


class Sample(NamedTuple):
    """What was measured at one step; norms are by layer, (layers,), of all parameters and of the batch's gradient."""

    step: int
    evaluation: Evaluation
    weights: Array
    gradients: Array


@dataclass
class Lane:
    """One network in training: where it stands, and what was recorded on the way."""

    learner: Learner
    last: Step
    losses: "array[float]"  # of every step's batch
    samples: list[Sample] = field(default_factory=list)  # at the start, and at the end of each epoch
    diverged: int | None = None  # the step at which its weights ceased to be finite


@dataclass
class Live:
    """Up to four networks that start alike and see the same batches."""

    training: Training
    lanes: list[Lane]
    epochs: int  # where to stop
    running: bool = False
    changes: list[int] = field(default_factory=list)  # the steps at which a rate was changed
    steps: int = 0  # made in all, and in how many seconds of work
    seconds: float = 0.0
    touched: float = field(default_factory=monotonic)  # when a page last showed it
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def count(self) -> int:
        """The step that the furthest lane has reached; all that have not diverged stand there."""
        return max(int(lane.last.count) for lane in self.lanes)

    @property
    def last_count(self) -> int:
        """The step at which the chosen number of epochs is done, or the bound on steps."""
        return min(self.epochs * steps_per_epoch(self.training), int(limits.NETWORK_STEPS.high))

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train."""
        return self.count >= self.last_count or all(lane.diverged is not None for lane in self.lanes)


def begin(training: Training, learners: Sequence[Learner], epochs: int) -> Live:
    """Every lane at the common start, nothing trained yet. Raises ValueError where loss and data do not fit."""
    lanes = []
    for learner in learners:
        first = next(iter(train(training, learner, 0)))
        lane = Lane(learner, first, array("d", [float(first.loss)]))
        lane.diverged = 0 if np.isnan(first.updates).any() else None
        _record(training, lane)
        lanes.append(lane)
    return Live(training, lanes, epochs)


def retune(live: Live, learners: Sequence[Learner]) -> None:
    """Other hyper-parameters from here on, the optimizers' memories kept."""
    if [lane.learner for lane in live.lanes] == list(learners):
        return
    for lane, learner in zip(live.lanes, learners, strict=True):
        lane.learner = learner
    if live.count and live.count not in live.changes:
        live.changes.append(live.count)


def advance(live: Live, seconds: float, steps: int) -> None:
    """At most ``steps`` steps of every lane in about ``seconds`` of work; none where the server has no core free."""
    with slice_of(live.lock, seconds) as free:
        if not free:
            return
        begun = perf_counter()
        goal = min(live.count + steps, live.last_count)
        for _ in _together(live, goal):
            if perf_counter() - begun >= seconds:
                break
        live.seconds += perf_counter() - begun


def _together(live: Live, goal: int) -> Iterator[None]:
    """One step of every lane at a time, so that all are measured at the same counts, and can be left at any."""
    epoch = steps_per_epoch(live.training)
    going = {
        id(lane): (lane, train(live.training, lane.learner, goal - live.count, lane.last))
        for lane in live.lanes
        if lane.diverged is None
    }
    for _, stream in going.values():
        next(stream)  # the step gone on from
    while going and live.count < goal:
        for lane, stream in list(going.values()):
            lane.last = step = next(stream)
            lane.losses.append(float(step.loss))
            live.steps += 1
            if np.isnan(step.updates).any():
                lane.diverged = int(step.count)
                del going[id(lane)]
            if int(step.count) % epoch == 0 or lane.diverged is not None:
                _record(live.training, lane)
        yield


def _record(training: Training, lane: Lane) -> None:
    lane.samples.append(_measured(training, lane.last))


def _measured(training: Training, step: Step) -> Sample:
    weights, gradients = (layer_norms(training, vector) for vector in (step.params, step.grads))
    return Sample(int(step.count), evaluate(training, step.params), weights, gradients)


def here(training: Training, lane: Lane) -> Sample:
    """What is measured where ``lane`` stands, between two records too."""
    recorded = lane.samples[-1]
    return recorded if recorded.step == lane.last.count else _measured(training, lane.last)


def restarted(live: Live, seed: int | None = None) -> Live:
    """All back at the start, the same one unless ``seed`` says otherwise."""
    training = live.training if seed is None else replace(live.training, seed=seed)
    return begin(training, [lane.learner for lane in live.lanes], live.epochs)
