"""What a role may do. Each may do all that the one before it may."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LONGEST_NAME = 60  # characters of what a person is called


class Role(StrEnum):
    """From who may least to who may most."""

    VIEWER = "viewer"  # reads
    EDITOR = "editor"  # writes drafts and analyses
    OPERATOR = "operator"  # publishes
    ADMIN = "admin"  # lets people in


NAMES: dict[Role, Promise] = {
    Role.VIEWER: _("viewer"),
    Role.EDITOR: _("editor"),
    Role.OPERATOR: _("operator"),
    Role.ADMIN: _("admin"),
}
MEANINGS: dict[Role, Promise] = {
    Role.VIEWER: _("reads everything at the desk"),
    Role.EDITOR: _("also writes drafts and analyses, which an operator publishes"),
    Role.OPERATOR: _("also publishes, and reads who did what"),
    Role.ADMIN: _("also lets people in and out"),
}


def may(role: Role | None, needed: Role) -> bool:
    """Whether somebody with `role` (None: no member) may do what needs `needed`."""
    order = list(Role)
    return role is not None and order.index(role) >= order.index(needed)
