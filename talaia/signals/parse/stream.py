"""One list inside a JSON answer, element by element while it comes: only what is being read is in memory.

ijson reads; we put the elements together ourselves, as its own way of naming each place makes of a hundred kilobytes
of brackets fifty gigabytes of names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import ijson

from talaia.signals.parse.report import MalformedBody

DEEPEST = 40  # levels of nesting; real answers have seven
LARGEST = 100_000  # characters of one element; a larger one is left out, and counted
BESIDE = 5_000_000  # characters of all that stands beside the list
SILENT = 5_000_000  # bytes that may come without saying anything: blanks, or one endless text

Step = dict[str, Any] | list[Any]


class Listed:
    """The elements of the list at `path` (keys of objects; "" for each of a list) of the answer that `chunks` bring.

    What an element has under the key `without` is not kept. Iterate once; afterwards `rest` is the answer without the
    elements, and `left_out` how many were too large. Iterating raises Malformed for what is no JSON, or goes on without
    saying anything.
    """

    def __init__(self, chunks: Iterable[bytes], path: Sequence[str] = (), without: str | None = None) -> None:
        self.chunks, self.path, self.without = chunks, list(path), without
        self.rest: Any = None
        self.left_out = 0
        self._open: list[Step] = []  # what is being put together, from the outside in
        self._keys: list[str] = []  # the key that was read last, for each of them
        self._size = self._beside = 0
        self._inside = False
        self._passing = 0  # how deep we are inside of what is not kept

    def __iter__(self) -> Iterator[Any]:
        events: list[tuple[str, Any]] = ijson.sendable_list()
        reader = ijson.basic_parse_coro(events, use_float=True)
        silent = 0
        try:
            for chunk in self.chunks:
                reader.send(chunk)
                silent = 0 if events else silent + len(chunk)
                if silent > SILENT:
                    raise MalformedBody(f"{silent:,} bytes say nothing")
                yield from self._elements(events)
                events.clear()
            reader.close()
            yield from self._elements(events)
        except (ijson.JSONError, ValueError, OverflowError) as error:
            raise MalformedBody(f"this is no JSON: {' '.join(str(error).split())[:100]}") from None

    def _elements(self, events: Iterable[tuple[str, Any]]) -> Iterator[Any]:
        for event, value in events:
            if self._passing:
                self._passing += event.startswith("start_") - event.startswith("end_")
                if len(self._open) + self._passing > DEEPEST:
                    raise MalformedBody(f"this is nested more than {DEEPEST} levels deep")
            elif event == "map_key":
                self._keys[-1] = value
                self._grow(len(value))
            elif event in ("start_map", "start_array"):
                if len(self._open) == DEEPEST:
                    raise MalformedBody(f"this is nested more than {DEEPEST} levels deep")
                if self._inside and self._keys[-1] == self.without:
                    self._passing = 1
                    continue
                self._inside = self._inside or self._at_list()
                self._open.append({} if event == "start_map" else [])
                self._keys.append("")
                self._grow(2)
            elif event in ("end_map", "end_array"):
                done = self._open.pop()
                self._keys.pop()
                yield from self._put(done)
            else:
                self._grow(8 + len(value) if isinstance(value, str) else 8)
                yield from self._put(value)

    def _at_list(self) -> bool:
        """Whether what comes next is an element of the list."""
        return bool(self._open) and isinstance(self._open[-1], list) and self._keys[:-1] == self.path

    def _grow(self, by: int) -> None:
        """Of what is too large nothing more is kept than that it was there."""
        if not self._inside:
            self._beside += by
            if self._beside > BESIDE:
                raise MalformedBody(f"more than {BESIDE:,} characters stand beside the list")
            return
        self._size += by
        if self._size > LARGEST:
            for part in self._open[len(self.path) + 1 :]:
                part.clear()

    def _put(self, value: Any) -> Iterator[Any]:
        """`value` is whole: an element, or a part of what is around it."""
        if not self._open:
            self.rest = value
            return
        if self._at_list():
            too_large = self._inside and self._size > LARGEST
            if self._inside:
                self._size, self._inside = 0, False
            if too_large:
                self.left_out += 1
            else:
                yield value
            return
        around = self._open[-1]
        if isinstance(around, list):
            around.append(value)
        else:
            around[self._keys[-1]] = value
