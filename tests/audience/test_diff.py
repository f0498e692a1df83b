"""The diff, the guard and who is behind what: tables over values."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talaia.audience.diff import SUBSCRIBED, Origin, RecipientEntry, RecipientStatus, What, diff
from talaia.audience.guard import objections
from talaia.audience.roster import Refusal, Roster, WantedRecipient
from talaia.audience.segments import concerned
from talaia.config import Audience, SegmentConfig, Threshold
from tests.audience.ledger import AUDIENCE, COLUMNS, NOW, known


def wanted(*names: str, reasons: tuple[str, ...] = ("member",)) -> dict[str, WantedRecipient]:
    return {key: WantedRecipient(key, key, reasons=reasons) for key in (f"{name}@example.org" for name in names)}


ANNA = known("anna@example.org")


@pytest.mark.parametrize(
    ("before", "what", "standing"),
    [
        (None, What.JOINS, RecipientStatus.ON),
        (ANNA, None, None),
        (replace(ANNA, name="Anna"), None, None),  # an export without names takes none away
        (replace(ANNA, reasons=("invoice 1",)), What.CHANGES, RecipientStatus.ON),
        (replace(ANNA, standing=RecipientStatus.LEFT, left_at=NOW), What.RETURNS, RecipientStatus.ON),
        (replace(ANNA, standing=RecipientStatus.OPTED_OUT), What.STAYS_OUT, RecipientStatus.OPTED_OUT),
        (replace(ANNA, standing=RecipientStatus.OPTED_OUT, left_at=NOW), What.STAYS_OUT, RecipientStatus.OPTED_OUT),
        (replace(ANNA, standing=RecipientStatus.BOUNCED), What.STAYS_OUT, RecipientStatus.BOUNCED),
        (replace(ANNA, standing=RecipientStatus.BOUNCED, left_at=NOW), What.STAYS_OUT, RecipientStatus.BOUNCED),
        (replace(ANNA, origin=Origin.HAND, reasons=()), None, None),
    ],
)
def test_what_becomes_of_somebody_whom_an_export_has(
    before: RecipientEntry | None, what: What | None, standing: RecipientStatus | None
) -> None:
    ledger = {before.key: before} if before else {}
    found = diff(wanted("anna"), (), ledger, (), "leave", NOW).changes
    assert [(one.what, one.after.standing) for one in found] == ([(what, standing)] if what else [])
    assert all(one.after.left_at is None for one in found)


@pytest.mark.parametrize(
    ("before", "standing"),
    [
        (ANNA, RecipientStatus.LEFT),
        (replace(ANNA, standing=RecipientStatus.OPTED_OUT), RecipientStatus.OPTED_OUT),
        (replace(ANNA, standing=RecipientStatus.BOUNCED), RecipientStatus.BOUNCED),
        (replace(ANNA, standing=RecipientStatus.LEFT, left_at=NOW - timedelta(days=1)), None),
        (replace(ANNA, origin=Origin.HAND), None),
    ],
)
def test_what_becomes_of_somebody_whom_an_export_has_no_more(
    before: RecipientEntry, standing: RecipientStatus | None
) -> None:
    found = diff(wanted("berta"), (), {before.key: before}, (), "leave", NOW).of(What.LEAVES)
    assert [(one.after.standing, one.after.left_at) for one in found] == ([(standing, NOW)] if standing else [])


def test_somebody_in_a_refused_row_neither_joins_nor_leaves() -> None:
    for people in ({}, wanted("anna", reasons=("invoice 1",))):
        (found,) = diff(people, {ANNA.key}, {ANNA.key: ANNA}, (), "leave", NOW).changes
        assert (found.what, found.after, found.writes) == (What.KEPT, ANNA, False)


def test_a_row_that_cannot_be_read_holds_nobody_whom_no_export_had() -> None:
    left = replace(ANNA, standing=RecipientStatus.LEFT, left_at=NOW)
    (found,) = diff(wanted("anna"), {ANNA.key}, {ANNA.key: left}, (), "leave", NOW).changes
    assert found.what == What.RETURNS
    by_hand = {ANNA.key: replace(ANNA, origin=Origin.HAND, reasons=())}
    assert not diff(wanted("anna"), {ANNA.key}, by_hand, (), "leave", NOW).changes


def test_who_asked_for_our_mails_keeps_them_whatever_an_export_says_unless_they_asked_for_them_no_more() -> None:
    asked = replace(ANNA, reasons=("member", SUBSCRIBED), connections=("Port1",))
    (found,) = diff(wanted("anna", reasons=("invoice 1",)), (), {ANNA.key: asked}, (), "leave", NOW).changes
    assert (found.what, found.after.reasons) == (What.CHANGES, ("invoice 1", SUBSCRIBED))
    (found,) = diff({}, (), {ANNA.key: asked}, (), "leave", NOW).changes
    assert (found.what, found.after.standing, found.after.origin) == (What.CHANGES, RecipientStatus.ON, Origin.HAND)
    assert (found.after.reasons, found.after.connections, found.after.left_at) == ((SUBSCRIBED,), (), None)
    for standing in (RecipientStatus.OPTED_OUT, RecipientStatus.BOUNCED):
        out = replace(asked, standing=standing)
        (found,) = diff({}, (), {ANNA.key: out}, (), "leave", NOW).changes
        assert (found.what, found.after.standing, found.after.left_at) == (What.LEAVES, standing, NOW)


def test_whoever_has_a_new_address_joins_with_it_before_they_leave_with_the_old_one() -> None:
    found = diff(wanted("berta"), (), {ANNA.key: ANNA}, (), "leave", NOW).changes
    assert [one.what for one in found] == [What.JOINS, What.LEAVES]


def test_who_leaves_is_there_for_no_reason_any_more() -> None:
    (found,) = diff(wanted("berta"), (), {ANNA.key: ANNA}, (), "leave", NOW).of(What.LEAVES)
    assert found.after.reasons == ()


def test_somebody_who_opted_out_and_was_forgotten_comes_back_opted_out() -> None:
    (found,) = diff(wanted("anna"), (), {}, {ANNA.key}, "leave", NOW).changes
    assert (found.what, found.after.standing) == (What.STAYS_OUT, RecipientStatus.OPTED_OUT)


def test_an_address_added_by_hand_is_left_alone_or_adopted_as_configured() -> None:
    by_hand = {ANNA.key: replace(ANNA, origin=Origin.HAND, reasons=())}
    assert not diff(wanted("anna"), (), by_hand, (), "leave", NOW).changes
    (found,) = diff(wanted("anna"), (), by_hand, (), "adopt", NOW).changes
    assert (found.what, found.after.origin) == (What.ADOPTED, Origin.EXPORT)


NAMES = st.sets(st.sampled_from("abcdefgh"))


@given(NAMES, NAMES, st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(list(RecipientStatus))))
def test_after_a_diff_is_applied_there_is_nothing_left_to_do(
    now_wanted: set[str], held: set[str], standings: dict[str, RecipientStatus]
) -> None:
    ledger = {
        f"{name}@example.org": replace(
            known(f"{name}@example.org", standing=standing), left_at=NOW if standing == RecipientStatus.LEFT else None
        )
        for name, standing in standings.items()
    }
    people, kept = wanted(*now_wanted), {f"{name}@example.org" for name in held - now_wanted}
    found = diff(people, kept, ledger, (), "leave", NOW)
    after = ledger | {one.after.key: one.after for one in found.to_write}
    assert diff(people, kept, after, (), "leave", NOW).to_write == ()
    told = {key for key, entry in after.items() if entry.standing == RecipientStatus.ON}
    out = {
        key for key, entry in ledger.items() if entry.standing in (RecipientStatus.OPTED_OUT, RecipientStatus.BOUNCED)
    }
    assert told == {key for key in people if key not in out} | {
        key for key in kept if key in ledger and ledger[key].standing == RecipientStatus.ON
    }


def roster(people: int, rows: int | None = None, refused: int = 0) -> Roster:
    found = wanted(*(f"p{n}" for n in range(people)))
    return Roster(found, tuple(Refusal(n, "day") for n in range(refused)), people if rows is None else rows)


@pytest.mark.parametrize(
    ("before", "export", "audience", "codes"),
    [
        (0, roster(100), AUDIENCE, []),
        (100, roster(100), AUDIENCE, []),
        (100, roster(80), AUDIENCE, []),  # exactly a fifth leaves
        (100, roster(79), AUDIENCE, ["shrink"]),
        (100, roster(0), AUDIENCE, ["empty"]),
        (100, roster(0, rows=100), AUDIENCE, ["nobody"]),
        (0, roster(0, rows=3, refused=3), AUDIENCE, ["nobody"]),
        (5, roster(3), AUDIENCE, ["shrink"]),
        (100, roster(97), Audience(columns=COLUMNS, shrink=Threshold(count=2)), ["shrink"]),
        (100, roster(98), Audience(columns=COLUMNS, shrink=Threshold(count=2)), []),
        (100, roster(100, rows=110, refused=11), Audience(columns=COLUMNS), []),
        (100, roster(100, rows=110, refused=12), Audience(columns=COLUMNS), ["refused"]),
        (100, roster(10, rows=110, refused=100), Audience(columns=COLUMNS), ["shrink", "refused"]),
    ],
)
def test_the_guard_objects_to_what_would_empty_the_list(
    before: int, export: Roster, audience: Audience, codes: list[str]
) -> None:
    ledger = {f"p{n}@example.org": known(f"p{n}@example.org") for n in range(before)}
    change = diff(export.wanted, (), ledger, (), "leave", NOW)
    assert [one.code for one in objections(export, change, audience)] == codes


PLACED = (
    replace(known("anna@example.org"), connections=("VexPort7",), areas=("El Port",)),
    replace(known("berta@example.org"), areas=("el port",)),
    replace(known("carme@example.org"), connections=("VexCentre1",)),
    replace(known("dolors@example.org", standing=RecipientStatus.OPTED_OUT), areas=("El Port",)),
    known("eva@example.org"),
)
BEHIND = Audience(
    columns=COLUMNS,
    behind=(
        SegmentConfig(service="links", areas=("El Port",)),
        SegmentConfig(connection="VexCentre1", connections=("C1", "VexPort7")),
    ),
)


@pytest.mark.parametrize(
    ("services", "connections", "names", "everybody"),
    [
        (["links"], [], "anna berta", False),
        ([], ["VexPort7"], "anna", False),
        ([], ["VexCentre1"], "anna carme", False),
        (["links"], ["VexCentre1"], "anna berta carme", False),
        (["chat"], [], "anna berta carme eva", True),  # nobody has said who is behind it
        (["links", "chat"], [], "anna berta carme eva", True),
        ([], [], "anna berta carme eva", True),
        ([], ["unheard-of"], "", False),
    ],
)
def test_a_notice_can_go_only_to_the_people_behind_what_it_is_about(
    services: list[str], connections: list[str], names: str, everybody: bool
) -> None:
    found = concerned(PLACED, BEHIND, services, connections)
    assert found.keys == tuple(f"{name}@example.org" for name in names.split())
    assert found.everybody == everybody
    assert found.unplaced == 1
