"""Forms as a browser reads them from a page, and sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class Form:
    """Where it leads, what stands in it untouched, and its buttons: name and value, with an address of their own."""

    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)

    def sent(self, button: str = "", **given: Any) -> tuple[str, dict[str, Any]]:
        """The address and what is sent there, with what a person has `given` and the button pressed."""
        where, what = self.action, {**self.fields, **given}
        if button:
            name, value, leads = next(one for one in self.buttons if one[0] == button)
            where, what[name] = leads or where, value
        return where.partition("#")[0], {name: value for name, value in what.items() if value is not None}


class Reader(HTMLParser):
    """Collects the forms of a page at `address`."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.forms = address, list[Form]()
        self.form: Form | None = None
        self.text = self.select = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value if value is not None else "on" for name, value in attributes}
        if tag == "form" and given.get("method") == "post":
            self.form = Form(given.get("action") or self.address)
            self.forms.append(self.form)
        if self.form is None:
            return
        name = given.get("name", "")
        if tag == "button" and name:
            self.form.buttons.append((name, given.get("value", ""), given.get("formaction", "")))
        elif tag == "textarea":
            self.text = name
            self.form.fields[name] = [""]
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and ("selected" in given or self.select not in self.form.fields):
            self.form.fields[self.select] = [given.get("value", "")]
        elif tag == "input" and name and given.get("type") != "file":
            chosen = given.get("type") not in ("checkbox", "radio") or "checked" in given
            if chosen:
                self.form.fields.setdefault(name, []).append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        self.text = "" if tag == "textarea" else self.text
        self.select = "" if tag == "select" else self.select

    def handle_data(self, data: str) -> None:
        if self.text and self.form is not None:
            self.form.fields[self.text] = [(self.form.fields[self.text][0] + data).removeprefix("\n")]


def read(page: str, address: str, where: str, button: str = "") -> Form:
    """The form of a page that leads to `where`, or whose button does; with that button, if one is named."""
    reader = Reader(address)
    reader.feed(page)
    for form in reader.forms:
        names = [name for name, _value, leads in form.buttons if (leads or form.action).partition("?")[0] == where]
        if (form.action.partition("?")[0] == where or names) and (not button or button in names):
            return form
    raise AssertionError(f"{address} has no form for {where} {button}")
