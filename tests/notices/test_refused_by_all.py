"""A mail server that refuses everybody, or very many: the mail waits for a person, and nobody is switched off."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import translation

from talaia.api.inbound_mail import secret, take_returned
from talaia.audience.actions import add
from talaia.audience.diff import RecipientStatus
from talaia.audience.mailing import neighbours, readers
from talaia.audience.models import Recipient
from talaia.config import current
from talaia.desk.people.roles import Role
from talaia.events import actions as events
from talaia.events.timeline import IncidentState, NotPossible
from talaia.notices import actions, bounce_counts, tokens
from talaia.notices.models import Bounce, Notice, NoticeRecipient
from talaia.notices.send_outcome import FEW, IN_A_ROW, SAME_ANSWER, Answered, objection, too_many, too_many_there
from talaia.notices.smtp_replies import Meaning
from talaia.outbox.models import Delivery, Fact
from talaia.panel.state import State
from tests.desk.conftest import member
from tests.notices.conftest import NOW, Configure, House, set_up
from tests.notices.reports import report

pytestmark = pytest.mark.django_db(transaction=True)
GONE, OURS, TAKEN, LATER, UNCLEAR = (
    Meaning.GONE,
    Meaning.OURS,
    Meaning.TAKEN,
    Meaning.LATER,
    Meaning.UNCLEAR,
)
OF_ALL = [
    "550 relay not permitted",
    "550 5.1.1 unknown user",
    "554 5.7.1 Relay access denied",
    "550 5.7.1 blocked using zen.spamhaus.org",
    "550 Sender verify failed",
    "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "550-Callout verification failed\r\n550 ask your postmaster",
    "550 5.1.8 Sender address rejected: Domain not found",
    "550 rate limit exceeded, try later",
    "550 no",
]


def told() -> int:
    return Recipient.objects.filter(standing=RecipientStatus.ON).count()


def crowd(count: int) -> None:
    for number in range(count):
        add(f"p{number:02}@example.net", "", NOW)


def mail_page(notice: Notice) -> str:
    desk = Client(headers={"accept-language": "en"})
    desk.force_login(member("dora", Role.OPERATOR))
    return desk.get(f"/desk/mails/{notice.pk}/").content.decode()


def to(house: House, answer: Callable[[str], str | None]) -> None:
    """What the server answers at RCPT, by the name of who it is to."""
    house.server.answers = lambda verb, argument: (
        answer(argument.partition("<")[2].partition("@")[0]) if verb == "RCPT" else None
    )


def a_day(house: House) -> Notice:
    """One incident from its beginning to its end. The notice of the problem."""
    event = house.open()
    house.work().later(minutes=2).work()
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, house.now)
    house.work().later(minutes=2).work()
    return Notice.objects.get(event=event, kind="problem")


@pytest.mark.parametrize("people", [0, 40])
@pytest.mark.parametrize("answer", OF_ALL)
def test_who_refuses_everybody_switches_nobody_off_and_nothing_is_sent(house: House, answer: str, people: int) -> None:
    crowd(people)
    to(house, lambda _who: answer)
    for _day in range(4):
        notice = a_day(house)
        assert (notice.state, notice.sent) == ("stuck", 0)
        assert answer[4:20] in notice.error
        house.later(days=1)
    assert told() == 3 + people
    assert not Bounce.objects.exists()
    assert len(house.parked()) == 4
    assert Notice.objects.filter(kind="problem", state="stuck").count() == 4
    ends = Notice.objects.filter(kind="resolved")  # of what nobody was told
    assert [(one.sent, one.refused, one.waiting) for one in ends] == [(0, 0, 0)] * 4
    assert not NoticeRecipient.objects.exclude(notice__kind="problem").exists()
    assert not NoticeRecipient.objects.filter(state=NoticeRecipient.SENT).exists()
    assert "there was nobody to tell" in mail_page(ends[0])


def test_of_what_is_over_by_the_time_that_the_server_is_mended_nobody_is_told_the_beginning(house: House) -> None:
    """Else they would hear of a problem that is over, and never that it is."""
    crowd(20)
    to(house, lambda _who: "554 5.7.1 Relay access denied")
    event = house.open()
    house.work().later(minutes=2).work()
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Arreglat."}, house.now, by="anna")
    house.work().later(minutes=2).work()
    house.server.answers = lambda _verb, _argument: None
    stuck = Notice.objects.get(kind="problem")
    assert (stuck.state, stuck.sent) == ("stuck", 0)
    with translation.override("en"), pytest.raises(NotPossible, match="it is no longer true"):
        actions.try_again(stuck.pk, house.now, by="anna")
    events.update_incident(event.ref, IncidentState.IDENTIFIED, {"ca": "Torna."}, house.now, by="anna", tell=True)
    with translation.override("en"), pytest.raises(NotPossible, match="it is no longer true"):
        actions.try_again(stuck.pk, house.now, by="anna")
    house.work().later(minutes=2).work()
    assert len(house.server.taken) == 3 + 20, "the one of now, once"


def test_what_was_not_believed_is_not_believed_either_when_the_next_mail_goes_well(house: House) -> None:
    at_two(40, lambda number: number % 4 == 0)
    refuse_at(house, "gros.example.net")
    house.open()
    house.work().later(minutes=2).work()
    assert NoticeRecipient.objects.filter(meaning=GONE).count() == 10
    house.server.answers = lambda verb, argument: None
    house.open()
    house.work().later(minutes=2).work()
    assert [row.state for row in Notice.objects.order_by("pk")] == [Notice.STUCK, Notice.SENT]
    assert Bounce.objects.count() == 0


def test_it_is_on_the_first_page_of_the_desk_and_once_mended_everybody_gets_it(house: House) -> None:
    crowd(20)
    to(house, lambda _who: "554 5.7.1 Relay access denied")
    house.open()
    house.work().later(minutes=2).work()
    desk = Client(headers={"accept-language": "en"})
    desk.force_login(member("dora", Role.OPERATOR))
    shown = desk.get("/desk/").content.decode()
    assert "1 delivery is stuck" in shown and "cannot go on" in shown and "Relay access denied" in shown
    to(house, lambda _who: None)
    desk.post(f"/desk/deliveries/{Delivery.objects.get(state=Delivery.PARKED).pk}", {"again": "1"})
    house.work()
    assert house.notices() == [("problem", "sent", "")]
    assert len(set(house.server.to())) == len(house.server.taken) == 23
    assert house.parked() == []


@pytest.mark.parametrize("before_it_stopped", [0, 3])
def test_of_what_is_over_nobody_else_is_told_the_beginning_and_who_was_told_hears_the_end_once(
    house: House, before_it_stopped: int
) -> None:
    crowd(10)
    asked = itertools.count()
    to(house, lambda _who: None if next(asked) < before_it_stopped else "554 5.7.1 Relay access denied")
    event = house.open()
    house.work().later(minutes=2).work()
    assert house.notices() == [("problem", "stuck", "")]
    to(house, lambda _who: None)
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, house.now)
    house.work().later(minutes=2).work()
    assert Notice.objects.get(kind="resolved").sent == before_it_stopped
    desk = Client(headers={"accept-language": "en"})
    desk.force_login(member("dora", Role.OPERATOR))
    desk.post(f"/desk/deliveries/{Delivery.objects.get(state=Delivery.PARKED).pk}", {"again": "1"})
    house.work().later(minutes=2).work()
    assert [(one.kind, one.state, one.sent) for one in Notice.objects.order_by("pk")] == [
        ("problem", "stuck", before_it_stopped),
        ("resolved", "sent", before_it_stopped),
    ]
    assert set(Counter(house.server.to()).values()) <= {2}


@pytest.mark.parametrize("again", [False, True])
def test_of_what_was_refused_and_became_part_of_another_nobody_hears_the_end_alone_nor_the_beginning_twice(
    house: House, again: bool
) -> None:
    to(house, lambda _who: "554 5.7.1 Relay access denied")
    small = events.open_incident(
        {"ca": "Lenta"}, {"ca": "Ho mirem."}, {"links": State.DEGRADED}, house.now, by="anna", tell=False
    )
    big = house.open()
    house.work().later(minutes=2).work()
    events.merge_incident(big.ref, small.ref, {"ca": "És la mateixa."}, house.now, by="anna")
    house.work().later(minutes=2).work()
    events.update_incident(small.ref, IncidentState.RESOLVED, {"ca": "Fet."}, house.now, by="anna")
    house.work().later(minutes=2).work()
    if again:
        events.update_incident(small.ref, IncidentState.MONITORING, {"ca": "Torna."}, house.now, by="anna", tell=True)
        house.work().later(minutes=2).work()
    to(house, lambda _who: None)
    for stuck in Notice.objects.filter(state=Notice.STUCK).order_by("pk"):
        with suppress(NotPossible):  # it is no longer true
            actions.try_again(stuck.pk, house.now, by="dora")
    house.work().later(minutes=2).work()
    assert [mail.message_id.partition(".")[0] for mail in house.server.taken] == [f"<incident-{small.ref}"] * 3 * again
    assert {one.kind for one in Notice.objects.filter(sent__gt=0)} == ({"problem"} if again else set())


def test_a_problem_that_was_over_once_is_not_sent_again_when_it_is_opened_again(house: House) -> None:
    to(house, lambda _who: "554 5.7.1 Relay access denied")
    event = house.open()
    house.work().later(minutes=2).work()
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, house.now)
    house.work().later(minutes=2).work()
    events.update_incident(event.ref, IncidentState.MONITORING, {"ca": "Torna a fallar."}, house.now)
    to(house, lambda _who: None)
    with translation.override("en"), pytest.raises(NotPossible, match="no longer true"):
        actions.try_again(Notice.objects.get(kind="problem", state=Notice.STUCK).pk, house.now, by="dora")
    house.work()
    assert [one.sent for one in Notice.objects.filter(kind="resolved")] == [0]


def test_the_end_of_what_was_opened_again_is_not_sent_and_that_of_now_once(house: House) -> None:
    event = house.open()
    house.work().later(minutes=2).work()
    to(house, lambda _who: "554 5.7.1 Relay access denied")
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, house.now)
    house.work().later(minutes=2).work()
    events.update_incident(event.ref, IncidentState.MONITORING, {"ca": "Torna a fallar."}, house.now)
    house.work().later(minutes=2).work()
    old = Notice.objects.get(kind="resolved", state=Notice.STUCK)
    with translation.override("en"), pytest.raises(NotPossible, match="no longer true"):
        actions.try_again(old.pk, house.now, by="dora")
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Ara sí."}, house.now)
    house.work().later(minutes=2).work()
    house.server.answers = lambda _verb, _argument: None
    house.server.taken.clear()
    with translation.override("en"), pytest.raises(NotPossible, match="no longer true"):
        actions.try_again(old.pk, house.now, by="dora")
    last = Notice.objects.filter(kind="resolved").latest("number")
    actions.try_again(last.pk, house.now, by="dora")
    house.work()
    assert len(house.server.taken) == 3


def test_the_second_end_is_not_told_to_whom_that_it_came_back_has_not_reached(house: House) -> None:
    event = house.open()
    house.work().later(minutes=2).work()
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, house.now)
    house.work().later(minutes=2).work()
    to(house, lambda who: None if who == "anna" else "550 5.1.1 unknown user")
    events.update_incident(event.ref, IncidentState.MONITORING, {"ca": "Torna."}, house.now, tell=True)
    house.work().later(minutes=2).work()
    house.server.answers = lambda _verb, _argument: None
    house.server.taken.clear()
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Ara sí."}, house.now)
    house.work().later(minutes=2).work()
    assert [taken.to for taken in house.server.taken] == ["anna@example.net"]


def test_a_run_of_refusals_goes_on_in_the_next_part(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd(20)
    monkeypatch.setattr("talaia.notices.send_batch.time.monotonic", itertools.count().__next__)
    monkeypatch.setattr("talaia.notices.send_batch.PART", 1.5)  # looks at the clock: one copy in each part
    asked: list[str] = []

    def refuse(who: str) -> str:
        asked.append(who)
        return "550 relay not permitted"

    to(house, refuse)
    house.open()
    house.work().later(minutes=2).work()
    assert house.notices() == [("problem", "stuck", "")]
    assert len(asked) == SAME_ANSWER
    assert Fact.objects.filter(kind="notice.went_on").count() == SAME_ANSWER - 1


def test_one_that_is_refused_for_what_we_are_is_told_when_all_others_have_theirs(house: House) -> None:
    to(house, lambda who: {"bernat": "550 5.7.26 unauthenticated sender", "carla": "550 5.1.1 unknown"}.get(who))
    for _day in range(3):
        notice = a_day(house)
        assert (notice.state, notice.sent, notice.refused) == ("stuck", 1, 2)
        assert "refused 1 copies for what we are" in notice.error and "5.7.26" in notice.error
        assert "bernat" not in notice.error
        house.later(days=1)
    assert told() == 3  # who refuses us is not believed about others


def test_who_is_not_there_among_many_is_switched_off_after_three_days_and_the_others_get_theirs(house: House) -> None:
    crowd(20)
    to(house, lambda who: "550 5.1.1 unknown user" if who in ("p03", "p04", "p17") else None)
    for day in range(3):
        assert told() == 23
        notice = a_day(house)
        assert (notice.state, notice.sent, notice.refused) == ("sent", 20, 3)
        assert told() == (23 if day < 2 else 20)
        house.later(days=1)


def test_a_directory_that_is_away_in_the_middle_is_not_believed(house: House) -> None:
    crowd(60)
    to(house, lambda who: "550 5.1.1 unknown user" if "p30" <= who <= "p55" else None)
    for _day in range(3):
        notice = a_day(house)
        assert (notice.state, notice.sent, notice.refused) == ("stuck", 37, 26)
        assert "26 in 63 addresses" in notice.error
        house.later(days=1)
    assert told() == 63


NOT_THERE = "550 5.1.1 The email account that you tried to reach does not exist"


def at_two(count: int, theirs: Callable[[int], bool]) -> None:
    """A crowd of which some have their address at another provider."""
    for number in range(count):
        add(f"p{number:03}@{'gros.example.net' if theirs(number) else 'example.com'}", "", NOW)


def refuse_at(house: House, domain: str, which: Callable[[str], bool] = lambda _who: True, at_all: str = "") -> None:
    """Its server knows nobody, or not those; `at_all`: who is not there at whichever one."""
    house.server.answers = lambda verb, argument: (
        NOT_THERE
        if verb == "RCPT"
        and ((f"@{domain}" in argument and which(argument.partition("<")[2])) or (at_all and at_all in argument))
        else None
    )


@pytest.mark.parametrize(("people", "each"), [(15, 3), (52, 4), (60, 3)])
def test_one_provider_without_its_directory_loses_nobody_while_others_are_believed(
    house: House, people: int, each: int
) -> None:
    at_two(people, lambda number: number % each == 0)  # no run of them, in the order in which copies go
    theirs = Recipient.objects.filter(key__endswith="gros.example.net").count()
    refuse_at(house, "gros.example.net", at_all="<p001@")
    for day in range(3):
        notice = a_day(house)
        assert (notice.state, notice.sent, notice.refused) == ("stuck", people + 2 - theirs, theirs + 1)
        assert f"at gros.example.net of {theirs} in {theirs} addresses" in notice.error
        assert "@" not in notice.error and "opt these addresses out" in notice.hint
        assert told() == people + (3 if day < 2 else 2)
        house.later(days=1)
    assert not Recipient.objects.filter(key__startswith="p001@").exclude(standing=RecipientStatus.BOUNCED).exists()
    kept = Bounce.objects.values_list("recipient", flat=True)
    assert not {reader.key for reader in readers() if "@gros" in reader.address}.intersection(kept)
    refuse_at(house, "nowhere.example")
    house.work()
    Delivery.objects.filter(state=Delivery.PARKED).update(state=Delivery.READY)
    house.later(days=5).work()
    assert a_day(house).sent == people + 2


def test_a_directory_that_is_away_for_a_while_at_one_provider_is_seen_between_the_others(house: House) -> None:
    at_two(120, lambda number: number % 2 == 0)  # 60 there, of whom 22 one after the other are not known
    refuse_at(house, "gros.example.net", lambda who: "p020@" <= who <= "p062@z")
    for _day in range(3):
        notice = a_day(house)
        assert (notice.state, notice.refused) == ("stuck", 22)
        assert "at gros.example.net of 22 in 60 addresses" in notice.error
        house.later(days=1)
    assert told() == 123


def test_a_server_that_cannot_find_our_own_domain_says_nothing_of_whom_it_is_to(house: House) -> None:
    to(house, lambda who: "550 5.1.2 example.org: Domain not found" if who == "bernat" else None)
    for _day in range(3):
        assert a_day(house).state == "sent"
        house.later(days=1)
    assert set(NoticeRecipient.objects.exclude(state=NoticeRecipient.SENT).values_list("meaning", flat=True)) == {
        UNCLEAR
    }
    assert told() == 3 and not Bounce.objects.exists()


def test_a_full_mailbox_is_tried_again_and_costs_nobody_anything(house: House) -> None:
    to(house, lambda who: "552 5.2.2 over quota" if who == "bernat" else None)
    house.open()
    house.work().later(minutes=2).work()
    assert house.notices() == [("problem", "sending", "")]
    to(house, lambda _who: None)
    house.later(minutes=2).work()
    assert house.notices() == [("problem", "sent", "")]
    assert len(house.server.taken) == 3
    assert not Bounce.objects.exists()


@pytest.mark.parametrize("all_of_them", [False, True])
def test_who_is_put_off_until_it_is_too_late_is_told_as_refused(house: House, all_of_them: bool) -> None:
    to(house, lambda who: "450 4.7.1 greylisted" if who == "bernat" or all_of_them else None)
    house.open()
    house.work().later(minutes=2).work()
    waiting = Notice.objects.get()
    assert waiting.state == "sending"
    assert ("so nobody has got it" in waiting.error) == all_of_them  # it is seen at the desk before it is over
    for _hour in range(26):
        house.later(hours=1).work()
    done = Notice.objects.get()
    assert (done.state, done.sent, done.refused, done.waiting) == (
        ("stuck", 0, 3, 0) if all_of_them else ("sent", 2, 1, 0)
    )


def test_of_whom_nobody_is_left_to_be_told_nothing_is_stuck(house: House) -> None:
    Recipient.objects.update(services=["video"])
    house.open()
    house.work().later(minutes=2).work()
    assert house.notices() == [("problem", "sent", "")]
    desk = Client(headers={"accept-language": "en"})
    desk.force_login(member("dora", Role.OPERATOR))
    assert "there was nobody to tell" in desk.get(f"/desk/mails/{Notice.objects.get().pk}/").content.decode()


def test_a_list_that_does_not_take_it_leaves_it_stuck(house: House, configure: Configure) -> None:
    set_up(configure, house.server, to='to = "avisos@lists.example.org"')
    to(house, lambda _who: "550 5.1.1 unknown list")
    house.open()
    house.work().later(minutes=2).work()
    assert house.notices() == [("problem", "stuck", "")]


def come_back(house: House, monkeypatch: pytest.MonkeyPatch, addresses: list[str], status: str, said: str) -> None:
    monkeypatch.setattr("talaia.api.inbound_mail.timezone.now", lambda: house.now)
    keys = {reader.address: reader.key for reader in readers()}
    for address in addresses:
        if address in keys:
            back = tokens.return_path(secret(), str(current().mail.bounces), keys[address])
            assert take_returned(back, report(back, status, said, who=address))


def test_a_relay_that_takes_all_and_sends_all_back_switches_nobody_off(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(40)
    everybody = [reader.address for reader in readers()]
    for _day in range(4):
        a_day(house)
        come_back(house, monkeypatch, everybody, "5.4.4", "X-Postfix; Host or domain name not found")
        assert bounce_counts.too_many_came_back(house.now.astimezone(current().site.tz).date())
        house.later(days=1)
    assert told() == 43


def test_a_provider_that_sends_all_of_its_own_back_switches_nobody_off_and_is_named_to_operators(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_two(40, lambda number: number % 4 == 0)
    theirs = [reader.address for reader in readers() if "@gros" in reader.address]
    said = "smtp; 550 5.1.1 User unknown"
    for _day in range(4):
        a_day(house)
        come_back(house, monkeypatch, [*theirs, "p001@example.com"], "5.1.1", said)
        assert not bounce_counts.too_many_came_back(house.now.astimezone(current().site.tz).date())
        house.later(days=1)
    assert list(Recipient.objects.exclude(standing=RecipientStatus.ON).values_list("address", flat=True)) == [
        "p001@example.com"
    ]
    house.later(days=-1)
    monkeypatch.setattr("talaia.desk.front.views.timezone.now", lambda: house.now)
    desk = Client(headers={"accept-language": "en"})
    desk.force_login(member("dora", Role.OPERATOR))
    shown = desk.get("/desk/").content.decode()
    assert "<strong>10 mails</strong> from gros.example.net came back as if nobody was there" in shown
    assert "example.com" not in shown and "@" not in shown.partition('id="came-back"')[2].partition("</section>")[0]


def test_a_provider_is_named_to_operators_also_where_some_of_its_own_came_through(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_two(40, lambda number: number % 4 == 0)
    a_day(house)
    theirs = [reader.address for reader in readers() if "@gros" in reader.address]
    come_back(house, monkeypatch, [*theirs[:8], "p001@example.com"], "5.1.1", "smtp; 550 5.1.1 User unknown")
    [found] = bounce_counts.came_back(house.now, neighbours)
    assert (found.count, found.ours, found.domain) == (8, False, "gros.example.net")


def test_more_than_half_of_five_at_one_provider_are_too_many(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    at_two(20, lambda number: number % 4 == 0)
    a_day(house)
    today = house.now.astimezone(current().site.tz).date()
    theirs = [reader for reader in readers() if "@gros" in reader.address]
    keys = [reader.key for reader in theirs]
    for back, many in ((2, False), (3, True)):
        come_back(house, monkeypatch, [reader.address for reader in theirs[:back]], "5.1.1", "smtp; 550 5.1.1 unknown")
        assert (len(keys), bounce_counts.too_many_came_back_there(today, keys)) == (5, many)


def test_of_what_came_back_because_of_us_the_latest_words_are_shown(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in ("first", "second"):
        said = f"smtp; 550 5.1.8 <torna@example.org>: Sender address rejected: {words}"
        come_back(house, monkeypatch, [f"{'anna' if words == 'first' else 'bernat'}@example.net"], "5.1.8", said)
        house.later(minutes=5)
    [found] = bounce_counts.came_back(house.now, neighbours)
    assert (found.count, found.ours, "second" in found.said) == (2, True, True)


def test_the_returns_of_a_provider_are_measured_by_who_was_written_to_and_not_by_all_who_are_there(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mail to everybody, days before, says nothing of those who had one today."""
    at_two(40, lambda number: number % 2 == 0)
    a_day(house)
    today = house.now.astimezone(current().site.tz).date()
    theirs = [reader for reader in readers() if "@gros" in reader.address]
    keys = [reader.key for reader in theirs]
    come_back(house, monkeypatch, [reader.address for reader in theirs[::2][:6]], "5.1.1", "smtp; 550 5.1.1 unknown")
    assert not bounce_counts.too_many_came_back_there(today, keys)  # 6 of 20
    last = Notice.objects.order_by("began_at", "pk").last()
    assert last is not None
    last.postings.exclude(recipient__in=keys[:10]).delete()
    assert not bounce_counts.too_many_came_back_there(today, keys)  # 5 of 10
    last.postings.filter(recipient=keys[1]).delete()
    assert bounce_counts.too_many_came_back_there(today, keys)  # 5 of 9


