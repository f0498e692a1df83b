"""Whose body is taken up next, while more waits than can be taken up at once; pure."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator


class FairQueue:
    """Each source in its turn, so that one that floods us keeps only itself waiting; each one's bodies as they came."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}  # seconds on each source since nothing was left waiting

    def of(self, waiting: Iterable[tuple[int, str]], clock: Callable[[], float]) -> Iterator[tuple[int, str]]:
        """What waits, oldest first, as (number, source), in the order in which it is to be taken up.

        How long it takes until the next one is asked for is the time that the source has taken.
        """
        queues: dict[str, deque[int]] = defaultdict(deque)
        for number, source in waiting:
            queues[source].append(number)
        while queues:
            source = min(queues, key=lambda each: (self.spent.get(each, 0.0), queues[each][0]))
            begun = clock()
            try:
                yield queues[source].popleft(), source
            finally:
                self.spent[source] = self.spent.get(source, 0.0) + clock() - begun
            if not queues[source]:
                del queues[source]
        self.spent.clear()
