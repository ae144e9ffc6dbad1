"""The command line for large sweeps: rows that single runs agree with, and a table that survives being cut off."""

import csv
import os
import random
import resource
import shlex
import signal
import subprocess
import sys
import time
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.descent import descend, outcome
from engine.endings import endings
from engine.experiment import RUNNERS, Run, objective_of, optimizer_of, simulate, surface_of
from engine.surfaces import SURFACES
from engine.sweep_plan import COLUMNS, Block, Grid, Plan, as_csv, columns
from engine.sweep_table import EXAMPLES, computed, local, main, parser, plan_of

ROOT = Path(__file__).parents[1]
SWEEP = ["himmelblau", "--optimizers", "sgd,momentum,adam", "--rates", "1e-4:1:40", "--momenta", "0:0.9:5",
         "--x=-4:4:12", "--y=-4:4:11", "--noise", "0.1", "--seeds", "2", "--steps", "40"]  # fmt: skip
RUNS = (1 + 5 + 1) * 40 * 12 * 11 * 2


def command(table: Path, *flags: str, sweep: list[str] = SWEEP, **settings) -> subprocess.Popen:
    arguments = [sys.executable, "-W", "error", "-m", "engine.sweeps", sweep[0], str(table), *sweep[1:], *flags]
    return subprocess.Popen(arguments, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True, **settings)


def finish(process: subprocess.Popen) -> tuple[int, str]:
    said = process.communicate()[1]
    assert "Traceback" not in said, said
    return process.returncode, said


def content(table: Path) -> dict[str, bytes]:
    if table.is_file():
        return {table.name: table.read_bytes()}
    return {part.name: part.read_bytes() for part in sorted(table.glob("*.parquet"))}


