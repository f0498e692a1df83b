"""The addresses for machines."""

from __future__ import annotations

from django.urls import path, re_path

from talaia.api import forum, health, hooks, metrics, subscribe, sympa, unsubscribe

urlpatterns = [
    path("hooks/alertmanager/<slug:source>", hooks.alertmanager),
    path("hooks/alertmanager/<slug:source>/api/v2/alerts", hooks.push),
    path("hooks/generic/<slug:source>", hooks.generic),
    path("hooks/sympa/addresses", sympa.addresses),
    path("hooks/discourse", forum.discourse),
    re_path("^hooks/", hooks.elsewhere),
    path("u/<str:token>", unsubscribe.unsubscribe, name="unsubscribe"),
    path("subscribe/", subscribe.subscribe, name="subscribe"),
    path("subscribe/<str:token>", subscribe.confirmation, name="confirmation"),
    re_path("^(?P<spoken>ca|es|en)/subscribe/$", subscribe.subscribe),
    path("healthz", health.healthz),
    path("metrics", metrics.metrics),
]
