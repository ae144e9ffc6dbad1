"""A sweep too long for one answer of a page: done a slice at a time, it shows how far it is and keeps what it has."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from joblib import effective_n_jobs

from engine.parallel import SERIAL, WorkerDied, to_workers
from pages.parts import workers
from pages.parts.live import CORES

HANG = 4.0  # seconds without a result after which workers are taken for hung, or ten blocks' time if that is more


@dataclass(eq=False)
class SweepJob:
    """``function`` of each of ``blocks``: both pickle, a result is never None, a block takes less than a second.

    Keep it in the session's state, and call ``advance`` at each tick of a fragment.
    """

    function: Callable[[Any], Any]
    blocks: Sequence[Any]
    results: list[Any] = field(init=False)  # one for each block, None where it is not done
    running: bool = field(init=False)
    said: str = ""  # a sentence for the reader on workers that failed, or ""
    pace: float | None = None  # seconds a block takes
    failed: set[int] = field(default_factory=set)  # blocks that raised in this process: given up
    _places: list[str] = field(default_factory=workers.places, repr=False)  # those that have not failed
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
                    self._work(perf_counter() + seconds)
                finally:
                    CORES.release()
        finally:
            self._at_work.release()

    def _work(self, end: float) -> None:
        while self.running and (left := end - perf_counter()) > 0:
            todo = [i for i, result in enumerate(self.results) if result is None and i not in self.failed]
            if self.pace is None or self.pace * len(todo) < SERIAL or self._places[0] == workers.HERE:
                self._here(todo[0])
            else:
                self._spread(todo, left)
            if self.done + len(self.failed) == self.total:
                self.running = False

    def _here(self, index: int) -> None:
        begun = perf_counter()
        try:
            self.results[index] = self.function(self.blocks[index])
        except Exception:
            logging.getLogger(__name__).exception("Block %d of a sweep failed", index)
            self.failed.add(index)
            self.said = f"{len(self.failed)} of the sweep's {self.total} parts failed and are missing."
        self.pace = self.pace or perf_counter() - begun

    def _spread(self, todo: list[int], seconds: float) -> None:
        """What the workers do in about ``seconds``; where they fail, the rest is left for the next place."""
        pace = self.pace or seconds
        try:
            with workers.pool(self._places[0]) as said:
                begun = perf_counter()
                self.said = said or self.said
                count = effective_n_jobs(None)
                rounds = max(1, int(seconds / pace))
                wave = todo[: count * rounds]
                done = to_workers(self.function, [self.blocks[i] for i in wave], max(HANG, 10 * pace))
                for index, result in zip(wave, done, strict=True):
                    self.results[index] = result
            self.pace = (perf_counter() - begun) * count / max(count, len(wave))
        except Exception as fault:
            logging.getLogger(__name__).warning("Workers failed in a sweep", exc_info=fault)
            workers.failed(self._places[0])
            lost = isinstance(fault, (WorkerDied, TimeoutError))
            what = str(fault) if lost else "A part of the sweep failed in a worker."
            self._places.pop(0)
            more = "in this server's own process, more slowly" if self._places[0] == workers.HERE else "on this server"
            self.said = f"{what} What was computed is kept, and the rest is computed {more}."
