"""What other systems are told: the body, the signature, the order; and receivers that are away, slow or lie."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import standardwebhooks
from django.db import transaction

from talaia.config import ConfigError, current
from talaia.events import actions as events
from talaia.events.timeline import IncidentState, MaintenanceState
from talaia.notices.webhooks import client, sign
from talaia.outbox import actions as outbox
from talaia.outbox.errors import PermanentError, TemporaryError
from talaia.outbox.models import Delivery, Fact
from talaia.panel import statuspage_ids
from talaia.panel.state import State
from tests.notices.conftest import NOW, Configure, House, set_up
from tests.notices.receiver import Receiver, Request

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def told(house: House, there: Receiver, configure: Configure, tmp_path: Path) -> House:
    (tmp_path / "secret").write_text(SECRET + "\n")
    hook = '\n[[webhook]]\nname = "{0}"\nurl = "http://127.0.0.1:{1}/{0}"\nsecret_file = "secret"\ntimeout = "1s"\n'
    set_up(configure, house.server, hook.format("billing", there.port) + hook.format("board", there.port))
    return house


def came(there: Receiver, name: str = "billing") -> list[Request]:
    return [one for one in there.requests if one.path == f"/{name}"]


def is_signed(request: Request) -> bool:
    """As its receiver reckons, with nothing of ours."""
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    made = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(request.headers["webhook-signature"], f"v1,{made}")


def test_the_signature_is_that_of_standard_webhooks() -> None:
    at = datetime.fromtimestamp(1614265330, UTC)
    made = sign.headers(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')
    assert made == {
        "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "Webhook-Timestamp": "1614265330",
        "Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert sign.key("a plain secret") == b"a plain secret"
    assert sign.key("whsec_no base64!") == b"whsec_no base64!"


def test_a_library_of_others_believes_the_signature_and_no_other() -> None:
    body, now = '{"test": "café"}'.encode(), datetime.now(UTC)
    made, theirs = sign.headers(SECRET, "msg_1", now, body), standardwebhooks.Webhook(SECRET)
    assert theirs.verify(body, made) == {"test": "café"}
    old = sign.headers(SECRET, "msg_1", now - timedelta(minutes=6), body)
    for headers, content in ((made, b"{}"), ({**made, "Webhook-Id": "msg_2"}, body), (old, body)):
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            theirs.verify(content, headers)


def test_the_life_of_an_incident_is_told_entry_by_entry(told: House, there: Receiver) -> None:
    told.open()
    told.work().later(minutes=10)
    events.update_incident("2026-001", IncidentState.MONITORING, {"ca": "Millor."}, told.now, by="anna")
    told.work().later(minutes=10)
    events.update_incident("2026-001", IncidentState.RESOLVED, {"ca": "Fet."}, told.now, by="anna")
    told.work()
    first, _second, last = [one.json() for one in came(there)]
    assert [one.json()["incident"]["status"] for one in came(there)] == ["investigating", "monitoring", "resolved"]
    incident = first["incident"]
    assert incident["impact"] == "critical" and incident["resolved_at"] is None
    assert incident["shortlink"] == "https://status.example.org/incidents/2026-001/"
    assert incident["created_at"] == "2026-05-04T01:12:00.000Z"
    assert [one["body"] for one in last["incident"]["incident_updates"]] == ["Fet.", "Millor.", "Ho mirem."]
    assert last["incident"]["id"] == incident["id"] == statuspage_ids.code("status.example.org", "incident", "2026-001")
    assert len(incident["id"]) == 12
    assert first["page"].keys() == {"id", "status_indicator", "status_description"}
    assert all(is_signed(one) for one in there.requests)
    assert len({one.headers["webhook-id"] for one in came(there)}) == 3
    assert len(came(there, "board")) == 3


def test_planned_work_is_told_once_it_is_public(told: House, there: Receiver) -> None:
    window = (NOW + timedelta(days=1), NOW + timedelta(days=1, hours=2))
    event = events.plan_maintenance(
        {"ca": "Canvi"},
        {"ca": "El canviem."},
        {"links": State.PARTIAL},
        window,
        NOW,
        by="anna",
        needs_approval=True,
    )
    told.work()
    assert there.requests == []
    events.approve_maintenance(event.ref, NOW, by="bernat")
    told.work()
    [one] = came(there)
    incident = one.json()["incident"]
    assert (incident["status"], incident["impact"]) == ("scheduled", "maintenance")
    assert incident["scheduled_for"] == "2026-05-05T01:12:00.000Z"
    events.update_maintenance(event.ref, MaintenanceState.CANCELLED, {"ca": "No es fa."}, NOW, by="anna")
    told.work()
    off = came(there)[-1].json()["incident"]
    assert off["resolved_at"] == off["updated_at"] == "2026-05-04T01:12:00.000Z"


def test_a_service_that_changes_is_told_with_words_that_its_readers_know(told: House, there: Receiver) -> None:
    told.open()
    told.work()
    there.requests.clear()
    with transaction.atomic():
        data = {"from": "unknown", "to": "disruption", "reason": {}}
        outbox.record("service.changed", "service/links", told.now, data=data)
    told.work()
    [one] = came(there)
    assert one.json()["component_update"]["new_status"] == "major_outage"
    assert one.json()["component_update"]["old_status"] == "degraded_performance"
    assert one.json()["component"]["name"] == "Connexions"


def test_a_receiver_that_is_away_gets_all_of_it_in_order_later(told: House, there: Receiver) -> None:
    there.answer = lambda handler: handler.say(503 if handler.path == "/billing" else 200)
    told.open()
    told.work()
    for number in range(3):
        told.later(minutes=1)
        events.update_incident("2026-001", IncidentState.IDENTIFIED, {"ca": f"{number}"}, told.now, by="anna")
        told.work()
    assert len(came(there, "board")) == 4  # the other one waits for nobody
    tried = {one.headers["webhook-id"] for one in came(there)}
    assert len(tried) == 1  # nothing passes what came before
    there.requests.clear()
    there.answer = lambda handler: handler.say(200)
    for _ in range(12):
        told.later(minutes=20).work()
    assert [len(one.json()["incident"]["incident_updates"]) for one in came(there)] == [1, 2, 3, 4]
    assert came(there)[0].headers["webhook-id"] in tried


def test_what_is_delivered_late_is_over_where_it_says_so_and_nowhere_else(told: House, there: Receiver) -> None:
    there.answer = lambda handler: handler.say(503)
    told.open()
    for state in (IncidentState.MONITORING, IncidentState.RESOLVED, IncidentState.MONITORING, IncidentState.RESOLVED):
        told.work().later(minutes=1)
        events.update_incident("2026-001", state, {"ca": f"{state}"}, told.now, by="anna")
    there.requests.clear()
    there.answer = lambda handler: handler.say(200)
    for _ in range(12):
        told.later(minutes=20).work()
    said = [one.json()["incident"] for one in came(there)]
    assert [one["resolved_at"] is not None for one in said] == [one["status"] == "resolved" for one in said]
    assert said[0]["resolved_at"] is None


def test_the_same_delivery_has_the_same_id_and_a_new_signature(told: House, there: Receiver) -> None:
    there.answer = lambda handler: handler.say(500)
    told.open()
    told.work().later(minutes=20).work()
    first, second = came(there)[:2]
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert first.body == second.body and is_signed(first) and is_signed(second)


def test_killed_after_the_other_side_said_yes_it_comes_again_with_the_same_id(told: House, there: Receiver) -> None:
    told.open()
    told.work()
    Delivery.objects.filter(channel="webhook").update(
        state=Delivery.READY, due=told.now
    )  # as a kill before our mark leaves it
    told.work()
    assert len(came(there)) == 2 and len({one.headers["webhook-id"] for one in came(there)}) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 410])
def test_what_a_person_must_mend_is_set_aside_and_holds_up_nothing(told: House, there: Receiver, status: int) -> None:
    there.answer = lambda handler: handler.say(status, Location=f"http://127.0.0.1:{there.port}/elsewhere")
    told.open()
    told.work()
    assert len(told.parked()) == 2 and all(str(status) in error for error in told.parked())
    assert not came(there, "elsewhere")
    there.answer = lambda handler: handler.say(200)
    events.update_incident("2026-001", IncidentState.IDENTIFIED, {"ca": "La font."}, told.now, by="anna")
    there.requests.clear()
    told.work()
    assert len(came(there)) == 1


@pytest.mark.parametrize("way", ["silence", "drip"])
def test_a_receiver_that_is_slow_in_any_way_is_left_after_its_time(told: House, there: Receiver, way: str) -> None:
    there.answer = getattr(there, way)
    begun = time.monotonic()
    with pytest.raises(TemporaryError, match="billing"):
        client.post(current().tables.webhook[0], current(), "x", b"{}", NOW)
    assert time.monotonic() - begun < 6


def test_an_answer_without_an_end_is_not_read(told: House, there: Receiver) -> None:
    there.answer = there.endless
    client.post(current().tables.webhook[0], current(), "x", b"{}", NOW)


def test_it_is_waited_for_as_long_as_the_receiver_says(told: House, there: Receiver) -> None:
    there.answer = lambda handler: handler.say(429, Retry_After="120")
    with pytest.raises(TemporaryError) as raised:
        client.post(current().tables.webhook[0], current(), "x", b"{}", NOW)
    assert raised.value.after == timedelta(seconds=120)


def test_a_day_late_a_person_is_asked_and_may_send_it_all_the_same(told: House, there: Receiver) -> None:
    there.answer = lambda handler: handler.say(503)
    told.open()
    told.work().later(hours=25).work()
    assert len(told.parked()) == 2
    there.requests.clear()
    there.answer = lambda handler: handler.say(200)
    for one in Delivery.objects.filter(state=Delivery.PARKED):
        outbox.try_again(one.pk, told.now, by="anna")
    told.work()
    assert len(there.requests) == 2


def test_the_secret_is_in_no_row(told: House, there: Receiver, tmp_path: Path) -> None:
    there.answer = lambda handler: handler.say(500, SECRET.encode())
    told.open()
    told.work()
    rows = json.dumps([*Delivery.objects.values(), *Fact.objects.values()], default=str)
    assert "500" in rows and SECRET not in rows
    (tmp_path / "secret").unlink()
    with pytest.raises(PermanentError, match="cannot be read"):
        client.post(current().tables.webhook[0], current(), "x", b"{}", NOW)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x",
        "https://user:secret@example.org/",
        "ftp://127.0.0.1/",
        "127.0.0.1",
        "http://127.0.0.1@x.org/",
    ],
)
def test_nothing_goes_over_the_net_in_the_clear(configure: Configure, told: House, tmp_path: Path, url: str) -> None:
    text = (tmp_path / "talaia.toml").read_text()
    with pytest.raises(ConfigError, match=r"webhook\[0\].url|webhook"):
        configure(f'{text}\n[[webhook]]\nname = "third"\nurl = "{url}"\nsecret_file = "secret"\n')