def rows(table: Path) -> list[dict[str, str]]:
    with open(table, newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict[str, Path]:
    """The table of an uninterrupted sweep, by ending."""
    folder = tmp_path_factory.mktemp("whole")
    tables = {ending: folder / f"table.{ending}" for ending in ("csv", "parquet")}
    for table in tables.values():
        assert main([SWEEP[0], str(table), *SWEEP[1:], "--jobs", "1"]) == 0
    return tables


# What a row says


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("surface", ["rosenbrock", "x**4 - x**2 + y**2"])
def test_a_row_is_what_the_run_alone_gives(surface, runner):
    plan = Plan(surface, (runner,), Grid(1e-3, 10.0, 4), 60, Grid(0.1, 0.8, 2), Grid(-1.5, 2.0, 3), noise=0.3, seeds=2)
    block = Block(runner, 0, plan.runs(runner))
    table = columns(plan, block)
    for i in range(block.high):
        row = {name: value[i] if isinstance(value, np.ndarray) else value for name, value in table.items()}
        others = () if np.isnan(row["momentum"]) else (("momentum", row["momentum"]),)
        run = Run(surface, (), runner, (("learning_rate", row["learning_rate"]), *others), "constant",
                  (row["start_x"], row["start_y"]), 60, 0.3, int(row["seed"]))  # fmt: skip
        alone = simulate(run)
        ended = outcome(alone, surface_of(run).hessian)[0]
        assert (row["outcome"], row["outcome_step"]) == ended
        assert (row["final_x"], row["final_y"]) == tuple(alone.params[-1])
        assert row["final_loss"] == alone.loss[-1]
        assert row["gap"] == alone.loss[-1] - surface_of(run).lowest or not surface_of(run).minima.size


@pytest.mark.parametrize("surface", SURFACES)
def test_endings_are_those_of_whole_paths(surface):
    rates = np.geomspace(1e-4, 10, 15)[:, None]
    starts = np.random.default_rng(0).uniform(*np.transpose(SURFACES[surface].domain), (15, 2))
    starts[:5] = [[0, 0], [1, 1], [np.inf, 0], [1e200, 1e200], SURFACES[surface].start]
    for runner in ("sgd", "lion"):
        run = Run(surface, optimizer=runner, steps=80)
        told = endings(descend(objective_of(run), optimizer_of(run, rates), starts, 80), surface_of(run).hessian)
        for i, start in enumerate(starts.tolist()):
            alone = simulate(
                Run(surface, (), runner, (("learning_rate", float(rates[i, 0])),), start=tuple(start), steps=80)
            )
            assert (told.kinds[i], told.steps[i]) == outcome(alone, surface_of(run).hessian)[0], (runner, i)


def test_endings_of_nothing_are_refused():
    with pytest.raises(ValueError, match="no steps"):
        endings([], SURFACES["bowl"].hessian)


@settings(max_examples=20, deadline=None)
@given(cuts=st.sets(st.integers(1, 79), max_size=6), runner=st.sampled_from(["sgd", "rmsprop", "adam", "newton"]))
def test_where_a_block_ends_changes_nothing(cuts, runner):
    plan = Plan("ackley", (runner,), Grid(1e-3, 3.0, 10), 30, x=Grid(-3, 3, 4), noise=1.0, seeds=2)
    edges = [0, *sorted(cuts), 80]
    pieces = [as_csv(plan, Block(runner, low, high)) for low, high in pairwise(edges)]
    assert b"".join(pieces) == as_csv(plan, Block(runner, 0, 80))


def test_blocks_are_bounded_and_hold_every_run_once():
    plan = Plan("bowl", ("sgd", "momentum"), Grid(1e-3, 1, 1000), 5000, Grid(0, 0.9, 7), seeds=3)
    blocks = plan.blocks()
    assert max((block.high - block.low) * plan.steps for block in blocks) <= 2_000_000
    for optimizer, runs in (("sgd", 3000), ("momentum", 21_000)):
        assert [i for b in blocks if b.optimizer == optimizer for i in range(b.low, b.high)] == list(range(runs))


def test_the_table_has_a_row_a_run(whole):
    table = rows(whole["csv"])
    assert len(table) == RUNS and tuple(table[0]) == COLUMNS
    inputs = [tuple(row[name] for name in COLUMNS[:8]) for row in table]
    assert len(set(inputs)) == RUNS
    assert {row["momentum"] for row in table if row["optimizer"] == "sgd"} == {""}
    assert len({row["momentum"] for row in table if row["optimizer"] == "momentum"}) == 5
    assert {row["outcome"] for row in table} == {"diverged", "out of steps"}  # noise never rests


def test_parquet_holds_the_same_as_csv(whole):
    text, binary = rows(whole["csv"]), pyarrow.parquet.read_table(whole["parquet"]).to_pydict()
    assert list(binary) == list(COLUMNS)
    for name in ("learning_rate", "final_x", "final_loss"):
        assert [float(row[name]) for row in text] == binary[name]
    assert [row["outcome"] for row in text] == binary["outcome"]


# Cut off and gone on with


@pytest.mark.parametrize(("ending", "jobs"), [("csv", "2"), ("parquet", "1")])
def test_killed_at_any_moment_it_resumes_to_the_same_bytes(ending, jobs, whole, tmp_path):
    table = tmp_path / f"table.{ending}"
    size = sum(map(len, content(whole[ending]).values()))
    moments = random.Random(ending)
    for share in (0.0, moments.uniform(0.1, 0.5), moments.uniform(0.5, 0.9)):
        process = command(table, "--jobs", jobs)
        while process.poll() is None and (not table.exists() or _size(table) < share * size):
            time.sleep(0.002)
        time.sleep(moments.uniform(0, 0.2))
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "it had ended before it was killed"
        process.communicate()
    assert finish(command(table, "--jobs", jobs))[0] == 0
    assert content(table) == content(whole[ending])


def _size(table: Path) -> int:
    return table.stat().st_size if table.is_file() else sum(part.stat().st_size for part in table.glob("part*"))


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.5, 0.97, 1.0])
def test_a_torn_tail_is_dropped(share, whole, tmp_path, capsys):
    table = tmp_path / "table.csv"
    data = whole["csv"].read_bytes()
    table.write_bytes(data[: int(share * len(data))])
    (tmp_path / "table.csv.plan").write_bytes(whole["csv"].with_name("table.csv.plan").read_bytes())
    assert main([SWEEP[0], str(table), *SWEEP[1:], "--jobs", "1"]) == 0
    assert table.read_bytes() == data
    assert ("are there already" in capsys.readouterr().err) == (share > 0.4)


