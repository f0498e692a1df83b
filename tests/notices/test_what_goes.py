"""From what an operator does to what arrives in a mailbox: the whole chain, with a mail server at its end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import OperationalError, connection

from talaia.audience import actions as audience
from talaia.audience.models import Recipient
from talaia.events import actions as events
from talaia.events.models import Event
from talaia.events.reading import event_of
from talaia.events.timeline import IncidentState, MaintenanceState, NotPossible
from talaia.notices import actions, rows
from talaia.notices.models import Notice, NoticeRecipient
from talaia.notices.smtp_replies import Meaning
from talaia.notices.values import NoticeStory
from talaia.outbox.locks import alone
from talaia.outbox.models import Fact
from talaia.panel.state import State
from tests.notices.conftest import MINUTE, NOW, Configure, House, set_up

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_disruption_is_told_after_its_hold_to_each_in_their_language(house: House) -> None:
    event = house.open()
    house.work()
    assert house.notices() == [("problem", "held", "")]
    house.later(seconds=59).work()
    assert house.server.taken == []
    house.later(seconds=1).work()
    assert house.server.to() == ["anna@example.net", "bernat@example.net", "carla@example.net"]
    languages = {taken.to.split("@")[0]: taken.mail["Content-Language"] for taken in house.server.taken}
    assert languages == {"anna": "ca", "bernat": "es", "carla": "en"}
    carla = next(taken for taken in house.server.taken if taken.to.startswith("carla"))
    assert carla.mail["Subject"] == f"[Problem] Sense connexió ({event.ref})"
    assert carla.text.splitlines()[0] == "We have a problem with Connections."
    assert "(in Catalan)\nHo mirem." in carla.text
    assert carla.return_path.startswith("torna+")
    assert house.notices() == [("problem", "sent", "")]
    row = Notice.objects.get()
    assert (row.sent, row.refused, row.waiting) == (3, 0, 0)


@pytest.mark.parametrize(("rate", "pauses"), [(0, []), (30, [2.0] * 3)])
def test_a_server_is_given_so_many_copies_a_minute_as_it_takes(
    house: House, configure: Configure, monkeypatch: pytest.MonkeyPatch, rate: int, pauses: list[float]
) -> None:
    set_up(configure, house.server, f"rate = {rate}\n")
    waited: list[float] = []

    class Pause:
        def is_set(self) -> bool:
            return False

        def wait(self, seconds: float) -> None:
            waited.append(seconds)

    house.open()
    house.work().later(minutes=1)
    monkeypatch.setattr("talaia.notices.send_batch.ENDING", Pause())
    house.work()
    assert (len(house.server.taken), waited) == (3, pauses)


def test_what_disrupts_nobody_is_drawn_up_and_withheld_until_somebody_wants_it_sent(house: House) -> None:
    house.open(State.DEGRADED)
    house.work().later(minutes=5).work()
    assert house.notices() == [("problem", "withheld", "no_disruption")]
    assert house.server.taken == []
    actions.send(Notice.objects.get().pk, house.now, by="anna")
    house.work().later(minutes=1).work()
    assert len(house.server.taken) == 3


def test_it_grows_into_a_disruption_without_a_new_entry(house: House) -> None:
    event = house.open(State.DEGRADED)
    house.work()
    events.edit_event("incident", event.ref, house.now, impacts={"links": State.DISRUPTION})
    house.work()
    assert house.notices() == [("problem", "held", "")]


def test_the_operator_may_choose_otherwise_when_writing(house: House) -> None:
    event = house.open(tell=False)
    house.work().later(minutes=5).work()
    assert house.notices() == [("problem", "withheld", "asked")]
    events.edit_event("incident", event.ref, house.now, titles={"ca": "Un altre títol"})
    house.work().later(minutes=5).work()
    assert house.server.taken == []  # what was chosen for these words holds for them when they are corrected


def test_what_the_operator_wants_told_goes_although_the_rule_would_withhold_it(house: House) -> None:
    event = house.open(State.DEGRADED, tell=True)
    house.work()
    assert house.notices() == [("problem", "held", "")]
    house.later(minutes=1).work()
    assert len(house.server.taken) == 3
    events.update_incident(
        event.ref, IncidentState.IDENTIFIED, {"ca": "És un disc."}, house.later(minutes=5).now, tell=True
    )
    house.work().later(minutes=1).work()
    assert house.notices() == [("problem", "sent", ""), ("update", "sent", "")]
    assert len(house.server.taken) == 6


def test_what_was_wanted_told_and_then_not_goes_to_nobody(house: House) -> None:
    event = house.open(State.DEGRADED, tell=True)
    house.work().later(seconds=20)
    events.update_incident(event.ref, IncidentState.IDENTIFIED, {"ca": "És un disc."}, house.now, tell=False)
    house.work().later(minutes=5).work()
    assert house.server.taken == []
    assert house.notices() == [("problem", "withheld", "overtaken"), ("problem", "withheld", "asked")]


@pytest.mark.parametrize("chosen", [True, None])
def test_what_a_person_wanted_sent_goes_to_nobody_once_it_is_no_longer_true(house: House, chosen: bool | None) -> None:
    event = house.open(State.DEGRADED, tell=chosen)
    house.work()
    if chosen is None:
        actions.send(Notice.objects.get().pk, house.now, by="anna")
    house.work().later(seconds=20)
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fals avís."}, house.now)
    house.work().later(minutes=5).work()
    assert house.server.taken == []
    assert house.notices() == [("problem", "withheld", "overtaken"), ("resolved", "withheld", "nobody_told")]


def test_when_the_end_is_not_yet_looked_at_what_a_person_wanted_sent_is_no_longer_sent_either(house: House) -> None:
    event = house.open(State.DEGRADED, tell=True)
    house.work().later(seconds=60)
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fals avís."}, house.now)
    assert actions.begin(Notice.objects.get().pk, house.now) is None


def test_what_was_said_of_one_news_does_not_hold_for_the_next(house: House) -> None:
    event = house.open(tell=False)
    house.work()
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, house.now, tell=True)
    house.work()
    assert house.notices()[1:] == [("resolved", "held", "")]
    impacts = {"links": State.DISRUPTION}
    events.update_incident(event.ref, IncidentState.INVESTIGATING, {"ca": "Torna."}, house.now, impacts=impacts)
    house.work()
    events.edit_event("incident", event.ref, house.now, impacts={"links": State.DEGRADED})
    house.work().later(minutes=5).work()
    assert house.server.taken == []


def test_an_older_notice_that_a_person_has_sent_beside_a_newer_one_holds_up_neither(house: House) -> None:
    event = house.open(State.DEGRADED)
    house.work()
    impacts = {"links": State.DISRUPTION}
    events.update_incident(event.ref, IncidentState.IDENTIFIED, {"ca": "Un cable."}, house.now, impacts=impacts)
    house.work()
    assert house.notices() == [("problem", "withheld", "no_disruption"), ("problem", "held", "")]
    actions.send(Notice.objects.get(number=1).pk, house.now, by="anna")
    house.work().later(minutes=2).work()
    assert house.notices() == [("problem", "withheld", "overtaken"), ("problem", "sent", "")]
    assert len(house.server.taken) == 3 and all("Un cable." in taken.text for taken in house.server.taken)


def test_taken_back_within_the_hold_goes_to_nobody(house: House) -> None:
    house.open()
    house.work()
    actions.take_back(Notice.objects.get().pk, house.now, by="anna")
    house.later(minutes=5).work()
    assert house.server.taken == []
    assert house.notices() == [("problem", "taken_back", "")]


def test_a_correction_within_the_hold_is_what_is_sent(house: House) -> None:
    event = house.open(text="Una errada.")
    house.work().later(seconds=50)
    events.edit_update("incident", event.ref, 1, {"ca": "Ara ben escrit."}, house.now)
    house.work().later(seconds=20).work()
    assert house.server.taken == []  # the hold began again
    house.later(seconds=40).work()
    assert len(house.server.taken) == 3
    assert all("Ara ben escrit." in taken.text and "errada" not in taken.text for taken in house.server.taken)


def test_corrections_do_not_put_it_off_for_ever(house: House) -> None:
    event = house.open()
    for number in range(5):
        house.work().later(seconds=45)
        events.edit_update("incident", event.ref, 1, {"ca": f"Correcció {number}."}, house.now)
    house.work()
    assert len(house.server.taken) == 3


def test_a_next_entry_within_the_hold_goes_in_the_same_mail(house: House) -> None:
    event = house.open()
    house.work().later(seconds=30)
    events.update_incident(event.ref, IncidentState.IDENTIFIED, {"ca": "És un disc."}, house.now)
    house.work().later(minutes=2).work()
    assert len(house.server.taken) == 3
    assert "És un disc." in house.server.taken[0].text
    assert house.notices() == [("problem", "sent", "")]


def test_over_before_its_hold_is_over_mails_nobody(house: House) -> None:
    event = house.open()
    house.work().later(seconds=30)
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fals avís."}, house.now)
    house.work().later(minutes=5).work()
    assert house.server.taken == []
    assert house.notices() == [("problem", "withheld", "overtaken"), ("resolved", "withheld", "nobody_told")]


def test_even_when_its_end_is_not_yet_looked_at_the_rows_decide(house: House) -> None:
    event = house.open()
    house.work().later(seconds=60)
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fals avís."}, house.now)
    assert actions.begin(Notice.objects.get().pk, house.now) is None


def test_one_thread_from_the_problem_to_its_end(house: House) -> None:
    event = house.open()
    house.work().later(minutes=2).work().later(minutes=30)
    events.update_incident(event.ref, IncidentState.IDENTIFIED, {"ca": "És un disc."}, house.now)
    house.work().later(minutes=2).work()
    assert house.notices()[1:] == [("update", "withheld", "updates_off")]
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Disc canviat."}, house.now)
    house.work().later(minutes=2).work()
    assert len(house.server.taken) == 6
    first, last = [t for t in house.server.taken if t.to.startswith("anna")]
    assert last.mail["In-Reply-To"] == last.mail["References"] == first.message_id
    assert last.mail["Subject"].startswith("[Resolta]")
    # It comes back, and so does the mail; in the same thread.
    events.update_incident(event.ref, IncidentState.INVESTIGATING, {"ca": "Torna a fallar."}, house.now)
    house.work().later(minutes=2).work()
    assert [kind for kind, state, _ in house.notices() if state == "sent"] == ["problem", "resolved", "problem"]


def test_no_more_than_the_cap_in_an_hour_but_the_last_word(house: House, configure: Configure) -> None:
    set_up(configure, house.server, "updates = true\ncap = 2\n")
    event = house.open()
    house.work().later(minutes=2).work()
    for number in range(3):
        events.update_incident(event.ref, IncidentState.IDENTIFIED, {"ca": f"Pas {number}."}, house.now)
        house.work().later(minutes=2).work()
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, house.now)
    house.work().later(minutes=2).work()
    sent = ["problem", "update", "resolved"]
    assert [kind for kind, state, _ in house.notices() if state == "sent"] == sent
    assert [why for _, state, why in house.notices() if state == "withheld"] == ["cap", "cap"]


def plan(house: House, codes: list[str], days: float = 10) -> Event:
    start = house.now + timedelta(days=days)
    event = events.plan_maintenance(
        {"ca": "Canvi de router"},
        {"ca": "Dos talls."},
        {"links": State.MAINTENANCE},
        (start, start + timedelta(hours=2)),
        house.now,
    )
    Event.objects.filter(pk=event.pk).update(notices=codes)
    return event


def test_a_maintenance_is_told_at_the_hours_of_its_plan(house: House) -> None:
    event = plan(house, ["7d", "24h", "30m", "start", "end"])
    house.work().later(days=2, hours=23).work()
    assert house.notices() == []
    house.later(hours=1).work().later(minutes=1).work()
    assert house.notices() == [("advance", "sent", "")]
    house.later(days=5, hours=23, minutes=59).work()
    house.later(hours=23, minutes=30).work()
    events.update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, house.later(minutes=30).now)
    house.work().later(minutes=1).work()
    events.update_maintenance(event.ref, MaintenanceState.COMPLETED, {"ca": "Fet."}, house.later(hours=1).now)
    house.work().later(minutes=1).work()
    assert [kind for kind, _, _ in house.notices()] == ["advance", "reminder", "reminder", "start", "end"]
    anna = [taken for taken in house.server.taken if taken.to.startswith("anna")]
    assert len({taken.message_id for taken in anna}) == len(anna) == 5
    calendars = list(anna[0].mail.iter_attachments())
    assert [part.get_content_type() for part in calendars] == ["text/calendar"]


def test_moved_work_is_told_anew_and_its_old_hours_pass_in_silence(house: House) -> None:
    event = plan(house, ["7d", "24h"])
    house.work().later(days=3).work().later(minutes=1).work()
    start = house.now + timedelta(days=9)
    Event.objects.filter(pk=event.pk).update(window_start=start, window_end=start + timedelta(hours=1))
    events.edit_event("maintenance", event.ref, house.now, titles={"ca": "Canvi de router (dijous)"})
    house.work().later(minutes=1).work()
    assert house.notices() == [("advance", "sent", ""), ("changed", "sent", "")]
    house.later(days=2).work()  # a week before
    assert [kind for kind, _, _ in house.notices()] == ["advance", "changed", "reminder"]
    house.later(days=4).work()  # a day before it would have been
    assert len(house.notices()) == 3
    house.later(days=2).work()
    assert [kind for kind, _, _ in house.notices()][3:] == ["reminder"]


def postpone(house: House, event: Event, start: datetime) -> None:
    window = (start, start + timedelta(hours=2))
    events.postpone_maintenance(event.ref, window, {"ca": "Ho ajornem."}, house.now, by="anna")
    house.work()


def test_of_work_that_is_moved_twice_before_the_mail_goes_the_mail_says_which_hours_were_told(house: House) -> None:
    event = plan(house, ["7d"])
    house.work().later(days=3).work().later(minutes=1).work()
    told = Event.objects.get(pk=event.pk)
    postpone(house, event, house.now + timedelta(days=20))
    postpone(house, event, house.now + timedelta(days=30))
    house.later(minutes=2).work()
    story = NoticeStory.from_json(Notice.objects.get(kind="changed").story or {})
    assert story.told_hours == (told.window_start, told.window_end)
    text = house.server.taken[-1].text  # in English
    day = (told.window_start or NOW).astimezone(ZoneInfo("Europe/Madrid")).day
    assert "We had said:" in text and f", {day} " in text.partition("We had said:")[2].partition("\n")[0]
    house.later(days=23).work().later(minutes=1).work()  # a reminder has nothing new to say
    assert NoticeStory.from_json(Notice.objects.get(kind="reminder").story or {}).told_hours is None


@pytest.mark.parametrize("updates", ["false", "true"])
def test_where_nobody_was_to_hear_of_the_new_hours_its_reminders_go_all_the_same(
    house: House, configure: Configure, updates: str
) -> None:
    set_up(configure, house.server, f"updates = {updates}\n")
    event = plan(house, ["7d", "24h", "30m"], 8)
    house.work().later(days=1, minutes=1).work().later(minutes=1).work()
    start = house.now + timedelta(days=9)
    postpone(house, event, start)
    actions.take_back(Notice.objects.get(kind="changed").pk, house.now, by="anna")
    house.work().later(minutes=5).work()
    assert [kind for kind, state, _ in house.notices() if state == "sent"] == ["advance"]
    for before in (timedelta(days=7), timedelta(days=1), timedelta(minutes=30)):
        house.now = start - before
        house.work().later(minutes=1).work()
    assert [kind for kind, state, _ in house.notices() if state == "sent"] == ["advance", *["reminder"] * 3]


def test_a_move_that_is_taken_back_is_told_by_no_back_door(house: House, configure: Configure) -> None:
    set_up(configure, house.server, "updates = true\n")
    event = plan(house, ["7d"], 8)
    house.work().later(days=1, minutes=1).work().later(minutes=1).work()
    for days in (9, 10):  # the second time within the hold of the first
        postpone(house, event, house.now + timedelta(days=days))
    actions.take_back(Notice.objects.get(kind="changed").pk, house.now, by="anna")
    events.edit_event("maintenance", event.ref, house.now, titles={"ca": "Canvi de router"})
    house.work().later(minutes=5).work()
    assert [kind for kind, state, _ in house.notices() if state == "sent"] == ["advance"]


def test_work_that_is_moved_back_to_hours_told_once_before_is_told_anew(house: House) -> None:
    event = plan(house, ["7d"], 8)
    house.work().later(days=1, minutes=1).work().later(minutes=1).work()
    first, second = house.now + timedelta(days=9), house.now + timedelta(days=10)
    for start in (first, second, first):
        postpone(house, event, start)
        house.later(minutes=5).work()
    assert house.notices() == [("advance", "sent", "")] + [("changed", "sent", "")] * 3


def test_who_has_a_copy_of_a_notice_was_not_told_before_it(house: House) -> None:
    """Or the rest would be left out, where it goes on in another part of its sending."""
    event = plan(house, ["7d"], 7)
    house.work().later(minutes=1).work()
    assert len(house.server.taken) == len(rows.keys_told(event)) == 3
    assert rows.keys_told(event, besides=event.sent_notices.get()) == frozenset()


def test_called_off_is_told_to_who_was_told_before(house: House) -> None:
    told, untold = plan(house, ["7d"], 7), plan(house, ["7d"], 8)
    house.work().later(minutes=1).work()
    for event in (told, untold):
        events.update_maintenance(event.ref, MaintenanceState.CANCELLED, {"ca": "No ho farem."}, house.now)
    house.work().later(minutes=1).work()
    house.later(days=9).work()
    assert sorted(s for k, s, _ in house.notices() if k == "cancelled") == ["sent", "withheld"]
    called_off = [taken for taken in house.server.taken if "Cancel" in taken.mail["Subject"]]
    assert len(called_off) == 3
    assert next(called_off[0].mail.iter_attachments())["Content-Type"].params["method"] == "CANCEL"


def test_what_waits_for_a_second_person_is_told_to_nobody(house: House) -> None:
    event = plan(house, ["7d", "24h"], 7)
    Event.objects.filter(pk=event.pk).update(awaits_approval=True)
    house.work().later(minutes=2).work()
    assert house.notices() == []


def test_a_list_gets_one_mail_in_all_languages(house: House, configure: Configure) -> None:
    set_up(configure, house.server, to='to = "avisos@lists.example.org"')
    house.open()
    house.work().later(minutes=1).work()
    [taken] = house.server.taken
    assert taken.to == "avisos@lists.example.org"
    for first_line in ("Tenim un problema", "Tenemos un problema", "We have a problem"):
        assert first_line in taken.text
    assert not [name for name in list(taken.mail) if name.startswith("List-")]  # the list server writes them


def test_the_end_goes_by_the_list_that_has_come_into_its_place_since(house: House, configure: Configure) -> None:
    event = house.open()
    house.work().later(minutes=2).work()
    assert len(house.server.taken) == 3
    set_up(configure, house.server, to='to = "avisos@lists.example.org"')
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, house.now, by="anna")
    house.work().later(minutes=2).work()
    assert [taken.to for taken in house.server.taken[3:]] == ["avisos@lists.example.org"]


def test_the_end_of_what_a_list_was_told_goes_to_all_where_there_is_no_list_any_more(
    house: House, configure: Configure
) -> None:
    """Who was told by it stands nowhere by name."""
    set_up(configure, house.server, to='to = "avisos@lists.example.org"')
    event = house.open()
    house.work().later(minutes=2).work()
    assert len(house.server.taken) == 1
    set_up(configure, house.server)
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, house.now, by="anna")
    house.work().later(minutes=2).work()
    assert sorted(taken.to.partition("@")[0] for taken in house.server.taken[1:]) == ["anna", "bernat", "carla"]


def test_once_begun_it_cannot_be_taken_back_and_is_not_sent_twice(house: House) -> None:
    house.open()
    house.work().later(minutes=1).work()
    notice = Notice.objects.get()
    with pytest.raises(NotPossible):
        actions.take_back(notice.pk, house.now, by="anna")
    with pytest.raises(NotPossible):
        actions.send(notice.pk, house.now, by="anna")
    actions.draft_notice("incident/2026-001", house.now + MINUTE)
    house.later(minutes=5).work()
    assert len(house.server.taken) == 3
    assert NoticeRecipient.objects.count() == 3


def test_a_copy_that_was_taken_while_the_database_takes_no_row_is_not_sent_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("talaia.outbox.held_outcomes.PAUSE", 0.01)
    refusals = [OperationalError("attempt to write a readonly database")] * 2

    def refuse(execute: Callable[..., object], sql: str, *given: object) -> object:
        if sql.startswith('INSERT INTO "talaia_noticerecipient"') and len(house.server.taken) == 2 and refusals:
            raise refusals.pop()
        return execute(sql, *given)

    house.open()
    with connection.execute_wrapper(refuse):
        house.work().later(minutes=1).work().later(minutes=5).work()
    assert not refusals
    assert house.server.to() == ["anna@example.net", "bernat@example.net", "carla@example.net"]
    assert Notice.objects.get().state == Notice.SENT


@pytest.mark.parametrize("code", ["550 5.1.1", "450 4.2.0", "554 5.7.1"])
def test_what_a_mail_server_answers_is_kept_as_words_whatever_signs_it_holds(house: House, code: str) -> None:
    """PostgreSQL keeps no NUL: a mark that cannot be written stopped the sending to everybody behind it."""
    odd = f"{code} no\0body \x1b[31mhere"
    house.server.answers = lambda verb, to: odd if verb == "RCPT" and "bernat" in to else None
    house.open()
    house.work().later(minutes=5).work()
    assert NoticeRecipient.objects.exclude(state="sent").get().error == f"{code} nobody here"
    assert NoticeRecipient.objects.count() == 3


@pytest.mark.parametrize("late", [NoticeRecipient.AGAIN, NoticeRecipient.REFUSED])
def test_what_was_held_while_the_database_was_away_takes_nobody_their_copy_again(house: House, late: str) -> None:
    house.open()
    house.work().later(minutes=5).work()
    notice, to = Notice.objects.get(), NoticeRecipient.objects.first()
    assert to is not None
    actions.mark(notice.pk, to.recipient, late, house.now, 1, house.now, Meaning.LATER, "450 later")
    assert NoticeRecipient.objects.get(pk=to.pk).state == NoticeRecipient.SENT


def test_of_a_site_with_letters_beyond_ascii_in_its_name_the_heads_are_ascii(
    house: House, configure: Configure
) -> None:
    config = set_up(configure, house.server)
    assert config.path
    text = config.path.read_text()
    assert config.site.address in text
    configure(text.replace(config.site.address, "https://estat.exàmple.cat"))
    house.open()
    house.work().later(minutes=1).work()
    assert len(house.server.taken) == 3
    for taken in house.server.taken:
        assert taken.content.partition(b"\r\n\r\n")[0].isascii()
        assert taken.message_id.endswith("@estat.xn--exmple-jta.cat>")


def test_what_is_told_is_the_event_of_that_year_and_that_kind_and_no_other_with_its_number(house: House) -> None:
    now = house.now
    house.now = now - timedelta(days=365)
    last_year = house.open()
    house.now = now
    this_year = house.open()
    assert (last_year.number, last_year.year + 1) == (this_year.number, this_year.year)
    assert [event_of(f"incident/{one.ref}") for one in (last_year, this_year)] == [last_year, this_year]
    assert event_of(f"maintenance/{this_year.ref}") is None
    assert event_of("incident/none") is None


def put_off(verb: str, argument: str) -> str | None:
    return "450 4.2.0 greylisted" if verb == "RCPT" and "bernat" in argument else None


def leave(address: str, now: datetime) -> None:
    audience.opt_out(address, now)


def choose_other_services(address: str, _now: datetime) -> None:
    Recipient.objects.filter(address=address).update(services=["video"])


@pytest.mark.parametrize("go", [leave, choose_other_services])
def test_who_was_put_off_and_is_told_no_more_is_waited_for_no_longer(
    house: House, go: Callable[[str, datetime], None]
) -> None:
    house.server.answers = put_off
    house.open()
    house.work().later(minutes=1).work()
    assert house.notices() == [("problem", "sending", "")]
    go("bernat@example.net", house.now)
    house.later(minutes=1).work()
    assert house.notices() == [("problem", "sent", "")]
    row = Notice.objects.get()
    assert (row.sent, row.refused, row.waiting) == (2, 1, 0)


def test_who_came_back_for_good_is_not_waited_for_when_a_person_has_it_tried_again(
    house: House, configure: Configure
) -> None:
    set_up(configure, house.server, "hard_bounces = 1\n")
    house.server.answers = lambda verb, argument: (
        "550 5.1.1 unknown" if verb == "RCPT" and "bernat" in argument else None
    )
    house.open()
    house.work().later(minutes=1).work()
    notice = Notice.objects.get()
    actions.try_again(notice.pk, house.now, by="anna")
    house.work().later(minutes=1).work()
    assert house.notices() == [("problem", "sent", "")]
    assert Fact.objects.filter(kind="notice.went_on").count() <= 1


def test_who_was_put_off_has_another_turn_a_minute_later_and_gets_it(house: House) -> None:
    house.server.answers = put_off
    house.open()
    house.work().later(minutes=1).work()
    house.server.answers = lambda _verb, _argument: None
    house.later(seconds=59).work()
    assert len(house.server.taken) == 2
    house.later(seconds=1).work()
    assert len(house.server.taken) == 3
    assert house.notices() == [("problem", "sent", "")]


def test_while_another_worker_is_at_it_the_sending_is_put_back_and_not_taken_for_done(house: House) -> None:
    house.open()
    house.work().later(minutes=1)
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with alone("notice", Notice.objects.get().pk):
            held.set()
            over.wait(30)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    assert held.wait(30)
    house.work()
    over.set()
    other.join()
    assert house.server.taken == []
    house.later(seconds=5).work()
    assert len(house.server.taken) == 3
    assert house.notices() == [("problem", "sent", "")]


@pytest.mark.parametrize("then", ["they choose others", "it is about others"])
def test_who_chose_services_and_was_told_of_a_problem_is_told_of_its_end_whatever_has_changed(
    house: House, then: str
) -> None:
    Recipient.objects.filter(address="anna@example.net").update(services=["links"])
    Recipient.objects.filter(address="bernat@example.net").update(services=["website"])
    event = house.open()
    house.work().later(minutes=1).work()
    assert house.server.to() == ["anna@example.net", "carla@example.net"]
    if then == "they choose others":
        Recipient.objects.filter(address="anna@example.net").update(services=["video"])
    else:
        events.edit_event("incident", event.ref, house.now, impacts={"video": State.DISRUPTION})
    house.server.taken.clear()
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, house.now)
    house.work().later(minutes=1).work()
    assert house.server.to() == ["anna@example.net", "carla@example.net"]
