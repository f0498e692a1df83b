"""Tables: `Member` (who may do what), `Invitation`; `Draft` (what somebody is writing), `Dismissal` (a suggestion that
nobody wants), `FirstWords` (how to begin)."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Member(models.Model):
    """What a person may do at the desk. Whoever has no row may do nothing."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="member")
    role = models.CharField(max_length=10)  # desk.people.roles
    last_code = models.BigIntegerField(
        default=0
    )  # the half-minute of the last code of the authenticator app: once only


class Invitation(models.Model):
    """Somebody may join, once, with the link of which this is the digest. It is deleted when used or withdrawn."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150, blank=True)  # a suggestion
    role = models.CharField(max_length=10)
    digest = models.CharField(max_length=64, unique=True)  # of the link's secret
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    by = models.CharField(max_length=150)


class Draft(models.Model):
    """A form as it was when it was last kept. It is deleted when what it says is published."""

    person = models.CharField(max_length=150)
    subject = models.CharField(max_length=100)  # "incident/new", "incident/2026-003", "analysis/2026-003"
    fields = models.JSONField()  # names and values as the form sends them
    saved_at = models.DateTimeField()
    offered = models.BooleanField(default=False)  # an editor asks the operators to publish it

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "subject"], name="draft_once")]


class Dismissal(models.Model):
    """Somebody has seen that a service is not well and says that no incident is needed. It ends with that trouble."""

    service = models.ForeignKey("talaia.Service", models.CASCADE, related_name="dismissals")
    since = models.DateTimeField()  # which trouble: that of the service's `since`
    at = models.DateTimeField()
    by = models.CharField(max_length=150)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "since"], name="dismissal_once")]


class FirstWords(models.Model):
    """How to begin for one kind of trouble, as the operators have changed it; what has no row is as we ship it."""

    kind = models.CharField(max_length=40, primary_key=True)  # "no-connection"
    titles = models.JSONField()  # {"ca": "…"}; {…} stands for what is filled in
    texts = models.JSONField()
    edited_at = models.DateTimeField()
    by = models.CharField(max_length=150)


class SentForm(models.Model):
    """A form that was sent and has had its effect. Sent once more it has none, and is answered as it was."""

    digest = models.CharField(max_length=64, unique=True)  # of who sent it, where to, which form, and all that it says
    at = models.DateTimeField()
    answer = models.TextField(blank=True)  # the address that it led to
    said = models.JSONField(default=list)  # what was said there: level, words, tags

    class Meta:
        indexes = [models.Index(fields=["at"], name="sent_form_at")]