def test_ctrl_c_stops_with_a_sentence(whole, tmp_path):
    table = tmp_path / "table.csv"
    process = command(table, "--jobs", "2")
    while not (table.exists() and table.stat().st_size > 1000) and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    status, said = finish(process)
    assert status == 130 and "Stopped." in said
    assert finish(command(table, "--jobs", "1"))[0] == 0
    assert content(table) == content(whole["csv"])


def test_workers_do_not_outlive_the_command(tmp_path):
    process = command(tmp_path / "table.csv", "--jobs", "2")
    while not (workers := _workers(process.pid)) and process.poll() is None:
        time.sleep(0.005)
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert workers and not alive


def test_a_full_disk_is_said_and_gone_on_from(whole, tmp_path):
    table = tmp_path / "table.csv"
    room = len(whole["csv"].read_bytes()) * 3 // 4

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    status, said = finish(command(table, "--jobs", "1", preexec_fn=limit))
    assert status == 1 and said.splitlines()[-1].startswith(f"Cannot write {table}: File too large.")
    assert table.stat().st_size == room
    assert finish(command(table, "--jobs", "1"))[0] == 0
    assert content(table) == content(whole["csv"])


def test_a_worker_killed_costs_nothing_but_a_sentence(whole, tmp_path):
    table = tmp_path / "table.csv"
    process = command(table, "--jobs", "2")
    while not (workers := _workers(process.pid)) and process.poll() is None:
        time.sleep(0.005)
    for worker in workers:
        worker.kill()
    status, said = finish(process)
    assert status == 0 and "A worker ended before it gave its result" in said
    assert content(table) == content(whole["csv"])


def _workers(parent: int) -> list[psutil.Process]:
    """The processes that do the work for ``parent``."""
    children = psutil.Process(parent).children(recursive=True)
    return [child for child in children if "LokyProcess" in " ".join(child.cmdline())]


def test_a_cluster_writes_the_same_table(whole, tmp_path, cluster):
    table = tmp_path / "table.parquet"
    assert main([SWEEP[0], str(table), *SWEEP[1:], "--scheduler", cluster.address]) == 0
    assert content(table) == content(whole["parquet"])


def fails_elsewhere(n: int, here: int) -> bytes:
    time.sleep(0.1)
    if os.getpid() != here:
        raise ImportError("no engine on this worker")
    return bytes([n])


def test_workers_that_can_not_do_it_are_replaced_and_said(capsys):
    function = partial(fails_elsewhere, here=os.getpid())
    assert b"".join(computed(function, range(12), [local(2), local(1)])) == bytes(range(12))
    assert "The workers failed (no engine on this worker). Going on" in capsys.readouterr().err
    with pytest.raises(ImportError):
        list(computed(function, range(12), [local(2)]))


def test_a_scheduler_that_is_not_there_is_said(tmp_path, capsys):
    table = tmp_path / "t.csv"
    assert main(["bowl", str(table), "--rates", "0.1", "--jobs", "1", "--scheduler", "tcp://127.0.0.1:1"]) == 0
    assert "No Dask scheduler answers at tcp://127.0.0.1:1. Going on with processes" in capsys.readouterr().err
    assert len(rows(table)) == 1


# Refusals


def run(table: Path, *flags: str) -> int:
    return main(["bowl", str(table), "--rates", "0.1:0.2:3", "--jobs", "1", *flags])


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_another_sweep_into_the_same_table_is_refused(name, tmp_path, capsys):
    table = tmp_path / name
    assert run(table) == 0
    before = content(table)
    assert run(table, "--steps", "100", "--optimizers", "adam") == 2
    assert "of another sweep (other optimizers, steps" in capsys.readouterr().err
    assert run(table) == 0
    assert "3 of 3 runs are there already." in capsys.readouterr().err
    assert content(table) == before


