"""The addresses of the desk."""

from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from talaia.desk import people
from talaia.desk.views import analysis, corrections, front, incidents

urlpatterns = [
    path("", front.front, name="desk"),
    path("login", people.Login.as_view(), name="login"),
    path("logout", people.Logout.as_view(), name="logout"),
    path("language", set_language, name="desk-language"),
    path("static/<str:name>", front.static_file),
    path("incidents/new", incidents.open_incident, name="desk-open"),
    path("incidents/<str:ref>/", incidents.incident, name="desk-incident"),
    path("incidents/<str:ref>/edit", corrections.edit_head, name="desk-head"),
    path("incidents/<str:ref>/entries/<int:number>", corrections.correct_entry, name="desk-entry"),
    path("incidents/<str:ref>/analysis", analysis.write, name="desk-analysis"),
    path("incidents/<str:ref>/analysis/publish", analysis.publish),
    path("maintenance/<str:ref>/analysis", analysis.write, {"kind": "maintenance"}, name="desk-maintenance-analysis"),
    path("maintenance/<str:ref>/analysis/publish", analysis.publish, {"kind": "maintenance"}),
    path("<path:rest>", front.nothing_here),
]
