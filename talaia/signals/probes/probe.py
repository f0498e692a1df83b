"""What a kind of built-in check must have. A class that lacks some of it fails when it is made."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from talaia.config import CheckConfig, Config
from talaia.config.check_kinds import KINDS
from talaia.signals.probes.answer import ProbeAnswer


class Probe(ABC):
    """One kind of check; `kind` is its name in talaia.toml."""

    kind: ClassVar[str]

    def __init_subclass__(cls) -> None:
        if cls.kind not in KINDS or "look" not in vars(cls):
            raise TypeError(f"{cls.__name__}: a probe has a row in config/check_kinds.py, and a look")

    @abstractmethod
    async def look(self, check: CheckConfig, config: Config) -> ProbeAnswer:
        """Look at the target once. Raises Failed where it is not as it should be, and NotMeasured where we are not."""

    def waits_for_us(self, _check: CheckConfig) -> bool:
        """Whether time that runs out says something of this machine, and nothing of the target."""
        return False
