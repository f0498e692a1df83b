"""The addresses of the desk."""

from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from talaia.desk.views import (
    analysis,
    audience,
    audit,
    corrections,
    drafts,
    front,
    guide,
    incidents,
    login,
    me,
    merging,
    people,
    suggestions,
    words,
)

urlpatterns = [
    path("", front.front, name="desk"),
    path("login", login.login, name="login"),
    path("login", login.login, name="account_login"),  # as allauth calls it
    path("login/second", login.second, name="mfa_authenticate"),  # likewise
    path("login/passkey", login.passkey, name="desk-login-passkey"),
    path("login/openid/<str:provider_id>", login.openid, name="openid_connect_login"),
    path("login/openid/<str:provider_id>/back", login.openid_back, name="openid_connect_callback"),
    path("logout", login.logout, name="logout"),
    path("join/<str:secret>", login.join, name="desk-join"),
    path("me/", me.me, name="desk-me"),
    path("me/sure", me.make_sure, name="desk-sure"),
    path("me/password", me.password, name="desk-password"),
    path("me/app", me.app, name="desk-app"),
    path("me/passkey", me.passkey, name="desk-passkey"),
    path("me/remove/<int:pk>", me.remove, name="desk-remove"),
    path("me/codes", me.codes, name="desk-codes"),
    path("me/sessions/end", me.end_session, name="desk-end-sessions"),
    path("me/sessions/<int:pk>/end", me.end_session, name="desk-end-session"),
    path("people/", people.people, name="desk-people"),
    path("people/invitations/<int:pk>/again", people.invite_again, name="desk-invite-again"),
    path("people/invitations/<int:pk>/withdraw", people.withdraw, name="desk-withdraw"),
    path("people/<str:name>/change", people.change, name="desk-person"),
    path("people/<str:name>/forget", people.forget, name="desk-forget"),
    path("audit/", audit.audit, name="desk-audit"),
    path("audit/export.<str:form>", audit.export, name="desk-audit-export"),
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
    path("incidents/<str:ref>/analysis", analysis.write, name="desk-analysis"),
    path("incidents/<str:ref>/analysis/publish", analysis.publish),
    path("maintenance/<str:ref>/analysis", analysis.write, {"kind": "maintenance"}, name="desk-maintenance-analysis"),
    path("maintenance/<str:ref>/analysis/publish", analysis.publish, {"kind": "maintenance"}),
    path("guide/", guide.guide, name="desk-guide"),
    path("guide/<str:name>", guide.picture),
    path("<path:rest>", front.nothing_here),
]
