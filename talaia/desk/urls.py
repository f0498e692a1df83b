"""The addresses of the desk."""

from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from talaia.desk.analyses import views as analysis
from talaia.desk.audience import views as audience
from talaia.desk.audit import views as audit
from talaia.desk.by_hand import views as override
from talaia.desk.corrections import views as corrections
from talaia.desk.forum import views as forum
from talaia.desk.front import views as front
from talaia.desk.guide import views as guide
from talaia.desk.incidents import merging
from talaia.desk.incidents import views as incidents
from talaia.desk.mails import views as mails
from talaia.desk.maintenance import lifecycle, planning
from talaia.desk.maintenance import views as maintenance
from talaia.desk.people import account, login
from talaia.desk.people import views as people
from talaia.desk.suggestions import views as suggestions
from talaia.desk.text_templates import views as text_templates
from talaia.desk.writing import drafts, widen_scope

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
    path("me/", account.me, name="desk-me"),
    path("me/sure", account.make_sure, name="desk-sure"),
    path("me/password", account.password, name="desk-password"),
    path("me/app", account.app, name="desk-app"),
    path("me/passkey", account.passkey, name="desk-passkey"),
    path("me/remove/<int:pk>", account.remove, name="desk-remove"),
    path("me/codes", account.codes, name="desk-codes"),
    path("me/sessions/end", account.end_session, name="desk-end-sessions"),
    path("me/sessions/<int:pk>/end", account.end_session, name="desk-end-session"),
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
    path("incidents/<str:ref>/widen", widen_scope.widen, name="desk-widen"),
    path("maintenance/new", planning.plan, name="desk-plan"),
    path("maintenance/<str:ref>/", maintenance.one, name="desk-maintenance"),
    path("maintenance/<str:ref>/approve", lifecycle.approve, name="desk-approve"),
    path("maintenance/<str:ref>/withdraw", lifecycle.withdraw, name="desk-withdraw-change"),
    path("maintenance/<str:ref>/extend", lifecycle.shift, {"what": "extend"}, name="desk-extend"),
    path("maintenance/<str:ref>/postpone", lifecycle.shift, {"what": "postpone"}, name="desk-postpone"),
    path("maintenance/<str:ref>/start", lifecycle.move, {"what": "start"}, name="desk-start"),
    path("maintenance/<str:ref>/complete", lifecycle.move, {"what": "complete"}, name="desk-complete"),
    path("maintenance/<str:ref>/cancel", lifecycle.move, {"what": "cancel"}, name="desk-cancel"),
    path("maintenance/<str:ref>/widen", widen_scope.widen, {"kind": "maintenance"}, name="desk-maintenance-widen"),
    path("maintenance/<str:ref>/arrange", lifecycle.arrange, name="desk-arrange"),
    path("maintenance/<str:ref>/edit", corrections.edit_head, {"kind": "maintenance"}, name="desk-maintenance-head"),
    path(
        "maintenance/<str:ref>/entries/<int:number>",
        corrections.correct_entry,
        {"kind": "maintenance"},
        name="desk-maintenance-entry",
    ),
    path("drafts/<int:pk>/drop", drafts.drop, name="desk-drop"),
    path("suggestions/<str:mark>/dismiss", suggestions.dismiss, name="desk-dismiss"),
    path("services/", override.services, name="desk-services"),
    path("services/<str:slug>/by-hand", override.by_hand, name="desk-by-hand"),
    path("services/<str:slug>/hand-back", override.take_back, name="desk-hand-back"),
    path("services/<str:slug>/again", suggestions.take_up_again, name="desk-again"),
    path("deliveries/<int:pk>", front.decide, name="desk-delivery"),
    path("forum/<int:pk>", forum.proposal, name="desk-proposal"),
    path("words/", text_templates.every_kind, name="desk-words"),
    path("words/<str:kind>", text_templates.one_kind, name="desk-word"),
    path("audience/", audience.audience, name="desk-audience"),
    path("audience/<int:number>/", audience.one_import, name="desk-import"),
    path("audience/<int:number>/decide", audience.decide, name="desk-import-decide"),
    path("incidents/<str:ref>/analysis", analysis.write, name="desk-analysis"),
    path("incidents/<str:ref>/analysis/publish", analysis.publish),
    path("maintenance/<str:ref>/analysis", analysis.write, {"kind": "maintenance"}, name="desk-maintenance-analysis"),
    path("maintenance/<str:ref>/analysis/publish", analysis.publish, {"kind": "maintenance"}),
    path("mails/", mails.mails, name="desk-mails"),
    path("mails/test", mails.test, name="desk-mail-test"),
    path("mails/<int:pk>/", mails.mail, name="desk-mail"),
    path("mails/<int:pk>/html", mails.html, name="desk-mail-html"),
    path("mails/<int:pk>/decide", mails.decide, name="desk-mail-decide"),
    path("mails/kinds/<str:name>/", mails.story, name="desk-mail-story"),
    path("mails/kinds/<str:name>/html", mails.story_html, name="desk-mail-story-html"),
    path("guide/", guide.guide, name="desk-guide"),
    path("guide/<str:name>", guide.picture),
    path("<path:rest>", front.nothing_here),
]
