"""All kinds of checks. A new one is a row in config/check_kinds.py, a file beside this one, and its line here."""

from __future__ import annotations

from talaia.config.check_kinds import KINDS
from talaia.signals.probes.dns import DnsProbe
from talaia.signals.probes.http import HttpProbe
from talaia.signals.probes.ping import PingProbe
from talaia.signals.probes.probe import Probe
from talaia.signals.probes.tcp import TcpProbe

PROBES: dict[str, Probe] = {each.kind: each for each in (HttpProbe(), TcpProbe(), DnsProbe(), PingProbe())}
if PROBES.keys() != KINDS.keys():
    raise TypeError(f"signals/probes/registry.py: not both here and a row: {PROBES.keys() ^ KINDS.keys()}")
