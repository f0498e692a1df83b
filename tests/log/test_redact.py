"""No secret of an address, no password and nobody's mail address is left in a text of the log."""

from __future__ import annotations

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from talaia.log.redact import DOORS, hidden

SECRET = "Zx9_kQ-7vLmN2pRtYw4s"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"Forbidden (CSRF cookie not set.): /desk/join/{SECRET}", "Forbidden (CSRF cookie not set.): /desk/join/…"),
        (f"Not Found: /desk/join/{SECRET}/and/more?x=1", "Not Found: /desk/join/…"),
        (f"/DESK//Join/{SECRET} and more", "/DESK//Join/… and more"),
        (f"Referer https://status.example.org/u/{SECRET}.", "Referer https://status.example.org/u/…"),
        (f'"/es/subscribe/{SECRET}"', '"/es/subscribe/…"'),
        (f"/desk/login?next=/desk/join/{SECRET}", "/desk/login?next=/desk/join/…"),
        (f"/desk/login?next=%2Fdesk%2Fjoin%2F{SECRET}", "/desk/login?next=%2Fdesk%2Fjoin%2F…"),
        (f"?next=%252Fdesk%252fjoin%252F{SECRET}", "?next=%252Fdesk%252fjoin%252F…"),
        (f"postgresql://talaia:{SECRET}@db.example.org/x", "postgresql://…@db.example.org/x"),
        (f"https://talaia:a/{SECRET}@proxy.example.org", "https://…@proxy.example.org"),
        (f"Authorization: Bearer {SECRET}", "Authorization: Bearer …"),
        (f"back?code={SECRET}&state={SECRET}&page=2", "back?code=…&state=…&page=2"),
        (f"client_secret={SECRET}", "client_secret=…"),
        ("550 <anna+x@example.org>: no such user", "550 <…@example.org>: no such user"),
        ("Key (address)=(anna@example.org) already exists", "Key (address)=(…@example.org) already exists"),
        (f"what the file says: {SECRET}", "what the file says: …"),
        (f"/healthz/{SECRET}", "/healthz/…"),
        # and what is none stays
        ("https://status.example.org/subscribe/", "https://status.example.org/subscribe/"),
        (
            "check website (http https://www.example.org/): fails",
            "check website (http https://www.example.org/): fails",
        ),
        ("http://127.0.0.1:9090 does not answer", "http://127.0.0.1:9090 does not answer"),
        ("the state=partial is told", "the state=… is told"),
        ("incident/2026-003 is parked", "incident/2026-003 is parked"),
    ],
)
def test_a_secret_is_left_out_and_the_rest_stays(text: str, left: str) -> None:
    assert hidden(text, [SECRET] if "file" in text or "healthz" in text else []) == left


def test_where_a_stranger_wrote_it_nothing_that_could_be_a_secret_stays() -> None:
    assert hidden(f"Not Found: /other/{SECRET}/x", strangers=True) == "Not Found: /other/…/x"
    assert hidden(f"mirror of {SECRET}") == f"mirror of {SECRET}"  # nobody but we wrote that


def doors(resolver: URLResolver, before: str = "") -> list[str]:
    found = []
    for entry in resolver.url_patterns:
        path = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            found += doors(entry, path)
        elif isinstance(entry, URLPattern):
            found.append(path)
    return found


def test_every_address_of_ours_that_holds_a_secret_is_known() -> None:
    holding = [path for path in doors(get_resolver()) if "token>" in path or "secret>" in path]
    assert len(holding) == 3
    for path in holding:
        assert path.startswith(DOORS), f"{path}: name it in log/redact.py, and in contrib/nginx"
