"""One export read, in a process of its own: the columns as JSON in its arguments, the bytes in, lines of JSON out.

The first line is the table's head, then comes a line for each row, at last `{}`: without it we were ended in the
middle. `{"code", "data"}` stands for an Unreadable, wherever it is met.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

MEMORY = 1_500_000_000  # bytes of addresses: what an export of 100 MB needs, with as much again
SECONDS = 60  # of the processor
SAID = 400_000_000  # bytes of rows


def limited() -> None:
    """From here on nothing that is read can take more than this; no core is left behind, as it would hold addresses."""
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, SAID),
    ):
        _, hard = resource.getrlimit(what)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, allowed))
    with suppress(OSError):  # where memory gets short all the same, we are the one that goes
        Path("/proc/self/oom_score_adj").write_text("1000")


def frames(data: bytes, names: Collection[str], needed: str) -> Iterator[Any]:
    """What is told of the file, in order."""
    from talaia.audience.reading import BrokenRow, UnreadableFile, read

    try:
        found = read(data, names, needed)
        yield {"header": found.header, "ended": found.ended}
        for line, cells in found.rows():
            yield [line, isinstance(cells, BrokenRow), cells]
    except UnreadableFile as error:
        yield {"code": error.code, "data": error.data}
        return
    yield {}


def main() -> None:
    limited()
    asked = json.loads(sys.argv[1])
    out = sys.stdout.buffer
    for frame in frames(sys.stdin.buffer.read(), asked["names"], asked["needed"]):
        line = json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
        out.write(line.encode("utf-8", "surrogatepass") + b"\n")  # JSON may hold half of a letter
    out.flush()


if __name__ == "__main__":
    main()
