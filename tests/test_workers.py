"""Where a page's sweep is computed, and that it goes on wherever workers fail."""

import os
import signal
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from engine.parallel import to_workers
from pages.parts import sweep_job, workers
from pages.parts.live import CORES
from pages.parts.sweep_job import SweepJob
from tests.cluster import scheduler

SLICE = 0.25
LONG = 60.0  # seconds: a wait that only a fault makes so long
TICKS = 400  # more than any of these sweeps takes

pytestmark = pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two cores")


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """A server that has not yet looked for its cluster, if it has one."""
    monkeypatch.delenv(workers.SCHEDULER, raising=False)
    monkeypatch.setattr(workers, "_cluster", workers._Cluster())
    monkeypatch.setattr(sweep_job, "HANG", LONG)


def finish(job: SweepJob) -> list:
    for _ in range(TICKS):
        if not job.running:
            break
        job.advance(SLICE)
    assert not job.running
    return job.results


def place(n: int, seconds: float = 0.05) -> tuple[int, int]:
    time.sleep(seconds)
    return n, os.getpid()


def processes(results: list) -> set[int]:
    return {process for _, process in results}


def in_pool(count: int = 6) -> tuple[str, set[int]]:
    """The sentence, and the processes that did the work."""
    with workers.pool() as said:
        done = list(to_workers(place, range(count), LONG))
    assert [n for n, _ in done] == list(range(count))
    return said, processes(done)


def blas_threads(_: int) -> list[int]:
    return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]


# Where


def test_by_default_processes_of_this_server_with_one_blas_thread():
    said, used = in_pool()
    assert said == "" and os.getpid() not in used
    with workers.pool():
        assert all(set(threads) <= {1} for threads in to_workers(blas_threads, range(2), LONG))


def test_a_cluster_where_the_environment_names_one(cluster, monkeypatch):
    monkeypatch.setenv(workers.SCHEDULER, cluster.address)
    said, used = in_pool()
    assert said == "" and used <= set(cluster.client.run(os.getpid).values())


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "tcp://no-such-host.invalid:8786"])
def test_a_cluster_that_does_not_answer_is_said_and_replaced(address, monkeypatch, caplog):
    monkeypatch.setenv(workers.SCHEDULER, address)
    said, used = in_pool()
    assert said == workers.NO_CLUSTER and os.getpid() not in used
    assert address in caplog.text and address not in said
    monkeypatch.setattr("engine.cluster.connect", None)  # not asked again so soon
    assert in_pool()[0] == workers.NO_CLUSTER


def test_a_server_that_takes_calls_and_says_nothing_is_given_up(monkeypatch):
    import socket

    monkeypatch.setattr(workers, "WAIT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv(workers.SCHEDULER, f"tcp://127.0.0.1:{silent.getsockname()[1]}")
        assert in_pool()[0] == workers.NO_CLUSTER


def test_a_server_without_dask_says_so(monkeypatch):
    import sys

    monkeypatch.setenv(workers.SCHEDULER, "tcp://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "engine.cluster", None)
    assert in_pool()[0] == workers.NO_CLUSTER


def test_while_another_reader_s_sweep_has_the_processes_the_work_is_done_here():
    with workers.pool():
        done = {}
        other = threading.Thread(target=lambda: done.update(it=in_pool()))
        other.start()
        other.join()
        assert done["it"] == ("", {os.getpid()})
    assert os.getpid() not in in_pool()[1]


# A slice at a time


def test_a_job_gives_what_one_by_one_gives():
    job = SweepJob(place, range(40))
    results = finish(job)
    assert [n for n, _ in results] == list(range(40)) and job.said == ""
    assert len(processes(results)) >= 3  # this one for the first, two for most
    assert (job.done, job.total, job.share) == (40, 40, 1.0)


def test_short_work_stays_here():
    assert processes(finish(SweepJob(partial(place, seconds=0.001), range(40)))) == {os.getpid()}


def test_no_blocks_are_done_at_once():
    job = SweepJob(place, [])
    assert not job.running and job.share == 1.0


def test_it_can_be_stopped_and_keeps_what_it_has():
    job = SweepJob(place, range(1000))
    job.advance(SLICE)
    job.advance(SLICE)
    done = job.done
    assert 0 < done < 1000
    job.stop()
    job.advance(SLICE)
    assert job.done == done and not job.running
    assert [result[0] for result in job.results if result] == list(range(done))


def test_nothing_is_done_while_no_core_is_free():
    job = SweepJob(place, range(4))
    held = 0
    while CORES.acquire(blocking=False):
        held += 1
    try:
        job.advance(0.05)
        assert job.done == 0 and job.running
    finally:
        for _ in range(held):
            CORES.release()
    finish(job)


def test_a_job_at_work_is_not_begun_twice():
    entered, leave = threading.Event(), threading.Event()

    def slow(n: int) -> int:
        entered.set()
        leave.wait()
        return n

    job = SweepJob(slow, [7])
    other = threading.Thread(target=job.advance, args=(SLICE,))
    other.start()
    entered.wait()
    job.advance(SLICE)  # returns at once
    assert job.done == 0
    leave.set()
    other.join()
    assert job.results == [7]


# Faults


def dies(n: int, server: int) -> tuple[int, int]:
    if n == 7 and os.getpid() != server:
        os.kill(os.getpid(), signal.SIGKILL)
    return place(n)


def hangs(n: int, server: int) -> tuple[int, int]:
    if n == 7 and os.getpid() != server:
        time.sleep(60)
    return place(n)


def raises_there(n: int, server: int) -> tuple[int, int]:
    if n == 7 and os.getpid() != server:
        raise OSError("no such library on this worker")
    return place(n)


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (dies, "A worker ended before it gave its result: it was killed, or ran out of memory."),
        (hangs, "No worker gave a result within 1 seconds."),
        (raises_there, "A part of the sweep failed in a worker."),
    ],
)
def test_workers_that_fail_cost_a_sentence_and_no_result(function, what, monkeypatch):
    in_pool()  # they are there, and have read this file
    monkeypatch.setattr(sweep_job, "HANG", 1.0 if function is hangs else LONG)
    job = SweepJob(partial(function, server=os.getpid()), range(20))
    results = finish(job)
    assert [n for n, _ in results] == list(range(20))
    rest = "What was computed is kept, and the rest is computed in this server's own process, more slowly."
    assert job.said == f"{what} {rest}"
    monkeypatch.setattr(sweep_job, "HANG", LONG)
    after = SweepJob(place, range(30))
    assert len(processes(finish(after))) >= 3 and after.said == ""


