"""Run by the parser's own Python: prints as JSON what circuit-maintenance-parser reads in each mail that is named."""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any


def read(mail: bytes) -> list[dict[str, Any]]:
    parser = import_module("circuit_maintenance_parser")
    found = parser.init_provider("genericprovider").get_maintenances(
        parser.NotificationData.init_from_email_bytes(mail)
    )
    return [
        {
            "id": one.maintenance_id,
            "provider": one.provider,
            "account": one.account,
            "uid": one.uid,
            "sequence": one.sequence,
            "status": one.status.value,
            "start": one.start,
            "end": one.end,
            "summary": one.summary,
            "organizer": one.organizer,
            "circuits": {circuit.circuit_id: circuit.impact.value for circuit in one.circuits},
        }
        for one in found
    ]


if __name__ == "__main__":
    sys.stdout.write(json.dumps([read(Path(name).read_bytes()) for name in sys.argv[1:]]))
