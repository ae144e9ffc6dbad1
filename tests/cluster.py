"""A real Dask scheduler with two workers, processes of their own on loopback, for the tests."""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from distributed import Client
from joblib import parallel_config

from engine.cluster import Cluster

# what is killed here on purpose is told by threads of Dask's that may outlive pytest's capture
for name in ("distributed", "distributed.client"):
    logging.getLogger(name).setLevel(logging.CRITICAL)

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0  # seconds, on a busy machine


class Scheduler(NamedTuple):
    address: str
    scheduler: subprocess.Popen
    workers: list[subprocess.Popen]
    client: Client

    def context(self) -> AbstractContextManager[object]:
        """Where blocks go to this cluster."""
        return parallel_config(Cluster(self.client))


@contextmanager
def scheduler(workers: int = 2) -> Iterator[Scheduler]:
    """Started, with its workers there; all of it is gone afterwards."""
    processes: list[subprocess.Popen] = []
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | dict.fromkeys(Cluster.MAX_NUM_THREADS_VARS, "1")
    environment["DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES"] = "1"  # not 3: each waits for a worker to start anew

    def start(what: str, *flags: str) -> subprocess.Popen:
        command = [
            sys.executable,
            "-m",
            f"distributed.cli.dask_{what}",
            "--host",
            "127.0.0.1",
            "--no-dashboard",
            *flags,
        ]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        processes.append(process)
        return process

    with ExitStack() as stack:
        file = Path(stack.enter_context(TemporaryDirectory())) / "scheduler.json"
        stack.callback(_kill, processes)
        first = start("scheduler", "--port", "0", "--scheduler-file", str(file))
        for _ in range(workers):
            start("worker", "--nthreads", "1", "--scheduler-file", str(file))
        address = _address(file)
        client = _connected(address, workers)
        stack.callback(client.close, timeout=2)
        yield Scheduler(address, first, processes[1:], client)


def _kill(processes: list[subprocess.Popen]) -> None:
    for process in processes:
        process.kill()
        process.wait()


def _address(file: Path) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if file.exists():
            return json.loads(file.read_text())["address"]
        time.sleep(0.05)
    raise TimeoutError("the scheduler did not start")


def _connected(address: str, workers: int) -> Client:
    client = Client(address, timeout=PATIENCE, set_as_default=False)
    client.wait_for_workers(workers, timeout=PATIENCE)
    return client
