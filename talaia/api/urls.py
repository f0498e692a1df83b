"""The addresses for machines."""

from __future__ import annotations

from django.urls import path, re_path

from talaia.api import forum, health, hooks, metrics, reports, subscribe, sympa, unsubscribe
from talaia.config.languages import LANGUAGES
from talaia.config.source_kinds import KINDS

OF_SOURCES = dict.fromkeys(hook for kind in KINDS.values() for hook in kind.hooks)

urlpatterns = [
    *(path(hook[1:].format("<slug:source>"), hooks.receive, {"address": hook}) for hook in OF_SOURCES),
    path("hooks/sympa/addresses", sympa.addresses),
    path("hooks/discourse", forum.discourse),
    re_path("^hooks/", hooks.elsewhere),
    path("u/<str:token>", unsubscribe.unsubscribe, name="unsubscribe"),
    path("subscribe/", subscribe.subscribe, name="subscribe"),
    path("subscribe/<str:token>", subscribe.confirmation, name="confirmation"),
    re_path(f"^(?P<spoken>{'|'.join(LANGUAGES)})/subscribe/$", subscribe.subscribe),
    path("too/<slug:slug>", reports.report, name="report"),
    re_path(rf"^(?P<spoken>{'|'.join(LANGUAGES)})/too/(?P<slug>[-\w]+)$", reports.report),
    path("healthz", health.healthz),
    path("metrics", metrics.metrics),
]
