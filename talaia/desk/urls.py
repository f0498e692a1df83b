"""The addresses of the desk."""

from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from talaia.desk import people
from talaia.desk.views import audience, corrections, drafts, front, incidents, merging, suggestions, words

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
    path("incidents/<str:ref>/merge", merging.merge, name="desk-merge"),
    path("drafts/<int:pk>/drop", drafts.drop, name="desk-drop"),
    path("suggestions/<str:mark>/dismiss", suggestions.dismiss, name="desk-dismiss"),
    path("services/<str:slug>/again", suggestions.take_up_again, name="desk-again"),
    path("deliveries/<int:pk>", front.decide, name="desk-delivery"),
    path("words/", words.every_kind, name="desk-words"),
    path("words/<str:kind>", words.one_kind, name="desk-word"),
    path("audience/", audience.audience, name="desk-audience"),
    path("audience/<int:number>/", audience.one_import, name="desk-import"),
    path("audience/<int:number>/decide", audience.decide, name="desk-import-decide"),
    path("<path:rest>", front.nothing_here),
]
