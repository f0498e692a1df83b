"""The addresses that need the application; all others are files of the public folder."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("desk/", include("talaia.desk.urls")),
    path("", include("talaia.api.urls")),
]
