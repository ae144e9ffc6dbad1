"""Blocks of work, one after the other or spread over processes or machines: whatever joblib backend the caller chose.

No backend is named here. Inside ``joblib.parallel_config("loky", n_jobs=2)`` blocks go to two processes, inside one for
Dask to a cluster, and without any to this process, one after the other; the results are the same to the last bit.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from joblib import Parallel, delayed

Block = TypeVar("Block")
Result = TypeVar("Result")


def spread(
    function: Callable[[Block], Result], blocks: Iterable[Block], timeout: float | None = None
) -> Iterator[Result]:
    """Yield ``function(block)`` for each of ``blocks``, in their order, as they are done.

    ``function`` and blocks must pickle. What a block raises is raised here; so is the death of a worker, and, after
    ``timeout`` seconds without a result, TimeoutError.
    """
    yield from Parallel(return_as="generator", timeout=timeout)(delayed(function)(block) for block in blocks)
