"""Who comes in, and with what."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from talaia.desk.people.roles import LONGEST_NAME, NAMES, Role


class LoginForm(AuthenticationForm):
    """Name and password, with texts of our own."""

    error_messages = {
        "invalid_login": gettext_lazy("Name and password do not belong together. Capital letters count."),
        "inactive": gettext_lazy("Name and password do not belong together. Capital letters count."),
    }

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["username"].label = _("Name")
        self.fields["username"].widget.attrs["autocomplete"] = "username webauthn"
        self.fields["password"].label = _("Password")


class CodeForm(forms.Form):
    """A code of the authenticator app, or a recovery code; with the spaces that people put in."""

    code = forms.CharField(
        max_length=40,
        widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["code"].label = _("Code")

    def clean_code(self) -> str:
        return "".join(str(self.cleaned_data["code"]).split()).replace("-", "")


class OwnPasswordForm(forms.Form):
    """The person's own password once more."""

    password = forms.CharField(strip=False, widget=forms.PasswordInput({"autocomplete": "current-password"}))

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["password"].label = _("Password")


class NewPasswordForm(forms.Form):
    """A new password, twice. Whether it will do, the action says."""

    password = forms.CharField(strip=False, widget=forms.PasswordInput({"autocomplete": "new-password"}))
    repeated = forms.CharField(strip=False, widget=forms.PasswordInput({"autocomplete": "new-password"}))

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["password"].label = _("New password (10 characters or more)")
        self.fields["repeated"].label = _("The new password again")

    def clean(self) -> dict[str, Any] | None:
        given = super().clean()
        if given and {"password", "repeated"} <= given.keys() and given["password"] != given["repeated"]:
            self.add_error("repeated", ValidationError(_("The two are not the same.")))
        return given


class JoinForm(NewPasswordForm):
    """What who was invited says: a name, and a password."""

    name = forms.CharField(max_length=LONGEST_NAME, widget=forms.TextInput({"autocomplete": "username"}))
    field_order = ["name", "password", "repeated"]

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["name"].label = _("Name")
        self.fields["password"].label = _("Password (10 characters or more)")
        self.fields["repeated"].label = _("The password again")


class InviteForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(max_length=254, widget=forms.EmailInput({"autocomplete": "off"}))
    role = forms.ChoiceField(initial=Role.OPERATOR.value)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["email"].label = _("Mail address")
        self.fields["role"] = forms.ChoiceField(choices=roles, initial=Role.OPERATOR.value, label=_("Role"))


class PasskeyField(forms.JSONField):
    """What the browser has made; however deep somebody nests it, it is told as wrong."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError:
            raise forms.ValidationError("") from None


class PasskeyForm(forms.Form):
    """What the browser has made, and how its owner calls it."""

    name = forms.CharField(max_length=60, required=False, widget=forms.TextInput({"autocomplete": "off"}))
    credential = PasskeyField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["name"].label = _("How you call this device")


def roles() -> list[tuple[str, str]]:
    return [(role.value, str(NAMES[role])) for role in Role]
