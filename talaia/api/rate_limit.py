"""How much one sender may bring in a while: a full burst at once, then as fast as it fills again."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rate:
    """`burst` at once, `each_second` from then on."""

    burst: float
    each_second: float


# A mass outage of ten thousand alerts comes in some twenty posts of 300 kB, or in hundreds of one alert each.
POSTS = Rate(500, 10)
BYTES = Rate(30_000_000, 250_000)


@dataclass
class RateLimiter:
    """Counts by name, in the memory of this process, by a monotonic clock (seconds)."""

    rates: tuple[Rate, ...]
    lock: threading.Lock = field(default_factory=threading.Lock)
    spent: dict[str, tuple[float, tuple[float, ...]]] = field(default_factory=dict)  # when, and what is spent of each

    def wait(self, name: str, now: float, *amounts: float) -> int:
        """0: it may come in, and is counted. Else the seconds until it may, for Retry-After."""
        with self.lock:
            at, spent = self.spent.get(name, (now, (0.0,) * len(self.rates)))
            passed = max(0.0, now - at)
            left = [max(0.0, used - passed * rate.each_second) for used, rate in zip(spent, self.rates, strict=True)]
            wanted = [used + more for used, more in zip(left, amounts, strict=True)]
            late = max((more - rate.burst) / rate.each_second for more, rate in zip(wanted, self.rates, strict=True))
            self.spent[name] = (now, tuple(left if late > 0 else wanted))
            return math.ceil(late) if late > 0 else 0


HOOKS = RateLimiter((POSTS, BYTES))
