"""A sweep too long for one answer of a page: done a slice at a time, it shows how far it is and keeps what it has."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from engine.parallel import spread
from pages.parts import workers
from pages.parts.live import CORES

WORTH_SPREADING = 0.5  # seconds of work left below which processes cost more than they save


@dataclass(eq=False)
class SweepJob:
    """``function`` of each of ``blocks``: both must pickle, and a block should take less than a second.

    Keep it in the session's state, and call ``advance`` at each tick of a fragment.
    """

    function: Callable[[Any], Any]
    blocks: Sequence[Any]
    results: list[Any] = field(init=False)  # one for each block, None where it is not done
    running: bool = True
    said: str = ""  # a sentence for the reader on workers that failed, or ""
    pace: float | None = None  # seconds a block takes in this process
    _at_work: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        self.results = [None] * len(self.blocks)
        self.running = bool(self.blocks)

    @property
    def total(self) -> int:
        """How many blocks there are."""
        return len(self.blocks)

    @property
    def done(self) -> int:
        """How many of them are done."""
        return sum(result is not None for result in self.results)

    @property
    def share(self) -> float:
        """``done`` of ``total``, from 0 to 1."""
        return self.done / self.total if self.total else 1.0

    def stop(self) -> None:
        """No more; what is done stays."""
        self.running = False

    def advance(self, seconds: float) -> None:
        """Do as many blocks as fit in about ``seconds``, at least one; none where the server has no core free."""
        # a page that was left while it worked may still be at it, in a thread of its own
        if not self.running or not self._at_work.acquire(blocking=False):
            return
        try:
            if CORES.acquire(timeout=seconds):
                try:
                    self._work(seconds)
                finally:
                    CORES.release()
        finally:
            self._at_work.release()

    def _work(self, seconds: float) -> None:
        begun = perf_counter()
        while self.running and (left := seconds - (perf_counter() - begun)) > 0:
            todo = [index for index, result in enumerate(self.results) if result is None]
            if self.pace is None or self.pace * len(todo) < WORTH_SPREADING:
                self.results[todo[0]] = self.function(self.blocks[todo[0]])
                self.pace = self.pace or perf_counter() - begun
            else:
                wave = todo[: workers.CORES * max(1, int(left / self.pace))]
                with workers.pool() as self.said:
                    done = spread(self.function, [self.blocks[index] for index in wave])
                    for index, result in zip(wave, done, strict=True):
                        self.results[index] = result
            if self.done == self.total:
                self.running = False