def test_a_file_that_is_no_table_of_ours_is_left_alone(tmp_path, capsys):
    table = tmp_path / "t.csv"
    table.write_text("my own\n")
    assert run(table) == 2
    assert "is there already, and is no sweep" in capsys.readouterr().err
    (tmp_path / "u.parquet").write_text("my own")
    assert run(tmp_path / "u.parquet") == 2
    other = tmp_path / "v.csv"
    assert run(other) == 0
    other.write_text("my own\n")
    assert run(other) == 2
    assert table.read_text() == other.read_text() == "my own\n"


def test_more_rows_than_the_sweep_has_are_refused(tmp_path):
    table = tmp_path / "t.csv"
    assert run(table) == 0
    data = table.read_bytes() + b"one,more\n"
    table.write_bytes(data)
    assert run(table) == 2
    assert table.read_bytes() == data


def test_two_at_once_are_refused(tmp_path):
    table = tmp_path / "t.csv"
    process = command(table, "--jobs", "1")
    while not (table.exists() and table.stat().st_size) and process.poll() is None:
        time.sleep(0.01)
    status, said = finish(command(table, "--jobs", "1"))
    assert status == 2 and "Another process is writing this table" in said
    assert finish(process)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["bowl", "t.txt", "--rates", "1"], "must end in .csv or .parquet"),
        (["bowl", "t.csv"], "the following arguments are required: --rates"),
        (["bowl", "t.csv", "--rates", "0:1:5"], "learning rates must be above 0"),
        (["bowl", "t.csv", "--rates", "1:0.1:5"], "must rise from LOW to HIGH"),
        (["bowl", "t.csv", "--rates", "0.1:1:1"], "must rise from LOW to HIGH"),
        (["bowl", "t.csv", "--rates", "1:2:3:4"], "invalid grid value"),
        (["bowl", "t.csv", "--rates", "nan"], "not a finite number"),
        (["bowl", "t.csv", "--rates", "1e-3:1:99999999999"], "must be from 1 to 10,000,000"),
        (["bowl", "t.csv", "--rates", "1", "--steps", "0"], "must be from 1 to"),
        (["bowl", "t.csv", "--rates", "1", "--seeds", "3"], "without --noise all seeds give the same run"),
        (["bowl", "t.csv", "--rates", "1", "--noise", "-1"], "noise must be 0 or more"),
        (["bowl", "t.csv", "--rates", "1", "--optimizers", "adamant"], "there is no optimizer 'adamant'"),
        (["bowl", "t.csv", "--rates", "1", "--momenta", "0:0.9:3"], "none of these optimizers has a momentum"),
        (["bowl", "t.csv", "--rates", "1", "--optimizers", "momentum", "--momenta", "0:1:3"], "below 1"),
        (["__import__('os')", "t.csv", "--rates", "1"], "error:"),
        (["bowl", "t.csv", "--rates", "1e-3:1:9999999", "--x", "0:1:9999999"], "too many for one table"),
    ],
)
def test_wrong_arguments_are_told_in_a_sentence(arguments, sentence, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("example", [line.strip() for line in EXAMPLES.splitlines() if "-m engine.sweeps" in line])
def test_the_examples_are_right(example):
    plan = plan_of(parser().parse_args(shlex.split(example)[3:]))
    assert sum(plan.runs(name) for name in plan.optimizers) >= 1000


def test_a_folder_that_does_not_exist_is_said(tmp_path, capsys):
    assert run(tmp_path / "no" / "t.csv") == 1
    assert "No such file or directory" in capsys.readouterr().err


def test_memory_does_not_grow_with_the_number_of_runs(tmp_path):
    """Ten times as many runs peak alike, within what a few blocks take."""
    peaks = []
    for count in (20_000, 200_000):
        sweep = ["bowl", "--rates", f"1e-4:1:{count}", "--steps", "5"]
        script = ("import resource, sys; from engine.sweep_table import main; main(sys.argv[1:]); "
                  "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)")  # fmt: skip
        arguments = [sys.executable, "-c", script, sweep[0], str(tmp_path / f"{count}.csv"), *sweep[1:], "--jobs", "1"]
        done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout))
    assert peaks[1] - peaks[0] < 60_000, peaks  # kilobytes; the larger table itself has 25,000
