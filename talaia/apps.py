"""The one Django app: one migration history for all folders."""

from django.apps import AppConfig


class Talaia(AppConfig):
    name = "talaia"
    default_auto_field = "django.db.models.BigAutoField"
