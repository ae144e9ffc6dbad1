"""Blocks over serial, threads, processes and a real Dask cluster: the same to the last bit, and faults that surface."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config

from engine.networks import mlp
from engine.parallel import WorkerDied, spread, to_workers
from engine.sweep_plan import Grid, Plan, columns
from tests.cluster import scheduler

LONG = 60.0  # seconds: a wait that only a fault makes so long


@pytest.fixture(params=["threading", "loky", "dask"])
def workers(request):
    """A function that gives the context of one backend with two workers."""
    if request.param != "dask":
        threads = {"inner_max_num_threads": 1} if request.param == "loky" else {}
        return partial(parallel_config, request.param, n_jobs=2, **threads)
    return request.getfixturevalue("cluster").context


def square(n: int) -> int:
    time.sleep(0.02)
    return n * n


def works(workers) -> bool:
    with workers():
        return list(to_workers(square, range(6), LONG)) == [0, 1, 4, 9, 16, 25]


PLAN = Plan("himmelblau", ("adam",), Grid(1e-3, 1.0, 20), 60, x=Grid(-4, 4, 5), noise=0.5, seeds=2)


def train(seed: int) -> np.ndarray:
    """Ten steps of a small network: matrix products, where BLAS might round otherwise with more threads."""
    network = mlp((2, 32, 32, 1))
    rng = np.random.default_rng(seed)
    objective = network.objective(rng.standard_normal((200, 2)), (rng.random(200) < 0.5).astype(float), batch_size=32)
    params = network.init(seed)
    for count in range(10):
        params = params - 0.1 * objective(params, count)[1]
    return params


def test_results_are_bit_equal_and_in_order(workers):
    sweep = partial(columns, PLAN)
    serial = [sweep(block) for block in PLAN.blocks() * 4]
    networks = [train(seed) for seed in range(6)]
    with workers():
        for ours, theirs in zip(serial, to_workers(sweep, PLAN.blocks() * 4, LONG), strict=True):
            for name, column in ours.items():
                np.testing.assert_array_equal(theirs[name], column, err_msg=name)
        for ours, theirs in zip(networks, to_workers(train, range(6), LONG), strict=True):
            np.testing.assert_array_equal(theirs, ours)


def where(n: int, seconds: float = 0.0) -> tuple[int, int]:
    time.sleep(seconds)
    return n, os.getpid()


def test_less_than_half_a_second_of_work_stays_in_this_process():
    with parallel_config("loky", n_jobs=2):
        assert list(spread(where, range(20))) == [(n, os.getpid()) for n in range(20)]


@pytest.mark.parametrize("sized", [True, False])
def test_more_is_spread_after_the_first_block(sized):
    blocks = range(6) if sized else iter(range(6))
    with parallel_config("loky", n_jobs=2):
        done = list(spread(partial(where, seconds=0.2), blocks, LONG))
    assert [n for n, _ in done] == list(range(6))
    assert done[0][1] == os.getpid() and os.getpid() not in {process for _, process in done[1:]}


def test_without_a_backend_all_is_done_here_one_by_one():
    begun = []
    results = spread(lambda n: begun.append(n) or n, range(5), LONG)  # a function that does not pickle
    assert next(results) == 0 and begun == [0]
    assert list(results) == [1, 2, 3, 4]


def test_no_blocks_no_results(workers):
    with workers():
        assert list(spread(square, [])) == list(to_workers(square, [])) == []


def raising(n: int) -> int:
    if n == 3:
        raise ZeroDivisionError("block three")
    return square(n)


def test_what_a_block_raises_is_raised_here_and_the_next_sweep_works(workers):
    with workers(), pytest.raises(ZeroDivisionError, match="block three"):
        list(to_workers(raising, range(12), LONG))
    assert works(workers)


def dying(n: int) -> int:
    if n == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return square(n)


def test_a_process_killed_by_its_block_surfaces(workers, request):
    if "threading" in request.node.name:
        pytest.skip("a thread can't be killed")
    with workers(), pytest.raises(WorkerDied, match=r"A worker ended before it gave its result"):
        list(to_workers(dying, range(12), LONG))
    assert works(workers)


def hanging(n: int, gate: str) -> int:
    while n == 3 and not Path(gate).exists():
        time.sleep(0.05)
    return square(n)


def test_a_block_that_hangs_surfaces_and_the_next_sweep_works(workers, tmp_path):
    gate = tmp_path / "open"
    try:
        with workers(), pytest.raises(TimeoutError, match=r"^No worker gave a result within 1 seconds\.$"):
            list(to_workers(partial(hanging, gate=str(gate)), range(12), 1))
        assert works(workers)  # on a cluster with the other worker: the first still hangs
    finally:
        gate.touch()


def test_a_block_s_own_timeout_error_is_its_own():
    def late(n: int) -> int:
        raise TimeoutError("mine")

    with parallel_config("loky", n_jobs=2), pytest.raises(TimeoutError, match="mine"):
        list(to_workers(late, range(4), LONG))


def test_leaving_early_leaves_nothing_behind(workers):
    with workers():
        results = to_workers(square, range(50), LONG)
        assert next(results) == 0
        results.close()
    assert works(workers)


def test_a_loky_worker_killed_from_outside_in_mid_sweep(tmp_path):
    with parallel_config("loky", n_jobs=2):
        results = to_workers(partial(where, seconds=0.1), range(40), LONG)
        _, victim = next(results)
        os.kill(victim, signal.SIGKILL)
        with pytest.raises(WorkerDied):
            list(results)
        assert [n for n, _ in to_workers(where, range(4), LONG)] == [0, 1, 2, 3]


def test_a_dask_worker_killed_in_mid_sweep_costs_no_result(cluster):
    with cluster.context():
        results = to_workers(partial(where, seconds=0.05), range(30), LONG)
        _, victim = next(results)
        os.kill(victim, signal.SIGKILL)
        done = list(results)
    assert [n for n, _ in done] == list(range(1, 30))
    assert done[-1][1] != victim


def test_a_scheduler_killed_in_mid_sweep_surfaces():
    with scheduler(workers=1) as cluster, cluster.context():
        results = to_workers(partial(where, seconds=0.1), range(1000), LONG)
        next(results)
        cluster.scheduler.kill()
        with pytest.raises(WorkerDied):
            list(results)
        with pytest.raises(WorkerDied):
            list(to_workers(square, range(4), LONG))


def test_the_engine_names_no_backend_and_needs_no_dask():
    script = "import sys; sys.modules['distributed'] = None; import engine.sweeps, engine.parallel, engine.sweep_table"
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, cwd=Path(__file__).parents[1])
    source = (Path(__file__).parents[1] / "engine" / "parallel.py").read_text()
    assert "dask" not in source.lower()
