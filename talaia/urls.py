"""The addresses that need the application; all others are files of the public folder."""

from __future__ import annotations

from django.urls import include, path

from talaia.api import away

urlpatterns = [
    path("desk/", include("talaia.desk.urls")),
    path("", include("talaia.api.urls")),
]
handler400 = away.bad_request
handler403 = away.forbidden
handler404 = away.not_found
handler500 = away.failed
