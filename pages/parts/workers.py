"""Where a page's sweep is computed: processes of this server, or a cluster that its environment names."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from joblib import parallel_config

from engine.parallel import to_workers

SCHEDULER = "DESCENT_LAB_SCHEDULER"  # the environment variable with a Dask scheduler's address; never from a page's URL
CLUSTER, PROCESSES, HERE = "cluster", "processes", "here"
WAIT = 3.0  # seconds for a scheduler to answer: with what follows, a page goes on within five
START = 30.0  # seconds for processes to start
REST = 60.0  # seconds before a cluster that failed is tried again
NO_CLUSTER = "The cluster does not answer, so this server computes the sweep itself."
# a class that asks for pages goes before a sweep
POLITE: dict[str, Any] = {"initializer": os.nice, "initargs": (5,)} if hasattr(os, "nice") else {}

_processes = threading.Lock()  # joblib has one set of processes, and a sweep that fails has them killed: one at a time


def places() -> list[str]:
    """Where a sweep may be computed, the best first; each may fail, but the last."""
    return [CLUSTER, PROCESSES, HERE] if os.environ.get(SCHEDULER) else [PROCESSES, HERE]


@contextmanager
def pool(place: str | None = None) -> Iterator[str]:
    """Blocks that ``engine.parallel`` is given inside go to workers; yields a sentence for the reader, or "".

    Without ``place`` to the first of ``places``. Where a cluster does not answer, processes of this server do the work;
    where these are busy with another reader's sweep, this process does.
    """
    place = place or places()[0]
    said = ""
    if place == CLUSTER:
        backend = _cluster.backend(os.environ[SCHEDULER])
        if backend is not None:
            with parallel_config(backend):
                yield ""
            return
        said = NO_CLUSTER
    jobs = os.cpu_count() or 1
    if place == HERE or jobs == 1 or not _processes.acquire(blocking=False):
        with parallel_config("loky", n_jobs=1):
            yield said
        return
    try:
        with parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1, **POLITE):
            # on a busy server processes take seconds to start, for which they are not to be taken for hung
            list(to_workers(abs, range(jobs), START))
            yield said
    finally:
        _processes.release()


def failed(place: str) -> None:
    """Workers failed there: leave a cluster in peace for a while."""
    if place == CLUSTER:
        _cluster.rest()


class _Cluster:
    """The server's one connection to the cluster, made when first needed."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.client: Any = None
        self.address = ""
        self.until = -REST

    def rest(self) -> None:
        """Not again for a while."""
        self.until = monotonic() + REST

    def backend(self, address: str) -> Any:
        """A joblib backend; None where the cluster does not answer, or did not a short while ago."""
        with self.lock:
            if address != self.address:
                self.address, self.client, self.until = address, None, -REST
            if monotonic() < self.until:
                return None
            try:
                from engine.cluster import Cluster, connect  # Dask is not on every server

                if self.client is None or self.client.status != "running" or not self.client.nthreads():
                    self.client = connect(address, WAIT)
                return Cluster(self.client)
            except (ImportError, OSError) as fault:
                logging.getLogger(__name__).warning("Sweeps are computed on this server: %s", fault)
                self.rest()
                return None


_cluster = _Cluster()