def test_one_whose_mails_come_back_is_switched_off_although_a_relay_was_ill_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(40)
    everybody = [reader.address for reader in readers()]
    for addresses in (["p07@example.net"], everybody, ["p07@example.net"], ["p07@example.net"]):
        a_day(house)
        come_back(house, monkeypatch, addresses, "5.1.1", "smtp; 550 5.1.1 User unknown")
        house.later(days=1)
    assert list(Recipient.objects.exclude(standing=RecipientStatus.ON).values_list("address", flat=True)) == [
        "p07@example.net"
    ]


def test_what_comes_back_because_of_us_counts_for_nobody_and_is_on_the_first_page(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "smtp; 550 5.1.8 <torna@example.org>: Sender address rejected: Domain not found"
    for _day in range(4):
        for _twice in range(2):
            come_back(house, monkeypatch, ["anna@example.net", "bernat@example.net"], "5.1.8", said)
        house.later(days=1)
    assert told() == 3
    assert Bounce.objects.filter(ours=True).count() == 8
    house.later(days=-1)
    monkeypatch.setattr("talaia.desk.front.views.timezone.now", lambda: house.now)
    desk = Client(headers={"accept-language": "en"})
    desk.force_login(member("dora", Role.OPERATOR))
    shown = desk.get("/desk/").content.decode()
    assert "Mails come back" in shown and "Sender address rejected" in shown and "2 mails" in shown
    assert "torna@" not in shown and "anna@example.net" not in shown
    house.later(days=5)
    assert "Mails come back" not in desk.get("/desk/").content.decode()


def test_a_full_mailbox_a_forwarder_and_a_policy_that_come_back_cost_nobody_anything(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _day in range(4):
        for status, said in (("5.0.0", "smtp; 552-5.2.2 over quota"), ("5.0.0", ""), ("5.7.1", "smtp; 550 5.7.1 SPF")):
            come_back(house, monkeypatch, ["anna@example.net"], status, said)
        house.later(days=1)
    assert told() == 3


def test_who_is_forgotten_by_a_mass_of_returns_is_not_counted_by_its_first_day(house: House) -> None:
    """The first of many that come back on a day are counted before it is seen that there are many."""
    crowd(40)
    a_day(house)
    for days in range(3):
        for number in range(43):
            day = date(2026, 5, 4) + timedelta(days=days)
            assert not actions.note_bounce(f"r{number:012}", "5.4.4", day, house.now, neighbours)


def many(*parts: tuple[Meaning | str, int]) -> list[Answered]:
    return [Answered(meaning, f"words of {meaning}") for meaning, count in parts for _ in range(count)]


def there(domain: str, *parts: tuple[Meaning | str, int]) -> list[Answered]:
    return [replace(one, domain=domain) for one in many(*parts)]


def in_turns(some: list[Answered], others: list[Answered]) -> list[Answered]:
    return [one for pair in zip(some, others, strict=True) for one in pair]


@pytest.mark.parametrize(
    ("answers", "part"),
    [
        ([], ""),
        (many((TAKEN, 9)), ""),
        (many(("", 3)), ""),  # they left meanwhile
        (many((TAKEN, 5), (GONE, 4)), ""),
        (many((TAKEN, FEW), (GONE, FEW)), ""),  # half
        (many((TAKEN, FEW - 1), (GONE, FEW)), "too many to be believed"),
        (many((TAKEN, 1), (GONE, FEW - 1)), ""),
        (many((TAKEN, 200), (GONE, IN_A_ROW - 1), (TAKEN, 1), (GONE, IN_A_ROW - 1)), ""),
        (many((TAKEN, 200), (GONE, IN_A_ROW), (TAKEN, 200)), "20 in 420 addresses"),
        (many((TAKEN, 200), (GONE, 10), (LATER, 1), ("", 1), (GONE, 10)), "too many to be believed"),
        (many((TAKEN, 9), (OURS, 1)), "refused 1 copies for what we are"),
        (many((TAKEN, 9), (GONE, 3), (OURS, 1)), "words of ours"),
        (many((TAKEN, 9), (UNCLEAR, 1)), ""),
        (many((UNCLEAR, 1)), "nobody has got it"),
        (many((GONE, 1)), "nobody has got it: words of gone"),
        (many((LATER, 3), ("", 1)), "nobody has got it"),
        (many((TAKEN, 9)) + there("x.example", (GONE, FEW)), "at x.example of 5 in 5 addresses"),
        (many((TAKEN, 9)) + there("x.example", (GONE, FEW - 1)), ""),
        (many((TAKEN, 9)) + there("x.example", (GONE, 3), (TAKEN, 2)), "at x.example of 3 in 5 addresses"),
        (many((TAKEN, 9)) + there("x.example", (GONE, 3), (TAKEN, 3)), ""),
        (many((TAKEN, 9)) + there("x.example", (GONE, 4), (LATER, 1)), "at x.example of 4 in 4 addresses"),
        (many((TAKEN, 9)) + there("x.example", (GONE, 4), ("", 1)), ""),
        (many((TAKEN, 9), (OURS, 1)) + there("x.example", (GONE, 9)), "refused 1 copies for what we are"),
        (many((TAKEN, 9), (GONE, 20)), "29 addresses that they are not there"),
        (
            in_turns(there("x.example", (GONE, 20)), there("y.example", (TAKEN, 20))) + there("x.example", (TAKEN, 90)),
            "at x.example of 20 in 110 addresses",
        ),
        (
            in_turns(there("x.example", (GONE, 19)), there("y.example", (TAKEN, 19))) + there("x.example", (TAKEN, 90)),
            "",
        ),
        (
            [one for name in "edcba" for one in [*there(f"{name}.example", (GONE, 5)), *many((TAKEN, 20))]],
            "at c.example of 5 in 5 addresses; and at 2 domains more",
        ),
    ],
)
def test_when_a_server_is_believed(answers: list[Answered], part: str) -> None:
    found = objection(answers)
    assert (found is None) == (part == "")
    if found:
        assert part in found.what and found.hint


@pytest.mark.parametrize(
    ("came_back", "written_to", "many"),
    [(0, 0, False), (4, 0, False), (5, 0, True), (5, 9, True), (5, 10, False), (43, 43, True), (43, 100, False)],
)
def test_when_too_many_came_back(came_back: int, written_to: int, many: bool) -> None:
    assert too_many(came_back, written_to) is many


@pytest.mark.parametrize(
    ("copies", "many"),
    [
        ([], False),
        ([True] * 4, False),
        ([True] * 5, True),
        ([True] * 3 + [False] * 2, True),
        ([True, False] * 5, False),
        ([False] * 90 + [True] * 20, True),
        ([False] * 90 + [True] * 19, False),
    ],
)
def test_when_too_many_came_back_of_those_at_one_domain(copies: list[bool], many: bool) -> None:
    assert too_many_there(copies) is many


def test_put_off_copies_are_tried_when_they_are_due_and_not_when_others_are(house: House) -> None:
    asked: list[tuple[float, str]] = []

    def answer(who: str) -> str | None:
        asked.append(((house.now - NOW).total_seconds() - 60, who))
        return None if who == "carla" or (who == "bernat" and len(asked) > 5) else "450 4.2.0 later"

    to(house, answer)
    house.open()
    house.work().later(minutes=1).work()
    anna = NoticeRecipient.objects.get(recipient=next(one.key for one in readers() if one.address.startswith("anna")))
    assert anna.due == house.now + timedelta(minutes=1)
    NoticeRecipient.objects.filter(pk=anna.pk).update(due=house.now + timedelta(minutes=30))
    asked.clear()
    for _minute in range(20):
        house.later(minutes=1).work()
    assert {who for _, who in asked} == {"bernat"}
    house.later(minutes=10).work()
    assert asked[-1] == (1800.0, "anna")
