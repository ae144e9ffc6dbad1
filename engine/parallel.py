"""Blocks of work, one after the other or spread over processes or machines: whatever joblib backend the caller chose.

No backend is named here. Inside ``joblib.parallel_config("loky", n_jobs=2)`` blocks go to two processes, inside one for
a cluster to its machines, and without any to this process, one after the other; the results are the same to the last
bit, given one BLAS thread everywhere.
"""

import math
import multiprocessing
import warnings
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import BrokenExecutor
from time import perf_counter
from typing import TypeVar

from joblib import Parallel, delayed, effective_n_jobs

SERIAL = 0.5  # seconds of work: less than this is not worth starting workers for

Block = TypeVar("Block")
Result = TypeVar("Result")


class WorkerDied(RuntimeError):
    """A worker ended before it gave its result."""


def spread(
    function: Callable[[Block], Result], blocks: Iterable[Block], timeout: float | None = None
) -> Iterator[Result]:
    """Yield ``function(block)`` for each of ``blocks``, in their order, as they are done.

    The first is done and timed in this process, and so are the others while what is left would take less than half a
    second (if ``blocks`` has a length, else it is taken for much). The rest goes to the workers, as in ``to_workers``.
    """
    left: float = len(blocks) if isinstance(blocks, Sized) else math.inf
    todo = iter(blocks)
    seconds = 0.0
    for done, block in enumerate(todo, 1):
        begun = perf_counter()
        result = function(block)
        seconds += perf_counter() - begun
        yield result
        left -= 1
        if seconds / done * left > SERIAL:
            break
    yield from to_workers(function, todo, timeout)


def to_workers(
    function: Callable[[Block], Result], blocks: Iterable[Block], timeout: float | None = None
) -> Iterator[Result]:
    """Yield ``function(block)`` for each of ``blocks``, in their order, from the workers that the caller configured.

    To be iterated where that backend is configured; a few blocks a worker are under way at a time. ``function``, blocks
    and results must pickle. What a block raises is raised here. Raises WorkerDied where a worker was killed, and
    TimeoutError where the next result is not there after ``timeout`` seconds; hung processes of this machine are killed
    then. After any of these, and where the caller leaves early, the next call finds working workers.
    """
    results = None
    try:
        if effective_n_jobs(None) == 1:  # no workers: joblib would only warn that nothing ends a hang
            yield from map(function, blocks)
            return
        results = Parallel(return_as="generator", timeout=timeout)(delayed(function)(block) for block in blocks)
        for result in results:  # noqa: UP028  # `yield from` would close it before the handler below
            yield result
    except BrokenExecutor as fault:
        raise WorkerDied("A worker ended before it gave its result: it was killed, or ran out of memory.") from fault
    except multiprocessing.TimeoutError as fault:  # not the built-in one, which may be the block's own
        raise TimeoutError(f"No worker gave a result within {timeout:g} seconds.") from fault
    except GeneratorExit:
        if results is not None:
            with warnings.catch_warnings(action="ignore"):  # joblib's, that not all was used
                results.close()
        raise
