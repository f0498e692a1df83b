"""Who comes in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class LoginForm(AuthenticationForm):
    """Name and password, with texts of our own."""

    error_messages = {
        "invalid_login": gettext_lazy("Name and password do not belong together. Capital letters count."),
        "inactive": gettext_lazy("Name and password do not belong together. Capital letters count."),
    }

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["username"].label = _("Name")
        self.fields["password"].label = _("Password")
