"""Deep networks in training, a slice at a time: it shows how far it is, can be stopped, and keeps what it has."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from engine.depth import Progress, training
from pages.parts.live import slice_of
from pages.parts.variants import Variant


@dataclass(frozen=True)
class Settings:
    """How all networks are trained."""

    optimizer: str
    learning_rate: float
    steps: int
    batch_size: int
    seed: int


@dataclass
class DepthTraining:
    """Networks that are trained side by side, step by step, and what was measured so far."""

    variants: list[Variant]
    settings: Settings
    progress: list[list[Progress]]
    streams: list[Iterator[Progress]] = field(repr=False)
    running: bool = True
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def step(self) -> int:
        """How far the furthest is."""
        return max((run[-1].step for run in self.progress if run), default=0)

    def serves(self, variants: Sequence[Variant], settings: Settings) -> bool:
        """Whether this is the training of these networks in this way."""
        return [v.deep for v in variants] == [v.deep for v in self.variants] and settings == self.settings


def begin(variants: list[Variant], settings: Settings) -> DepthTraining:
    """Nothing trained yet."""
    how = (settings.optimizer, settings.learning_rate, settings.steps, settings.batch_size)
    streams = [training(variant.deep, *how, first=settings.seed) for variant in variants]
    return DepthTraining(variants, settings, [[] for _ in variants], streams)


def advance(live: DepthTraining, seconds: float) -> None:
    """Go on with all networks in turn for about so long; ``running`` ends with the last of them."""
    with slice_of(live.lock, seconds) as free:
        if not free:
            return
        begun = perf_counter()
        while live.running and perf_counter() - begun < seconds:
            ended = 0
            for run, stream in zip(live.progress, live.streams, strict=True):
                latest = next(stream, None)
                if latest is None:
                    ended += 1
                else:
                    run.append(latest)
            if ended == len(live.streams):  # and never True: a Stop may have come in the meantime
                live.running = False


def last_finite(run: Sequence[Progress]) -> Progress:
    """The last measurement at which some seed had not diverged; at worst the last of all."""
    return next((each for each in reversed(run) if np.isfinite(each.losses).any()), run[-1])
