"""Bodies as they come in: captured ones, and made ones of the same shape."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parent / "samples"
HEARTBEAT = {"alertname": "Watchdog", "talaia_heartbeat": "true"}


def sample(number: str) -> Any:
    """The body of a captured sample."""
    (path,) = SAMPLES.glob(f"{number}_*.json")
    found = json.loads(path.read_text())
    return found["body"] if isinstance(found, dict) and "body" in found else found


def told(status: str, **labels: str) -> dict[str, Any]:
    """A webhook for one alert."""
    ends = "0001-01-01T00:00:00Z" if status == "firing" else "2026-05-04T01:00:00Z"
    alert = {"status": status, "labels": labels, "annotations": {}, "startsAt": "2026-05-04T00:59:00Z", "endsAt": ends}
    return {"version": "4", "status": status, "alerts": [alert], "truncatedAlerts": 0}


def pushed(status: str, now: datetime, **labels: str) -> list[dict[str, Any]]:
    """What Prometheus posts itself: true for four minutes, or over since now."""
    ends = now + timedelta(minutes=4) if status == "firing" else now
    return [{"labels": labels, "annotations": {}, "startsAt": now.isoformat(), "endsAt": ends.isoformat()}]