def raises(n: int) -> tuple[int, int]:
    if n in (0, 7):
        raise ZeroDivisionError
    return place(n)


def test_a_part_that_fails_everywhere_is_left_out_and_said():
    job = SweepJob(raises, range(20))
    results = finish(job)
    assert [n for n, result in enumerate(results) if result is None] == [0, 7]
    assert job.said == "2 of the sweep's 20 parts failed and are missing."


def test_a_process_killed_from_outside_in_mid_sweep():
    job = SweepJob(place, range(80))
    while len(processes([r for r in job.results if r])) < 2:
        job.advance(SLICE)
    victim = next(p for p in processes([r for r in job.results if r]) if p != os.getpid())
    os.kill(victim, signal.SIGKILL)
    assert [n for n, _ in finish(job)] == list(range(80))


def test_a_cluster_that_is_lost_in_mid_sweep_is_replaced_by_processes(monkeypatch):
    with scheduler(workers=1) as own:
        monkeypatch.setenv(workers.SCHEDULER, own.address)
        there = set(own.client.run(os.getpid).values())
        job = SweepJob(place, range(40))
        while not there & processes([r for r in job.results if r]):
            job.advance(SLICE)
        before = list(job.results)
        own.scheduler.kill()
        results = finish(job)
        assert [n for n, _ in results] == list(range(40))
        assert all(new == old for new, old in zip(results, before, strict=True) if old)
        lost = "What was computed is kept, and the rest is computed on this server."
        assert job.said == workers.NO_CLUSTER or job.said.endswith(lost)  # noticed between two slices, or in one
        assert len(processes(results) - there - {os.getpid()}) >= 2
        after = SweepJob(place, range(30))
        assert [n for n, _ in finish(after)] == list(range(30)) and after.said == workers.NO_CLUSTER
        workers._cluster.client.close(timeout=1)


def matrix(seed: int) -> np.ndarray:
    time.sleep(0.05)
    a = np.random.default_rng(seed).standard_normal((60, 60)).astype(np.float32)
    return a @ a.T


def test_results_are_bit_equal_here_in_processes_and_on_a_cluster(cluster, monkeypatch):
    expected = [matrix(seed) for seed in range(20)]
    for address in (None, cluster.address):
        if address:
            monkeypatch.setenv(workers.SCHEDULER, address)
        for ours, theirs in zip(expected, finish(SweepJob(matrix, range(20))), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_no_address_comes_from_anywhere_but_the_environment():
    pages = Path(__file__).parents[1] / "pages"
    assert [p.name for p in pages.rglob("*.py") if "SCHEDULER" in p.read_text()] == ["workers.py"]


def test_clusters_get_the_version_that_the_tests_run_with():
    root = Path(__file__).parents[1]
    pinned = (root / "deploy" / "requirements-cluster.txt").read_text().splitlines()[-1]
    version = pinned.removeprefix("dask[distributed]==")
    lock = (root / "requirements-dev.lock").read_text()
    assert f"\ndask=={version} " in lock and f"\ndistributed=={version} " in lock


def test_a_page_s_thread_has_the_processes_too():
    done = {}
    page = threading.Thread(target=lambda: done.update(it=in_pool()))
    page.start()
    page.join()
    said, used = done["it"]
    assert said == "" and os.getpid() not in used
