"""Where each thing of the story is shown, on the server of conftest.py."""

from __future__ import annotations

from tests.pages.story import FRONTS, SERVICES

# Every address of the story that a test looks at, by what is shown there.
ADDRESSES = {
    **{name: f"/fronts/{name}/" for name in FRONTS},
    "incident-page": "/incidents/2026-014/",
    "incident-of-eighty": "/incidents/2026-015/",
    "maintenance-page": "/maintenance/2026-004/",
    "maintenance-coming": "/maintenance/2026-005/",
    **{f"service-{name}": f"/services-{name}{page.service.path}" for name, page in SERVICES.items()},
    "history": "/history/",
    "busy-year": "/history/2025/",
    "month": "/history/2025/11/",
    "history-of-nothing": "/never/history/",
    "missing": "/404.html",
    "incident-in-spanish": "/es/incidents/2026-014/",
    "front-in-english": "/en/",
}
