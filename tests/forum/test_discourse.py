"""One topic per event, never two, and nothing of anybody's lost: our client against the double of a forum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from talaia.forum.backend import Document, EditedElsewhere, Gone, Recent
from talaia.forum.discourse.names import news
from talaia.forum.discourse.topics import Discourse as Ours
from talaia.forum.post import document as rendered
from talaia.outbox.errors import OutsideError, PermanentError, TemporaryError
from tests.forum.stories import HOUSE, STORY
from tests.forum.there import BEGAN, TEXT, Pair, document, stands
from tests.servers.discourse import Discourse


def find_many(ours: Ours) -> None:
    for number in range(9):
        ours.find(f"incident/2026-00{number}")


MORE = TEXT + "\n\nEls tècnics hi treballen."


@pytest.mark.slow
def test_a_topic_is_made_found_changed_and_closed(pair: Pair, ours: Ours) -> None:
    assert ours.find("incident/2026-014") is None
    made = stands(ours.make(document()))
    assert stands(ours.find("incident/2026-014")) == made
    [topic] = pair.double.forum.standing()
    assert made.address == f"{pair.double.address}/t/{topic.id}"
    assert (topic.created_at, topic.external_id) == (BEGAN, "talaia-incident-2026-014")
    assert topic.tags == ["incident", "investigating"]
    wanted = document(title="[2026-014] Tall de fibra, resolt", text=MORE, tags=("incident", "resolved"), closed=True)
    changed = stands(ours.change(wanted, made, "resolt"))
    assert (changed.text, changed.tags, changed.closed) == (MORE, ("incident", "resolved"), True)
    assert (topic.title, topic.tags, topic.closed) == ("[2026-014] Tall de fibra, resolt", list(changed.tags), True)
    assert pair.double.forum.first(topic.id).edit_reason == "resolt"
    assert changed.version != made.version
    again = stands(ours.change(document(text=MORE), changed, "reoberta"))
    assert (topic.closed, again.closed) == (False, False)


def test_what_already_is_as_wanted_is_only_looked_at(pair: Pair, ours: Ours) -> None:
    made = stands(ours.make(document()))
    before = len(pair.double.seen)
    assert stands(ours.change(document(), made, "")) == made
    assert [seen.asked.split()[0] for seen in pair.double.seen[before:]] == ["GET"]


def test_one_made_long_afterwards_stands_under_its_day_and_one_to_come_under_today(pair: Pair, ours: Ours) -> None:
    ours.make(document(began=datetime(2019, 5, 4, 10, tzinfo=UTC), closed=True))
    ours.make(
        document("maintenance/2026-003", "[M2026-003] Canvi de bateries", began=pair.double.clock() + timedelta(7))
    )
    old, coming = pair.double.forum.standing()
    assert (old.created_at.year, old.bumped_at.year, old.closed) == (2019, 2019, True)
    assert coming.created_at == pair.double.clock()


@pytest.mark.parametrize("way", ["commit then drop", "truncated"])
def test_a_topic_whose_answer_was_lost_is_adopted_at_once(pair: Pair, ours: Ours, way: str) -> None:
    pair.double.fail(way, "POST")  # type: ignore[arg-type]
    assert stands(ours.make(document())).text == TEXT
    assert len(pair.double.forum.standing()) == 1


@pytest.mark.parametrize("asked", ["POST", "GET", ""])
def test_whatever_is_cut_off_is_there_once_after_the_next_try(pair: Pair, asked: str) -> None:
    pair.double.fail("commit then drop", asked, times=2)
    for _ in range(2):
        ours = pair.ours()  # as after a kill
        try:
            ours.make(document())
        except TemporaryError:
            pair.double.clock.forward(300)
    ours = pair.ours()
    stands(ours.make(document()))
    assert len(pair.double.forum.standing()) == 1


def test_a_topic_that_is_there_is_adopted_whatever_its_text(pair: Pair, ours: Ours) -> None:
    place = stands(ours.make(document())).place
    pair.double.forum.edit(int(place), "marta", TEXT + " I de Ponent.")
    adopted = stands(pair.ours().make(document(text=MORE)))
    assert (adopted.place, adopted.text) == (place, TEXT + " I de Ponent.")
    assert len(pair.double.asked("POST")) == 1


def test_a_close_that_was_lost_is_made_up_for(pair: Pair, ours: Ours) -> None:
    pair.double.fail("drop", "PUT")
    with pytest.raises(TemporaryError):
        ours.make(document(closed=True))
    assert stands(ours.make(document(closed=True))).closed
    assert len(pair.double.asked("POST")) == 1


def test_a_refusal_is_asked_once_more_when_nobody_remembers_it_and_then_is_a_persons(pair: Pair, ours: Ours) -> None:
    other = pair.double.forum.write("[2026-014] tall de fibra al centre", TEXT)
    with pytest.raises(TemporaryError, match="already been used") as first:
        ours.make(document())
    assert first.value.after
    assert first.value.after > timedelta(seconds=120)
    pair.double.clock.forward(10)
    with pytest.raises(TemporaryError):
        ours.make(document())
    pair.double.clock.forward(first.value.after.total_seconds())
    refused = ours.make(document())
    assert isinstance(refused, Gone)
    assert "already been used" in refused.why
    pair.double.forum.delete(other.id)
    pair.double.clock.forward(121)
    stands(ours.make(document()))


def test_a_deleted_topic_is_never_made_again(pair: Pair, ours: Ours) -> None:
    made = stands(ours.make(document()))
    pair.double.forum.delete(int(made.place))
    for gone in (ours.read(made.place), ours.change(document(text=MORE), made, "")):
        assert isinstance(gone, Gone)
        assert "recover" in gone.hint
    pair.double.clock.forward(121)
    with pytest.raises(TemporaryError):
        ours.make(document())
    pair.double.clock.forward(125)
    refused = ours.make(document())
    assert isinstance(refused, Gone)
    assert "recover" in refused.hint
    assert pair.double.forum.standing() == []
    pair.double.forum.recover(int(made.place))
    assert stands(ours.make(document())).place == made.place


@pytest.mark.parametrize("staff", [True, False])
def test_a_topic_deleted_in_the_very_moment_is_gone(pair: Pair, ours: Ours, staff: bool) -> None:
    pair.double.forum.settings.bot_is_staff = staff
    made = stands(ours.make(document()))
    pair.double.before("PUT", lambda: pair.double.forum.delete(int(made.place)))
    gone = ours.change(document(title="[2026-014] Un altre títol", text=TEXT), made, "")
    assert isinstance(gone, Gone)


def test_what_somebody_wrote_meanwhile_is_not_written_over(pair: Pair, ours: Ours) -> None:
    made = stands(ours.make(document()))
    pair.double.forum.edit(int(made.place), "marta", TEXT + " I de Ponent.")
    edited = ours.change(document(text=MORE), made, "")
    assert isinstance(edited, EditedElsewhere)
    assert (edited.editor, edited.standing.text) == ("marta", TEXT + " I de Ponent.")
    assert edited.standing.key == "incident/2026-014"
    assert not pair.double.asked("PUT")
    merged = stands(ours.change(document(text=MORE + " I de Ponent."), edited.standing, "plegat"))
    assert merged.text == MORE + " I de Ponent."


def test_what_somebody_writes_between_our_look_and_our_word_is_not_written_over_either(pair: Pair, ours: Ours) -> None:
    made = stands(ours.make(document()))
    pair.double.before("PUT", lambda: pair.double.forum.edit(int(made.place), "joan", "Una altra cosa, ben diferent."))
    edited = ours.change(document(text=MORE), made, "")
    assert isinstance(edited, EditedElsewhere)
    assert (edited.editor, edited.standing.text) == ("joan", "Una altra cosa, ben diferent.")
    assert pair.double.asked("PUT")[0].status == 409


def test_a_second_edit_that_the_forum_does_not_count_is_another_version(pair: Pair, ours: Ours) -> None:
    place = int(stands(ours.make(document())).place)
    pair.double.forum.edit(place, "marta", TEXT + " Ai.")
    first = ours.read(str(place))
    pair.double.forum.edit(place, "marta", TEXT + " Ai, ai.")
    second = ours.read(str(place))
    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    assert (first[1], first[0].version.split("-")[0]) == (second[1], second[0].version.split("-")[0])
    assert first[0].version != second[0].version


def test_a_title_that_somebody_gave_is_not_written_over_and_a_prettier_one_of_ours_is_ours(
    pair: Pair, ours: Ours
) -> None:
    made = stands(ours.make(document(title="[2026-014] tall de fibra!!!")))
    [topic] = pair.double.forum.standing()
    assert topic.title == "[2026-014] tall de fibra!"
    made = stands(ours.change(document(title="[2026-014] tall de fibra!!!", text=MORE), made, ""))
    assert not pair.double.asked("PUT /t/-")
    pair.double.forum.rename(topic.id, "marta", "[2026-014] Tall de fibra al Centre i a Ponent")
    assert isinstance(ours.change(document(title="[2026-014] tall de fibra!!!", text=TEXT), made, ""), EditedElsewhere)


def test_tags_that_people_gave_stay_and_ours_follow_the_state(pair: Pair, ours: Ours) -> None:
    made = stands(ours.make(document()))
    pair.double.forum.tag(int(made.place), "ponent")
    changed = stands(ours.change(document(tags=("incident", "resolved")), made, ""))
    assert pair.double.forum.standing()[0].tags == ["incident", "resolved", "ponent"]
    assert changed.tags == ("incident", "resolved")
    there = stands(ours.find("incident/2026-014"))
    assert "ponent" in there.tags
    stands(ours.change(document(tags=("incidència", "resolt")), there, ""))
    assert pair.double.forum.standing()[0].tags == ["incidència", "resolt", "ponent"]


@pytest.mark.parametrize(("version", "objects"), [("3.5.2", False), ("2026.1.0-latest", True)])
def test_tags_are_sent_as_the_version_wants_them(pair: Pair, ours: Ours, version: str, objects: bool) -> None:
    pair.double.forum.settings.version, pair.double.forum.settings.tags_as_objects = version, objects
    made = stands(ours.make(document()))
    assert pair.double.forum.standing()[0].tags == ["incident", "investigating"]
    assert stands(ours.find("incident/2026-014")).tags == made.tags


def test_without_tags_none_are_sent(pair: Pair) -> None:
    ours = pair.ours(tags=False)
    made = stands(ours.make(document()))
    ours.change(document(tags=("incident", "resolved"), text=MORE), made, "")
    assert pair.double.forum.standing()[0].tags == []


HEADS = [f"### [Causa] 3 d'octubre [#u{n}](https://status.example.org/incidents/2026-014/#u{n})" for n in range(1, 9)]


def told(*entries: int) -> Document:
    return document(text=TEXT + "".join(f"\n\n{HEADS[n - 1]}\n\nParaules." for n in entries))


def replies(pair: Pair) -> list[str]:
    [topic] = pair.double.forum.standing()
    return [pair.double.forum.posts[id].raw for id in topic.posts[1:]]


def test_a_reply_for_each_new_entry_only_where_it_is_asked_for(pair: Pair, ours: Ours) -> None:
    made = stands(ours.make(told(1)))
    stands(ours.change(told(1, 2), made, ""))
    assert replies(pair) == []
    loud = pair.ours(replies=True)
    changed = stands(loud.change(told(1, 2, 3, 4), stands(loud.find("incident/2026-014")), ""))
    assert replies(pair) == [HEADS[2].removeprefix("### "), HEADS[3].removeprefix("### ")]
    stands(loud.change(told(1, 2, 3, 4), changed, ""))
    assert len(replies(pair)) == 2


@pytest.mark.parametrize("others", [0, 30])
def test_a_reply_whose_answer_was_lost_is_not_written_twice(pair: Pair, others: int) -> None:
    loud = pair.ours(replies=True)
    made = stands(loud.make(told(1)))
    for _ in range(others):
        pair.double.forum.reply(int(made.place), "joan")
    pair.double.fail("commit then drop", "POST")
    with pytest.raises(TemporaryError):
        loud.change(told(1, 2), made, "")
    stands(loud.change(told(1, 2), made, ""))
    assert [said for said in replies(pair) if "#u2" in said] == [HEADS[1].removeprefix("### ")]


def test_a_reply_that_the_forum_does_not_take_holds_nothing_up(pair: Pair) -> None:
    loud = pair.ours(replies=True)
    made = stands(loud.make(told(1)))
    pair.double.forum.settings.min_post_length = 400
    assert stands(loud.change(replace(told(1, 2), closed=True), made, "")).closed
    assert replies(pair) == []


def test_the_heads_of_the_entries_are_those_of_our_real_documents() -> None:
    found = news(rendered(STORY, HOUSE).text)
    assert [at.rpartition("#")[2] for at in found] == ["u1", "u2", "u3"]
    assert all(line.startswith("[") for line in found.values())


def test_a_text_is_compared_as_the_forum_keeps_it(pair: Pair, ours: Ours) -> None:
    odd = TEXT.replace("4.05 no", "4.05\u00a0no") + "\n\n"
    made = stands(ours.make(document(text=odd)))
    assert made.text == TEXT
    assert stands(ours.change(document(text=odd), made, "")) == made
    assert not pair.double.asked("PUT")


def test_replies_are_counted_and_who_edited_is_told(pair: Pair, ours: Ours) -> None:
    place = stands(ours.make(document())).place
    pair.double.forum.reply(int(place), "joan")
    read = ours.read(place)
    assert isinstance(read, tuple)
    assert (read[0].replies, read[1]) == (1, "talaia")
    pair.double.forum.edit(int(place), "marta", TEXT + " Ai.")
    read = ours.read(place)
    assert isinstance(read, tuple)
    assert read[1] == "marta"


def test_a_topic_of_somebody_has_no_key(pair: Pair, ours: Ours) -> None:
    topic = pair.double.forum.write("Avaria de l'hivern passat", TEXT, "marta")
    read = ours.read(str(topic.id))
    assert isinstance(read, tuple)
    assert (read[0].key, read[0].text, read[1]) == ("", TEXT, "marta")


def test_recent_ones_come_newest_first_over_all_pages_without_what_is_older_or_about_the_category(
    pair: Pair, ours: Ours
) -> None:
    forum, ids = pair.double.forum, []
    for number in range(70):
        pair.double.clock.forward(3600)
        ids.append(forum.write(f"Avaria número {number} de l'any", TEXT).id)
    since = pair.double.clock() - timedelta(hours=39.5)
    pair.double.clock.forward(60)
    forum.reply(ids[0], "joan")
    found = list(ours.recent(since))
    assert [one.place for one in found] == [str(id) for id in [ids[0], *reversed(ids[30:])]]
    assert found[0] == Recent(str(ids[0]), pair.double.clock(), 1)


# What goes wrong on the way, for a read and for a write: what is raised, and words of it.
FAULTS = [
    pytest.param("drop", "does not answer", id="a reset"),
    pytest.param("bad gateway", "answers 502", id="a page of the proxy"),
    pytest.param("truncated", "no JSON", id="half an answer"),
]


@pytest.mark.parametrize(("way", "says"), FAULTS)
@pytest.mark.parametrize("asked", ["GET", "PUT"])
def test_what_breaks_on_the_way_is_tried_again(pair: Pair, ours: Ours, way: str, says: str, asked: str) -> None:
    made = stands(ours.make(document()))
    pair.double.fail(way, asked)  # type: ignore[arg-type]
    with pytest.raises(TemporaryError, match=says):
        ours.change(document(text=MORE), made, "")
    assert stands(ours.change(document(text=MORE), made, "")).text == MORE
    topic = pair.double.forum.standing()[0]
    assert pair.double.forum.first(topic.id).version == 2


def test_a_slow_forum_is_not_waited_for_for_ever(pair: Pair) -> None:
    ours = pair.ours(timeout=timedelta(seconds=1))
    pair.double.fail("slow", "POST", seconds=3)
    assert stands(ours.make(document())).text == TEXT  # it was made, and is found
    assert len(pair.double.forum.standing()) == 1


def test_read_only_is_waited_out(pair: Pair, ours: Ours) -> None:
    pair.double.forum.settings.read_only = True
    with pytest.raises(TemporaryError, match="read-only") as fault:
        ours.make(document())
    assert fault.value.after
    pair.double.forum.settings.read_only = False
    stands(ours.make(document()))


def test_when_it_has_had_enough_of_us_nothing_is_asked_until_it_said(pair: Pair) -> None:
    ours = pair.ours(rate=60)
    pair.double.forum.settings.max_admin_api_reqs_per_minute = 2
    with pytest.raises(TemporaryError, match="had enough") as fault:
        find_many(ours)
    assert fault.value.after
    asked = len(pair.double.seen)
    with pytest.raises(TemporaryError, match="asked us to wait"):
        ours.find("incident/2026-001")
    assert len(pair.double.seen) == asked
    pair.double.clock.forward(fault.value.after.total_seconds())
    assert ours.find("incident/2026-001") is None


def test_the_limit_of_an_address_is_heard_too(pair: Pair) -> None:
    ours = pair.ours(rate=60)
    pair.double.forum.settings.per_ip_per_10_seconds = 3
    with pytest.raises(TemporaryError, match="ip_10_secs_limit") as fault:
        find_many(ours)
    assert fault.value.after == timedelta(seconds=11)


@pytest.mark.slow
def test_a_thousand_of_the_past_take_the_time_that_the_rate_says(pair: Pair, ours: Ours) -> None:
    began = pair.double.clock()
    for number in range(1000):
        key, title = f"incident/2020-{number:03}", f"[2020-{number:03}] Avaria de fa temps"
        stands(ours.make(document(key, title, began=datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=number))))
    calls = len(pair.double.seen)
    assert len(pair.double.forum.standing()) == 1000
    assert pair.double.clock() - began <= timedelta(minutes=calls / 20) * 1.1
    assert {seen.status for seen in pair.double.seen} <= {200, 404}


# What a key may not, and what the hint must name.
SCOPES = {"topics:write", "topics:update", "topics:read", "topics:read_lists", "posts:edit"}
MISSING = [
    pytest.param("topics:write", lambda ours, made: ours.make(document("incident/2026-015")), id="write"),
    pytest.param("posts:edit", lambda ours, made: ours.change(document(text=MORE), made, ""), id="edit"),
    pytest.param("topics:update", lambda ours, made: ours.change(document(closed=True), made, ""), id="update"),
    pytest.param("topics:read", lambda ours, made: ours.read(made.place), id="read"),
]


@pytest.mark.parametrize(("scope", "act"), MISSING)
def test_a_missing_scope_is_named(pair: Pair, ours: Ours, scope: str, act: Callable[[Ours, object], object]) -> None:
    made = stands(ours.make(document()))
    pair.double.forum.key.scopes = frozenset(SCOPES - {scope})
    with pytest.raises(PermanentError) as fault:
        act(ours, made)
    assert scope.replace(":", ": ") in fault.value.hint


def test_with_the_granular_scopes_of_the_guide_everything_goes(pair: Pair, ours: Ours) -> None:
    forum = pair.double.forum
    forum.key.scopes, forum.settings.external_id_in_topics_read = frozenset(SCOPES), False
    made = stands(ours.make(document()))
    forum.edit(int(made.place), "marta", TEXT + " Ai.")
    edited = ours.change(document(text=MORE), made, "")
    assert isinstance(edited, EditedElsewhere)
    assert edited.editor == "marta"  # everybody may know that
    stands(ours.change(document(text=MORE, tags=("incident", "resolved"), closed=True), edited.standing, ""))
    assert [one.place for one in ours.recent(forum.clock() - timedelta(days=1))] == [made.place]
    before = len(pair.double.seen)
    assert ours.find("incident/2026-099") is None
    assert len(pair.double.seen) == before + 1  # what the key may not is not tried each time


def test_a_key_that_cannot_look_up_in_a_closed_category_makes_nothing(pair: Pair, ours: Ours) -> None:
    forum = pair.double.forum
    forum.key.scopes, forum.settings.external_id_in_topics_read = frozenset(SCOPES), False
    forum.settings.public = False
    with pytest.raises(OutsideError):
        ours.make(document())
    assert forum.standing() == []


def test_a_forum_that_holds_back_for_approval_is_told_of(pair: Pair, ours: Ours) -> None:
    pair.double.forum.settings.approval = True
    gone = ours.make(document())
    assert isinstance(gone, Gone)
    assert "approval" in gone.hint


def test_a_text_that_is_refused_is_for_a_person(pair: Pair, ours: Ours) -> None:
    made = stands(ours.make(document()))
    gone = ours.change(document(text="x" * 40_000), made, "")
    assert isinstance(gone, Gone)
    assert "limited to 32000" in gone.why
    assert stands(ours.find("incident/2026-014")).text == TEXT


def test_the_key_goes_to_no_other_host(pair: Pair, ours: Ours) -> None:
    made = stands(ours.make(document()))
    other = pair.double.address.replace("127.0.0.1", "localhost")
    for asked, act in (
        ("GET /t/external_id", lambda: ours.find("incident/2026-014")),
        ("GET", lambda: ours.read(made.place)),
        ("PUT", lambda: ours.change(document(text=MORE), made, "")),
    ):
        pair.double.fail("elsewhere", asked, address=f"{other}/t/{made.place}.json")
        before = len(pair.double.seen)
        with pytest.raises(PermanentError, match="sends us to http://localhost"):
            act()
        assert all(seen.headers["host"].startswith("127.0.0.1") for seen in pair.double.seen[before:])


def test_a_forum_in_a_folder_of_its_host_and_behind_a_proxy(tmp_path: Path) -> None:
    with Discourse(base="/forum") as double:
        both = Pair(double, tmp_path)
        ours = both.ours()
        made = stands(ours.make(document()))
        assert stands(ours.find("incident/2026-014")).place == made.place
        assert made.address == f"{double.address}/t/{made.place}"
        assert list(ours.recent(BEGAN - timedelta(days=1)))
        both.close()


@pytest.mark.parametrize("content", ["", "clau amb blancs", "clau\u00e9"])
def test_a_key_file_that_holds_no_key_is_told_of(pair: Pair, ours: Ours, content: str) -> None:
    (pair.folder / "key").write_text(content)
    with pytest.raises(PermanentError) as fault:
        ours.find("incident/2026-014")
    assert "key" in str(fault.value)


def test_a_forum_that_is_away_is_waited_for(pair: Pair) -> None:
    ours = pair.ours(address="http://127.0.0.1:9")
    with pytest.raises(TemporaryError, match="does not answer"):
        ours.make(document())


def test_the_base_of_another_time_does_not_hide_what_is_already_done(pair: Pair, ours: Ours) -> None:
    made = stands(ours.make(document()))
    pair.double.fail("commit then drop", "PUT /posts")
    with pytest.raises(TemporaryError):
        ours.change(document(text=MORE), made, "")
    assert stands(ours.change(document(text=MORE), replace(made), "")).text == MORE
    assert len(pair.double.asked("PUT")) == 1


def test_it_is_asked_and_nothing_is_written(pair: Pair, ours: Ours) -> None:
    ours.ask()
    assert list(pair.double.forum.standing()) == []
