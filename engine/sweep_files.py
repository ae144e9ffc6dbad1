"""A table that is written in blocks and can be cut off at any moment: what is whole is kept, and gone on from.

A CSV file holds the blocks in order, so that the one that was torn is the last. A Parquet table is a folder with a file
a block, each there whole or not at all. The plan of the sweep stands beside, so that another is not mixed in.
"""

import io
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from engine.sweep_plan import COLUMNS, Block

HEADER = (",".join(COLUMNS) + "\n").encode()


class Refused(Exception):
    """The table can't be written here; says why."""


class Table(Protocol):
    """A table on disk that blocks are added to."""

    plan_file: Path

    def begin(self, blocks: Sequence[Block]) -> int:
        """Drop what is torn; the number of blocks that are there. Raises Refused for a table of another kind."""

    def add(self, number: int, data: bytes) -> None:
        """Write block ``number``, the next; it is on the disk afterwards."""

    def close(self) -> None:
        """No more for now."""


class CsvTable:
    """One file of text."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: BinaryIO = io.BytesIO()
        self.plan_file = path.with_name(path.name + ".plan")
        if path.exists() and not self.plan_file.exists():
            raise Refused(f"{path} is there already, and is no sweep to go on with. Choose another name.")

    def begin(self, blocks: Sequence[Block]) -> int:
        self.file = open(self.path, "r+b" if self.path.exists() else "w+b")  # noqa: SIM115  # until close
        head = self.file.read(len(HEADER))
        if not HEADER.startswith(head):
            raise Refused(f"{self.path} does not begin as a sweep's table does. Choose another name.")
        if head != HEADER:
            self.file.seek(0)
            self.file.write(HEADER)
        ends = list(accumulate(block.high - block.low for block in blocks))
        whole, lines, here, kept = 0, 0, len(HEADER), len(HEADER)
        for line in self.file:
            here, lines = here + len(line), lines + line.endswith(b"\n")
            if whole < len(ends) and lines == ends[whole]:
                whole, kept = whole + 1, here
        if ends and lines > ends[-1]:
            raise Refused(f"{self.path} has more rows than this sweep. Choose another name.")
        self.file.truncate(kept)
        self.file.seek(kept)
        return whole

    def add(self, number: int, data: bytes) -> None:
        self.file.write(data)
        self.file.flush()
        os.fsync(self.file.fileno())

    def close(self) -> None:
        self.file.close()


class ParquetTable:
    """A folder of Parquet files, which readers take for one table; they pass over names that begin with _."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.plan_file = path / "_plan.json"
        if path.exists() and not (path.is_dir() and (self.plan_file.exists() or not os.listdir(path))):
            raise Refused(f"{path} is there already, and is no sweep to go on with. Choose another name.")
        path.mkdir(exist_ok=True)

    def begin(self, blocks: Sequence[Block]) -> int:
        return next((number for number in range(len(blocks)) if not self._part(number).exists()), len(blocks))

    def add(self, number: int, data: bytes) -> None:
        write_whole(self._part(number), data)

    def close(self) -> None:
        pass

    def _part(self, number: int) -> Path:
        return self.path / f"part-{number:06}.parquet"


def write_whole(path: Path, data: bytes) -> None:
    """A file that is there whole or not at all, whenever the machine stops."""
    beside = path.with_name("_" + path.name)
    with open(beside, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


@contextmanager
def held(table: Table, plan: dict[str, Any]) -> Iterator[None]:
    """Take the table for this plan and this process. Raises Refused for another plan's, or while another writes it."""
    if not table.plan_file.exists():
        write_whole(table.plan_file, json.dumps(plan, indent=1).encode())
    with open(table.plan_file, "rb") as file:
        _lock(file, table.plan_file)
        try:
            there = json.load(file)
        except ValueError:
            there = {}
        if there != plan:
            differing = ", ".join(name for name in plan if there.get(name) != plan[name])
            raise Refused(
                f"The table there is of another sweep (other {differing}; see {table.plan_file}). Choose another name."
            )
        yield


def _lock(file: BinaryIO, path: Path) -> None:
    with suppress(ImportError):  # Windows
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"Another process is writing this table: it holds {path}.") from None
