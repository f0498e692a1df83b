"""Days on which mails come back, reckoned anew from docs/mail.md: who gets no more by the end of each of them."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

import pytest

from talaia.api.inbound_mail import secret, take_returned
from talaia.audience.actions import add, opt_in
from talaia.audience.diff import RecipientStatus
from talaia.audience.mailing import neighbours, readers
from talaia.audience.models import Recipient
from talaia.config import current
from talaia.notices import bounce_counts, tokens
from talaia.notices.actions import forget_bounces
from talaia.notices.models import Bounce, Notice, NoticeRecipient
from talaia.outbox.models import Fact
from tests.notices.conftest import NOW, Configure, House, set_up
from tests.notices.reports import report

pytestmark = pytest.mark.django_db(transaction=True)
WEEK = 7  # so long a mail may take to come back


def crowd(
    house: House, configure: Configure, monkeypatch: pytest.MonkeyPatch, least: int, people: Sequence[str]
) -> None:
    set_up(configure, house.server, f"hard_bounces = {least}\n")
    Recipient.objects.all().delete()
    for address in people:
        add(address, "", NOW)
    monkeypatch.setattr("talaia.api.inbound_mail.timezone.now", lambda: house.now)


def told() -> dict[str, str]:
    return {one.address: one.key for one in readers()}


def write_to(house: House, keys: Collection[str]) -> None:
    """One mail, which a relay has taken for all of them."""
    values: dict[str, Any] = {"number": Notice.objects.count() + 1000, "state": Notice.SENT, "sent": len(keys)}
    notice = Notice.objects.create(
        event=house.open(tell=False), kind="problem", cause="1", began_at=house.now, drawn_at=house.now, **values
    )
    NoticeRecipient.objects.bulk_create(
        NoticeRecipient(notice=notice, recipient=key, state=NoticeRecipient.SENT, at=house.now) for key in keys
    )


def come_back(addresses: Sequence[str], keys: dict[str, str]) -> None:
    for address in addresses:
        path = tokens.return_path(secret(), str(current().mail.bounces), keys[address])
        assert take_returned(path, report(path, "5.1.1", "smtp; 550 5.1.1 User unknown", who=address))


def believed(address: str, back: Collection[str], mails: Sequence[Sequence[str]]) -> bool:
    """Whether a day counts for `address`. `mails`: to whom each of the last week went, in the order of the keys."""
    if len(back) >= 5 and len(back) * 2 > max(map(len, mails)):
        return False
    for mail in mails:
        there = [one in back for one in mail if one.partition("@")[2] == address.partition("@")[2]]
        if len(there) >= 5 and sum(there) * 2 > len(there):
            return False
        if any(all(there[first : first + 20]) for first in range(len(there) - 19)):
            return False
    return True


@pytest.mark.parametrize("seed", range(6))
def test_whose_mails_came_back_on_so_many_days_that_are_believed_gets_no_more_and_nobody_else(
    house: House, configure: Configure, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice = random.Random(seed)
    least, many = dice.choice([1, 1, 2, 3]), dice.choice([4, 8, 12, 26])
    domain = ["gros", "gros", "petit"]
    everybody = [f"p{number:02}@{dice.choice(domain)}.example.net" for number in range(many)]
    crowd(house, configure, monkeypatch, least, everybody)
    keys = on = told()
    counted = dict.fromkeys(everybody, 0)
    mails: list[list[str]] = []
    for _day in range(least + dice.randrange(3)):
        house.later(days=1)
        write_to(house, on.values())
        mails.append(sorted(on, key=keys.__getitem__))
        share, only = dice.choice([0.1, 0.3, 0.5, 0.6, 1.0]), dice.choice(["", "", "@gros"])
        back = [one for one in on if dice.random() < share and only in one]
        come_back(dice.sample(back, len(back)), keys)
        for address in back:
            counted[address] += believed(address, back, mails[-WEEK:])
        on = {one: key for one, key in on.items() if counted[one] < least}
        assert set(told()) == set(on)


def test_whoever_was_believed_to_be_gone_before_too_many_came_back_on_that_day_gets_mails_again(
    house: House, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reports come one by one; after the first of them nobody knows that the relay sends all back."""
    crowd(house, configure, monkeypatch, 1, [f"p{number:02}@example.net" for number in range(12)])
    keys = told()
    write_to(house, keys.values())
    come_back([*keys][:3], keys)
    assert len(told()) == 9
    come_back([*keys][3:], keys)
    assert told() == keys
    assert Fact.objects.filter(kind="audience.not_bounced").count() == 6  # from the seventh on nobody was believed
    [found] = bounce_counts.came_back(house.now, neighbours)
    assert (found.count, found.ours) == (12, False), "and operators see it"


def test_who_wanted_no_more_meanwhile_is_not_told_again_and_who_left_stays_away(
    house: House, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(house, configure, monkeypatch, 1, [f"p{number:02}@example.net" for number in range(12)])
    keys = told()
    write_to(house, keys.values())
    come_back([*keys][:3], keys)
    Recipient.objects.filter(key="p00@example.net").update(standing=RecipientStatus.OPTED_OUT)
    Recipient.objects.filter(key="p01@example.net").update(left_at=house.now)
    come_back([*keys][3:], keys)
    assert {*keys} - {*told()} == {"p00@example.net", "p01@example.net"}
    assert Recipient.objects.get(key="p00@example.net").standing == RecipientStatus.OPTED_OUT
    assert Recipient.objects.get(key="p01@example.net").standing == RecipientStatus.LEFT


def test_who_is_told_again_begins_anew_and_what_came_back_is_forgotten_in_time(
    house: House, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(house, configure, monkeypatch, 2, ["anna@example.net", *(f"p{number:02}@example.net" for number in range(9))])
    keys = told()
    for standing in ("on", "bounced", "on", "bounced"):
        house.later(days=1)
        if standing == "on":
            opt_in("anna@example.net", house.now)
        write_to(house, told().values())
        come_back(["anna@example.net"] * 2, keys)
        assert Recipient.objects.get(key="anna@example.net").standing == standing
    forget_bounces(house.now)
    assert Bounce.objects.count() == 1  # that of today
    assert forget_bounces(house.now + timedelta(seconds=1)) == 1
