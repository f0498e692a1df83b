"""Whoever was told of a problem is told once how it ended, under whichever reference; and no merge loses a mail."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from django.utils import translation

from talaia.audience.actions import add
from talaia.audience.models import Recipient
from talaia.desk.mails.notice_overview import would_follow
from talaia.events import actions as events
from talaia.events.models import Event
from talaia.events.timeline import IncidentState, IsOver
from talaia.notices import actions, rows
from talaia.notices.models import Notice, NoticeRecipient
from talaia.notices.policy import MERGED, covered
from talaia.notices.values import NoticeStory, Reach, Segment
from talaia.panel.state import State
from tests.notices.conftest import House

pytestmark = pytest.mark.django_db(transaction=True)
BOTH = ["anna", "bernat", "carla"]


def opened(
    house: House, impacts: Mapping[str, State], title: str = "Sense connexió", tell: bool | None = None
) -> Event:
    return events.open_incident({"ca": title}, {"ca": "Ho mirem."}, impacts, house.now, by="anna", tell=tell)


def told(house: House, event: Event) -> Event:
    house.work().later(minutes=2).work()
    return event


def merged(house: House, event: Event, into: Event, move_services: bool | None = None) -> None:
    events.merge_incident(
        event.ref, into.ref, {"ca": "És la mateixa."}, house.now, by="anna", move_services=move_services
    )
    house.work().later(minutes=2).work()


def story_of(notice: Notice) -> NoticeStory:
    return NoticeStory.from_json(notice.story or {})


def resolved(house: House, event: Event) -> None:
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Arreglat."}, house.now, by="anna")
    house.work().later(minutes=2).work()


def went(house: House) -> list[tuple[str, str]]:
    """Of which notices copies went out: kind and reference, in order."""
    rows = Notice.objects.filter(state=Notice.SENT).order_by("began_at", "pk")
    return [(row.kind, row.event.ref) for row in rows.select_related("event")]


def readers(house: House, kind: str) -> list[str]:
    """Who got mails of this kind, as often as they did."""
    copies = NoticeRecipient.objects.filter(notice__kind=kind, state=NoticeRecipient.SENT).values_list(
        "recipient", flat=True
    )
    names = {f"r{pk:012}": address for pk, address in Recipient.objects.values_list("pk", "address")}
    return sorted(names[key].partition("@")[0] for key in copies)


def test_who_was_told_of_the_one_that_is_merged_is_told_the_end_of_the_other_once(house: House) -> None:
    small = told(house, opened(house, {"links": State.DEGRADED}))
    big = told(house, opened(house, {"links": State.DISRUPTION}, "Tot caigut"))
    assert went(house) == [("problem", big.ref)]
    merged(house, big, small, move_services=False)
    assert went(house) == [("problem", big.ref)], "the merge itself tells nobody anything"
    resolved(house, small)
    assert went(house) == [("problem", big.ref), ("resolved", small.ref)]
    assert readers(house, "resolved") == BOTH
    last = house.server.taken[-1]
    assert f"{big.ref} (Tot caigut)" in last.text, "it says of which incident it is the end, too"
    problem = next(t for t in house.server.taken if t.to == last.to)
    assert problem.mail["Message-ID"] in str(last.mail["References"]), "and stands below the mail that they know"
    house.later(hours=2).work()
    assert len(went(house)) == 2


def test_of_two_that_were_both_told_one_end_is_told(house: House) -> None:
    first = told(house, opened(house, {"links": State.DISRUPTION}))
    second = told(house, opened(house, {"links": State.DISRUPTION}))
    merged(house, second, first)
    resolved(house, first)
    assert went(house)[2:] == [("resolved", first.ref)]
    assert readers(house, "resolved") == BOTH


def test_the_end_that_was_told_already_is_not_told_again_with_the_other(house: House) -> None:
    first = told(house, opened(house, {"links": State.DEGRADED}))
    second = told(house, opened(house, {"links": State.DISRUPTION}))
    resolved(house, second)
    merged(house, second, first)
    resolved(house, first)
    assert went(house) == [("problem", second.ref), ("resolved", second.ref)]


def test_of_what_was_over_before_it_became_part_the_last_words_say_nothing(house: House) -> None:
    first = told(house, opened(house, {"links": State.DISRUPTION}))
    second = told(house, opened(house, {"links": State.DISRUPTION}, "Tot caigut"))
    resolved(house, second)
    merged(house, second, first)
    resolved(house, first)
    last = house.server.taken[-1]
    assert went(house)[-1] == ("resolved", first.ref)
    assert first.ref in last.text and second.ref not in last.text


def test_what_becomes_part_of_one_that_is_over_as_it_is_itself_is_ended_with_a_mail_of_its_own(house: House) -> None:
    """Its own end was still held when both were found to be one."""
    first = told(house, opened(house, {"links": State.DISRUPTION}))
    resolved(house, first)
    second = told(house, opened(house, {"links": State.DISRUPTION}))
    events.update_incident(second.ref, IncidentState.RESOLVED, {"ca": "Fet."}, house.now, by="anna")
    house.work()
    merged(house, second, first)
    assert went(house)[-1] == ("resolved", first.ref)
    assert [kind for kind, _ref in went(house)] == ["problem", "resolved"] * 2


def test_a_merge_in_the_hold_of_a_mail_has_the_other_tell_of_the_problem(house: House) -> None:
    small = told(house, opened(house, {"links": State.DEGRADED}))
    big = opened(house, {"links": State.DISRUPTION})
    house.work()
    merged(house, big, small)
    assert went(house) == [("problem", small.ref)]
    assert big.sent_notices.get().why == MERGED
    resolved(house, small)
    assert went(house) == [("problem", small.ref), ("resolved", small.ref)]
    assert readers(house, "problem") == readers(house, "resolved") == BOTH


def test_also_when_nobody_had_looked_at_it_before_it_was_merged(house: House) -> None:
    small = told(house, opened(house, {"links": State.DEGRADED}))
    big = opened(house, {"links": State.DISRUPTION})
    merged(house, big, small)
    assert went(house) == [("problem", small.ref)]
    assert (big.sent_notices.get().state, big.sent_notices.get().why) == (Notice.WITHHELD, MERGED)


def test_also_when_the_other_was_opened_without_a_mail(house: House) -> None:
    quiet = told(house, opened(house, {"links": State.DEGRADED}, tell=False))
    big = opened(house, {"links": State.DISRUPTION})
    house.work()
    merged(house, big, quiet)
    assert went(house) == [("problem", quiet.ref)]


def test_of_one_opened_without_a_mail_who_chose_its_services_hears_nothing_by_what_it_takes_on(house: House) -> None:
    """Until somebody says otherwise: then it speaks for itself, to who has not heard."""
    Recipient.objects.filter(address="anna@example.net").update(services=["chat"])
    quiet = told(house, opened(house, {"chat": State.DISRUPTION}, tell=False))
    big = opened(house, {"links": State.DISRUPTION})
    house.work()
    merged(house, big, quiet)
    assert went(house) == [("problem", quiet.ref)]
    assert readers(house, "problem") == ["bernat", "carla"]
    assert [one.slug for one in story_of(quiet.sent_notices.get(state=Notice.SENT)).event.touched] == ["links"]
    house.later(minutes=5)
    events.update_incident(quiet.ref, IncidentState.IDENTIFIED, {"ca": "És un cable."}, house.now, by="anna", tell=True)
    house.work().later(minutes=2).work()
    assert readers(house, "update") == BOTH


def test_who_chose_the_services_of_one_opened_without_a_mail_hears_nothing_of_what_was_told_of_its_part(
    house: House,
) -> None:
    Recipient.objects.filter(address="anna@example.net").update(services=["chat"])
    quiet = told(house, opened(house, {"chat": State.DISRUPTION}, tell=False))
    big = told(house, opened(house, {"links": State.DISRUPTION}))
    merged(house, big, quiet)
    house.later(minutes=5)
    events.update_incident(quiet.ref, IncidentState.IDENTIFIED, {"ca": "És un cable."}, house.now, by="anna")
    house.work().later(minutes=2).work()
    resolved(house, quiet)
    assert went(house) == [("problem", big.ref), ("resolved", quiet.ref)]
    assert readers(house, "resolved") == ["bernat", "carla"]


def test_also_when_a_person_had_it_sent_and_the_impact_alone_would_not(house: House) -> None:
    small = told(house, opened(house, {"links": State.DEGRADED}))
    asked = opened(house, {"chat": State.DEGRADED}, tell=True)
    house.work()
    merged(house, asked, small)
    assert went(house) == [("problem", small.ref)]


def test_who_was_told_of_the_other_hears_what_it_has_taken_on(house: House) -> None:
    """One of them wants to hear of the messaging only: of the connections they were not told."""
    Recipient.objects.filter(address="anna@example.net").update(services=["chat"])
    links = told(house, opened(house, {"links": State.DISRUPTION}))
    assert readers(house, "problem") == ["bernat", "carla"]
    chat = opened(house, {"chat": State.DISRUPTION})
    house.work()
    merged(house, chat, links)
    assert went(house) == [("problem", links.ref), ("update", links.ref)]
    assert "anna@example.net" in {t.to for t in house.server.taken}
    resolved(house, links)
    assert readers(house, "resolved") == BOTH


def test_of_the_same_trouble_nobody_hears_twice_that_it_is_there(house: House) -> None:
    first = told(house, opened(house, {"links": State.DISRUPTION}))
    second = opened(house, {"links": State.DISRUPTION})
    house.work()
    merged(house, second, first)
    assert went(house) == [("problem", first.ref)]


def test_who_knows_of_what_it_has_taken_on_hears_no_second_time_that_there_is_a_problem(house: House) -> None:
    """What was not worth a mail becomes so by what is merged into it: only who has not heard of it is told."""
    Recipient.objects.filter(address="anna@example.net").update(services=["chat"])
    small = told(house, opened(house, {"chat": State.DEGRADED}))
    big = told(house, opened(house, {"links": State.DISRUPTION}))
    assert readers(house, "problem") == ["bernat", "carla"]
    merged(house, big, small)
    assert went(house) == [("problem", big.ref), ("problem", small.ref)]
    assert readers(house, "problem") == BOTH
    resolved(house, small)
    assert readers(house, "resolved") == BOTH


def test_who_knows_of_a_part_hears_of_what_comes_with_the_next_and_is_worth_a_mail(house: House) -> None:
    """It was drawn up for nobody, and called sent."""
    Recipient.objects.filter(address="bernat@example.net").update(services=["links"])
    Recipient.objects.filter(address="carla@example.net").update(services=["links", "chat"])
    small = told(house, opened(house, {"website": State.DEGRADED}, tell=False))
    merged(house, told(house, opened(house, {"links": State.DISRUPTION})), small)
    merged(house, opened(house, {"links": State.DISRUPTION, "chat": State.DISRUPTION}), small)
    assert went(house)[1:] == [("problem", small.ref)]
    copies = NoticeRecipient.objects.filter(
        notice=small.sent_notices.get(state=Notice.SENT), state=NoticeRecipient.SENT
    )
    assert copies.count() == 2, "bernat has heard all that he chose, carla a part of it"


def test_also_when_the_other_keeps_services_of_its_own_the_mail_names_those_that_are_in_trouble(house: House) -> None:
    quiet = told(house, opened(house, {"chat": State.DISRUPTION}, tell=False))
    big = opened(house, {"links": State.DISRUPTION})
    house.work()
    merged(house, big, quiet, move_services=False)
    assert went(house) == [("problem", quiet.ref)]
    assert [one.slug for one in story_of(quiet.sent_notices.get(state=Notice.SENT)).event.touched] == ["links"]


def test_what_comes_back_in_one_opened_without_a_mail_tells_nobody_of_what_it_began_with(house: House) -> None:
    """Its end named all that it had touched, to those who had been told of its part."""
    Recipient.objects.filter(address="anna@example.net").update(services=["chat"])
    quiet = told(house, opened(house, {"chat": State.DISRUPTION}, tell=False))
    merged(house, told(house, opened(house, {"links": State.DISRUPTION})), quiet)
    resolved(house, quiet)
    events.update_incident(quiet.ref, IncidentState.INVESTIGATING, {"ca": "Torna."}, house.now, by="anna")
    house.work().later(minutes=2).work()
    assert "anna" not in readers(house, "problem")
    assert went(house)[2:] == [("problem", quiet.ref)]


def test_an_end_that_reached_nobody_is_told_with_the_next_one_also_to_those_of_what_it_took_on(house: House) -> None:
    quiet = told(house, opened(house, {"chat": State.DEGRADED}, tell=False))
    big = told(house, opened(house, {"links": State.DISRUPTION}))
    merged(house, big, quiet)
    house.server.answers = lambda verb, _argument: "554 5.7.1 Relay access denied" if verb == "RCPT" else None
    resolved(house, quiet)
    events.update_incident(quiet.ref, IncidentState.MONITORING, {"ca": "Torna."}, house.now, by="anna", tell=True)
    house.work().later(minutes=2).work()
    resolved(house, quiet)
    house.server.answers = lambda _verb, _argument: None
    last = Notice.objects.filter(kind="resolved").latest("number")
    actions.try_again(last.pk, house.now, by="anna")
    house.work()
    assert readers(house, "resolved") == BOTH


def test_what_was_taken_back_or_is_over_is_carried_on_by_nobody(house: House) -> None:
    small = told(house, opened(house, {"links": State.DEGRADED}))
    back = opened(house, {"links": State.DISRUPTION})
    house.work()
    actions.take_back(back.sent_notices.get().pk, house.now, by="anna")
    merged(house, back, small, move_services=False)
    old = told(house, opened(house, {"links": State.DEGRADED}))
    resolved(house, old)
    merged(house, old, small)
    assert went(house) == []


def test_one_that_is_opened_again_by_a_merge_ends_for_all_once_more(house: House) -> None:
    old = told(house, opened(house, {"links": State.DISRUPTION}))
    resolved(house, old)
    new = told(house, opened(house, {"chat": State.PARTIAL}))
    with translation.override("en"), pytest.raises(IsOver, match="is over"):
        events.merge_incident(new.ref, old.ref, {"ca": "Igual."}, house.now, by="anna")
    assert Event.objects.get(pk=new.pk).ended_at is None, "nothing was done"
    events.merge_incident(new.ref, old.ref, {"ca": "Igual."}, house.now, by="anna", reopen={"ca": "Torna."})
    house.work().later(minutes=2).work()
    assert went(house)[2:] == [("problem", new.ref)], "they know that there is a problem"
    assert rows.stand(Event.objects.get(pk=old.pk)).state == "investigating"
    resolved(house, old)
    assert went(house)[3:] == [("resolved", old.ref)]


def test_the_end_names_what_was_told_of_a_part_also_where_its_services_stayed_there(house: House) -> None:
    first = opened(house, {"links": State.DISRUPTION})
    second = told(house, opened(house, {"chat": State.PARTIAL}))
    events.update_incident(first.ref, IncidentState.RESOLVED, {"ca": "Arreglat."}, house.now, by="anna")
    house.work()
    merged(house, first, second)  # in the hold of its end, which then comes with that of the other
    assert not readers(house, "resolved")
    resolved(house, second)
    assert readers(house, "resolved") == BOTH
    story = story_of(Notice.objects.get(kind="resolved", state=Notice.SENT))
    assert {one.slug for one in story.event.touched} == {"links", "chat"}


def test_who_opens_a_duplicate_again_reads_before_which_mail_follows(house: House) -> None:
    first, second = told(house, house.open()), told(house, opened(house, {"chat": State.DISRUPTION}))
    merged(house, second, first)
    resolved(house, first)
    before = went(house)
    second.refresh_from_db()
    with translation.override("en"):
        said = would_follow(second, IncidentState.INVESTIGATING, {"chat": State.DISRUPTION}, None, house.now)
        as_it_is = would_follow(second, IncidentState.RESOLVED, {"chat": State.DISRUPTION}, None, house.now)
    assert said.startswith("A mail follows (There is a problem), to 3 people,")
    assert as_it_is == "No mail follows."
    events.update_incident(second.ref, IncidentState.INVESTIGATING, {"ca": "No era la mateixa."}, house.now, by="anna")
    house.work().later(minutes=2).work()
    assert went(house) == [*before, ("problem", second.ref)]


def test_what_was_no_duplicate_after_all_has_an_end_of_its_own(house: House) -> None:
    first = told(house, opened(house, {"links": State.DISRUPTION}))
    second = told(house, opened(house, {"links": State.DISRUPTION}))
    merged(house, second, first)
    resolved(house, first)
    events.update_incident(second.ref, IncidentState.INVESTIGATING, {"ca": "No era la mateixa."}, house.now, by="anna")
    house.work().later(minutes=2).work()
    assert went(house)[3:] == [("problem", second.ref)], "they were told that it was over"
    resolved(house, second)
    assert went(house)[4:] == [("resolved", second.ref)]
    assert len(readers(house, "resolved")) == 2 * len(BOTH)


def test_the_end_of_what_was_told_only_under_another_reference_reaches_nobody_who_came_since(house: House) -> None:
    first = told(house, opened(house, {"links": State.DISRUPTION}, tell=False))
    second = opened(house, {"links": State.DISRUPTION})
    house.work()
    merged(house, second, first)
    assert went(house) == [("problem", first.ref)]
    add("dora@example.net", "", house.now)
    events.update_incident(second.ref, IncidentState.INVESTIGATING, {"ca": "No era la mateixa."}, house.now, by="anna")
    house.work().later(minutes=2).work()
    resolved(house, second)
    assert went(house) == [("problem", first.ref), ("resolved", second.ref)]
    assert readers(house, "resolved") == BOTH


def test_the_end_of_a_part_that_was_told_when_nobody_was_there_reaches_nobody_who_came_since(house: House) -> None:
    Recipient.objects.all().delete()
    first = told(house, opened(house, {"links": State.DISRUPTION}))
    assert went(house) == [("problem", first.ref)]
    second = told(house, opened(house, {"links": State.DISRUPTION}, tell=False))
    merged(house, first, second)
    add("dora@example.net", "", house.now)
    resolved(house, second)
    assert went(house) == [("problem", first.ref), ("resolved", second.ref)]
    assert house.server.taken == []


@pytest.mark.parametrize(
    ("wanted", "there", "all_of_them"),
    [
        (Reach(("a",)), [], False),
        (Reach(("a",)), [Reach(("a",))], True),
        (Reach(("a", "b")), [Reach(("a",)), Reach(("b",))], True),
        (Reach(("a", "b")), [Reach(("a",))], False),
        (Reach(("a",)), [Reach(("a",), Segment(("a",)))], False),
        (Reach(("a",), Segment(("a",))), [Reach(("a",))], True),
        (Reach(("a",), Segment(("a",))), [Reach(("a",), Segment(("a", "b")))], True),
        (Reach(("a",), Segment(("a",), ("x",))), [Reach(("a",), Segment(("a",)))], False),
        (Reach(("a",)), [Reach(("a",), Segment(("a",))), Reach(("b",))], False),  # everybody had it of the other
        (
            Reach(("a",), Segment((), ("x", "y"))),
            [Reach(("a",), Segment((), ("x",))), Reach((), Segment((), ("y",)))],
            True,
        ),
    ],
)
def test_who_is_among_those_who_were_told(wanted: Reach, there: list[Reach], all_of_them: bool) -> None:
    assert covered(wanted, there) is all_of_them
