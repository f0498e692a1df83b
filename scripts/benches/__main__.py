"""`scripts/bench NAME`: runs one benchmark; exit code 1 where a bar is missed."""

from __future__ import annotations

import sys

from scripts.benches import audience, crowd, mail, page, publish

BENCHES = {
    "audience": audience.main,
    "crowd": crowd.main,
    "mail": mail.main,
    "page": page.main,
    "publish": publish.main,
}

if len(sys.argv) < 2 or sys.argv[1] not in BENCHES:
    print(f"scripts/bench {'|'.join(BENCHES)} [options]", file=sys.stderr)
    sys.exit(2)
sys.exit(BENCHES[sys.argv[1]](sys.argv[2:]))
