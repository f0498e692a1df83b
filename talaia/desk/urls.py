"""The addresses of the desk."""

from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from talaia.desk import people, views

urlpatterns = [
    path("", views.front, name="desk"),
    path("login", people.Login.as_view(), name="login"),
    path("logout", people.Logout.as_view(), name="logout"),
    path("language", set_language, name="desk-language"),
    path("static/<str:name>", views.static_file),
    path("incidents/new", views.open_incident, name="desk-open"),
    path("incidents/<str:ref>/", views.incident, name="desk-incident"),
    path("incidents/<str:ref>/edit", views.edit_head, name="desk-head"),
    path("incidents/<str:ref>/entries/<int:number>", views.correct_entry, name="desk-entry"),
    path("<path:rest>", views.nothing_here),
]
