"""What a notice tells is stored as the event that it tells of (events/published.py) and what is the notice's own."""

from django.db import migrations

OF_THE_EVENT = ("ref", "titles", "state", "started_at", "ended_at", "window", "next_update_at", "touched")
OF_A_SERVICE = ("slug", "names", "state", "first_slug")
OF_THE_NOTICE = ("kind", "number", "written_at", "before", "behind", "revision", "parts", "reaches")


def with_event(story):
    event = {name: story[name] for name in OF_THE_EVENT if name in story} | {"kind": story["event"], "entries": []}
    if story.get("entry") or story.get("texts"):
        said = {"number": story.get("entry", 0), "state": story["state"], "at": story["written_at"]}
        event["entries"] = [said | {"texts": story.get("texts", []), "plain": story.get("plain", False)}]
    return {name: story[name] for name in OF_THE_NOTICE if name in story} | {"event": event}


def without_event(story):
    event = story["event"]
    told = {name: event[name] for name in OF_THE_EVENT if name in event} | {"event": event["kind"]}
    told["touched"] = [{name: one[name] for name in OF_A_SERVICE if name in one} for one in event.get("touched", [])]
    for said in event["entries"][-1:]:
        told |= {"entry": said["number"], "texts": said["texts"], "plain": said.get("plain", False)}
    return {name: story[name] for name in OF_THE_NOTICE if name in story} | told


def forwards(apps, _editor):
    notices = apps.get_model("talaia", "Notice").objects
    for pk, story in notices.exclude(story=None).values_list("pk", "story").iterator(500):
        if isinstance(story["event"], str):
            notices.filter(pk=pk).update(story=with_event(story))


def backwards(apps, _editor):
    notices = apps.get_model("talaia", "Notice").objects
    for pk, story in notices.exclude(story=None).values_list("pk", "story").iterator(500):
        if not isinstance(story["event"], str):
            notices.filter(pk=pk).update(story=without_event(story))


class Migration(migrations.Migration):
    dependencies = [("talaia", "0019_the_fields_own_words")]
    operations = [migrations.RunPython(forwards, backwards)]
