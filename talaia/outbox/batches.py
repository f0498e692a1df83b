"""Many things, a few at a time: as many as a query takes, or as fit between two looks at the clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

QUERY_SIZE = 500  # values; SQLite takes a thousand in one query


def batches(things: Iterable[T], size: int = QUERY_SIZE) -> Iterator[list[T]]:
    """Lists of `size`, the last one shorter; what comes of an iterator is read no sooner than it is wanted."""
    waiting = iter(things)
    while batch := list(islice(waiting, size)):
        yield batch
