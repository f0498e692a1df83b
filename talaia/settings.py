"""Django's settings, all of them from talaia.toml. Nothing here is meant to be edited by who runs it."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url

from talaia.config import Config, current
from talaia.config.hosts import asked_by
from talaia.config.languages import LANGUAGE_NAMES
from talaia.file_modes import make_private

HERE = Path(__file__).parent
config = current()


def secret_key(config: Config) -> str:
    """The key in `[web] secret_key_file`, or in `<home>/secret-key`, which is made on first use (mode 0600)."""
    if config.path is None:
        return secrets.token_urlsafe(50)
    if config.web.secret_key_file:
        return config.secret(config.web.secret_key_file) or ""
    file = config.home / "secret-key"
    if not file.exists():
        make_private(config.home, config.web.behind_proxy)
        draft = file.with_name(f".secret-key-{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50) + "\n")
        try:
            file.hardlink_to(draft)
        except FileExistsError:
            pass  # another process of ours was quicker
        finally:
            draft.unlink()
    return file.read_text().strip()


def database(config: Config) -> dict[str, Any]:
    table = config.tables.database
    url = config.secret(table.url_file) if table.url_file else table.url
    if url:
        # Under ASGI every request has a thread of its own: a connection that is kept would be kept for nobody.
        parsed: dict[str, Any] = {**dj_database_url.parse(url, conn_max_age=0)}
        if parsed["ENGINE"] == "django.db.backends.postgresql":
            parsed["OPTIONS"] = {"connect_timeout": 3, "tcp_user_timeout": 5000, **parsed.get("OPTIONS", {})}
        return parsed
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": config.home / "talaia.db",
        # A file, as in production: an in-memory database knows neither WAL nor waiting for a lock.
        "TEST": {"NAME": config.home / "test.db"},
        "OPTIONS": {
            # Without IMMEDIATE, writers that first read fail with "database is locked" instead of waiting.
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000; "
                "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=134217728; PRAGMA journal_size_limit=67108864"
            ),
        },
    }


address = urlsplit(config.site.address)
behind_tls = address.scheme == "https"

SECRET_KEY = secret_key(config)
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", asked_by(address.hostname or "localhost"), *config.web.hosts]
CSRF_TRUSTED_ORIGINS = [config.site.address.rstrip("/")]
ROOT_URLCONF = "talaia.urls"
DATABASES = {"default": database(config)}
INSTALLED_APPS = [
    "talaia",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "talaia.api.db_timeout.wait_for_no_lock_for_ever",
    "talaia.desk.security_headers.content_security_policy",
    "talaia.desk.security_headers.place_of_the_request",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES = [
    {
        "NAME": "html",
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE, *(HERE / folder / "templates" for folder in ("site", "desk", "notices", "api"))],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["django.templatetags.i18n"],
            "libraries": {"talaia": "talaia.site.tags", "desk": "talaia.desk.tags"},
        },
    },
    {
        "NAME": "plain",  # what is no HTML must not be escaped as if it were
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "notices" / "templates"],
        "OPTIONS": {"autoescape": False, "builtins": ["django.templatetags.i18n"]},
    },
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "desk"
# People: docs/decisions/people.md. allauth's views and templates are not routed; its limits are off, as some of them
# would let a stranger lock out whom he names: desk/people/login_throttle.py guards every door instead.
ACCOUNT_ADAPTER = "talaia.desk.people.adapters.Account"
MFA_ADAPTER = "talaia.desk.people.adapters.Factors"
SOCIALACCOUNT_ADAPTER = "talaia.desk.people.adapters.OpenIDAdapter"
ACCOUNT_RATE_LIMITS: bool = False
MFA_RATE_LIMITS: bool = False
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_TIMEOUT = 900
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Whoever finds a key does not come in by touching it, whichever question it is that they have it answer.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1
# WebAuthn works on https, and on localhost; only there the origin is not asked for.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not behind_tls
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True}}

USE_TZ = True
TIME_ZONE = config.site.zone
USE_I18N = True
LANGUAGE_CODE = config.site.languages[0]
LANGUAGES = [(code, LANGUAGE_NAMES[code]) for code in config.site.languages]
LANGUAGE_COOKIE_NAME = "talaia-language"
LANGUAGE_COOKIE_PATH = "/desk/"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = behind_tls
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 31536000
LOCALE_PATHS = [HERE / "locale"]

DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = behind_tls
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME = "talaia"
CSRF_COOKIE_NAME = "talaia-csrf"
CSRF_FAILURE_VIEW = "talaia.desk.pages.csrf_failure"
SECURE_HSTS_SECONDS = 31536000 if behind_tls else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if config.web.behind_proxy:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "talaia.log.formatters.formatter"}},
    "handlers": {"stderr": {"class": "talaia.log.rate_limit.Bounded", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"talaia": {"level": "INFO"}, "django.server": {"level": "WARNING"}, "uvicorn": {"level": "ERROR"}},
}
