"""A Dask cluster as a place for blocks of work: a joblib backend for callers of ``engine.parallel`` to choose.

joblib's own waits for ever for a result whose worker was killed, and leaves what it gave up waiting in the queue.
"""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from distributed import Client, Future, KilledWorker
from distributed.comm import connect as dial
from joblib.parallel import ParallelBackendBase

TRANSFER = 10  # seconds for results to come over the network
LOST = (OSError, CancelledError, asyncio.CancelledError)  # what a call ends with as the scheduler goes
PORT = 8786  # Dask's own, where an address names none


def connect(address: str, seconds: float) -> Client:
    """The cluster whose scheduler answers at ``address``, "tcp://host:port" or "tls://host:port".

    Raises OSError where none answers within about ``seconds``, where it has no workers, and for what is no address.
    """
    try:
        place = urlsplit(address if "://" in address else f"tcp://{address}")
        # Dask tries a closed port again and again, and its client waits for ever where one takes calls but says nothing
        with socket.create_connection((place.hostname, place.port or PORT), seconds):
            pass
        asyncio.run(asyncio.wait_for(_greet(address), seconds))
        client = Client(address, timeout=seconds, set_as_default=False)
    except Exception as fault:  # what answers may be anything
        raise OSError(f"No Dask scheduler answers at {address}.") from fault
    if not client.nthreads():
        client.close()
        raise OSError(f"The Dask scheduler at {address} has no workers.")
    return client


async def _greet(address: str) -> None:
    await (await dial(address)).close()


class Cluster(ParallelBackendBase):  # type: ignore[misc]  # joblib has no types
    """``joblib.parallel_config(Cluster(client))`` sends blocks to the workers of ``client``."""

    supports_retrieve_callback = True  # and with it timeouts

    def __init__(self, client: Client, **settings: Any) -> None:
        super().__init__(**settings)
        self.client = client
        self.futures: set[Future] = set()

    def effective_n_jobs(self, n_jobs: int) -> int:
        """All threads of all workers, whatever was asked for; two at least, as one means no workers to joblib."""
        if self.client.status != "running":  # to ask would be to wait for it to come back
            raise BrokenExecutor("The scheduler is gone.")
        try:
            return max(2, int(sum(self.client.nthreads().values())))
        except LOST as fault:
            raise BrokenExecutor(str(fault)) from fault

    def submit(self, func: Callable[[], Any], callback: Callable[[Any], None]) -> Future:
        """Send one batch of blocks; ``callback`` hears of its end, good or bad."""
        future = self.client.submit(func, pure=False)
        self.futures.add(future)
        future.add_done_callback(lambda done: callback(self._outcome(done)))
        return future

    def _outcome(self, future: Future) -> Any:
        """The results of a batch that has ended, or its error: fetched before joblib takes its lock."""
        self.futures.discard(future)
        try:
            return future.result(timeout=TRANSFER)
        except KilledWorker as fault:
            return BrokenExecutor(str(fault))
        except (Exception, asyncio.CancelledError) as fault:
            # the block's own, or that it can't be fetched any more
            return fault if future.status == "error" else BrokenExecutor(str(fault))

    def retrieve_result_callback(self, outcome: Any) -> Any:
        """The results, or their error raised."""
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Take back what has not begun; a block at work on a cluster can't be stopped.

        Nor is it cancelled: a worker that hangs must go on counting as busy, or the next blocks are sent to wait behind
        what hangs.
        """
        if self.client.status != "running":  # the scheduler is gone, and all with it
            return
        with suppress(*LOST):
            begun = {key for keys in self.client.processing().values() for key in keys}
            self.client.cancel([future for future in self.futures if future.key not in begun], force=True)
        self.futures.clear()
