"""Addresses: what is one box is compared as one, what pretends to be another is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talaia.audience.address import LONGEST, AddressError, parse


@pytest.mark.parametrize(
    ("text", "written", "key"),
    [
        ("anna@example.org", "anna@example.org", "anna@example.org"),
        (" Anna.Puig@Example.ORG ", "Anna.Puig@example.org", "anna.puig@example.org"),
        ("anna+estat@example.org", "anna+estat@example.org", "anna+estat@example.org"),
        ("o'hara@example.org", "o'hara@example.org", "o'hara@example.org"),
        ("a=b?c@example.org", "a=b?c@example.org", "a=b?c@example.org"),
        ("anna@example.org.", "anna@example.org", "anna@example.org"),
        ("<anna@example.org>", "anna@example.org", "anna@example.org"),
        ("mailto:anna@example.org", "anna@example.org", "anna@example.org"),
        ("anna@Cafè.example", "anna@xn--caf-8la.example", "anna@xn--caf-8la.example"),
        ("anna@XN--CAF-8LA.example", "anna@xn--caf-8la.example", "anna@xn--caf-8la.example"),
        ("anna@paral·lel.example", "anna@xn--parallel-koa.example", "anna@xn--parallel-koa.example"),
        ("anna@пример.рф", "anna@xn--e1afmkfd.xn--p1ai", "anna@xn--e1afmkfd.xn--p1ai"),
        ("anna@例え.jp", "anna@xn--r8jz45g.jp", "anna@xn--r8jz45g.jp"),
    ],
)
def test_an_address_is_written_in_one_way_and_compared_in_one_way(text: str, written: str, key: str) -> None:
    found = parse(text)
    assert (found.written, found.key) == (written, key)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "address_form"),
        ("anna", "address_form"),
        ("@example.org", "address_form"),
        ("anna@", "address_form"),
        ("anna puig@example.org", "address_form"),
        ("anna@b@example.org", "address_form"),
        (".anna@example.org", "address_form"),
        ("anna..puig@example.org", "address_form"),
        ('"anna puig"@example.org', "address_form"),
        ("Anna <anna@example.org>", "address_form"),
        ("=?utf-8?q?_=0D=0ABcc=3Ax=00?=@example.org", "address_form"),
        ("a=?b@example.org", "address_form"),
        ("núria@example.org", "address_letters"),
        ("anna@example", "address_domain"),
        ("anna@exa mple.org", "address_domain"),
        ("anna@-example.org", "address_domain"),
        ("anna@example..org", "address_domain"),
        ("anna@[192.0.2.1]", "address_domain"),
        ("anna@192.0.2.1", "address_domain"),
        ("anna@xn--.org", "address_domain"),
        ("anna@" + "a" * 64 + ".org", "address_domain"),
        ("a" * 65 + "@example.org", "address_long"),
        ("anna@" + "a." * 125 + "example", "address_long"),
        ("a" * 60 + "@" + "a" * 60 + "." + "b" * 60 + "." + "c" * 60 + "." + "d" * 11, "address_long"),
        ("anna@exam\nple.org", "address_controls"),
        ("anna@example.org\r\nBcc: x@example.net", "address_controls"),
        ("an\x00na@example.org", "address_controls"),
        ("anna@exam\u200bple.org", "address_controls"),
        ("anna@\u202eexample.org", "address_controls"),
        ("anna@ex\u0430mple.org", "address_mixed"),
        ("anna@\u0430\u0440\u0440\u04cf\u0435.com", "address_mixed"),
        ("anna@xn--80ak6aa92e.com", "address_mixed"),
        ("anna@\u03bf\u03c1.org", "address_mixed"),
    ],
)
def test_what_is_no_address_or_pretends_to_be_another_is_refused(text: str, code: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse(text)
    assert caught.value.code == code


@given(st.text(max_size=80) | st.emails().map(str.upper))
def test_whatever_comes_gives_an_address_or_a_reason_and_an_address_is_its_own_key(text: str) -> None:
    try:
        found = parse(text)
    except AddressError:
        return
    assert parse(found.written) == found
    assert parse(found.key).key == found.key == found.written.lower()
    assert found.key.isascii() and len(found.key) <= LONGEST and "\n" not in found.key
