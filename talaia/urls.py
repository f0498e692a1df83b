"""The addresses that need the application; all others are files of the public folder."""

from __future__ import annotations

from django.urls import include, path

from talaia.api import unavailable

urlpatterns = [
    path("desk/", include("talaia.desk.urls")),
    path("", include("talaia.api.urls")),
]
handler400 = unavailable.bad_request
handler403 = unavailable.forbidden
handler404 = unavailable.not_found
handler500 = unavailable.failed
