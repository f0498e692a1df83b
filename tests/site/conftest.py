"""What tests of the published site share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from talaia.config import Config
from talaia.events.actions import open_incident
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.state import State
from talaia.site.write import publish
from tests.api.conftest import USUAL


@pytest.fixture
def public(configure: Callable[[str], Config]) -> Path:
    """A published folder, as it is to be."""
    config = configure(USUAL)
    list_services(headings(config), timezone.now())
    open_incident({"ca": "Tall"}, {"ca": "Ho mirem."}, {"links": State.DISRUPTION}, timezone.now())
    publish(["all"], timezone.now())
    return config.home / "public"
