"""`talaia token`: secrets with which machines may post to the hooks."""

from __future__ import annotations

import argparse

from django.utils import timezone

from talaia.commands import Refused
from talaia.config import Source, current
from talaia.signals.actions import issue_token, revoke_tokens
from talaia.signals.models import Token

HELP = "Issue, list and take back the tokens with which machines may post to the hooks."
METRICS = "metrics"  # who may read /metrics from elsewhere


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="a new token for a source; it is told this once")
    create.add_argument("source")
    create.add_argument("--quiet", action="store_true", help="print only the token")
    actions.add_parser("list", help="which sources have tokens, and when they were used")
    revoke = actions.add_parser("revoke", help="take back every token of a source")
    revoke.add_argument("source")


def run(options: argparse.Namespace) -> int:
    match options.action:
        case "create":
            create(options.source, options.quiet)
        case "list":
            for token in Token.objects.order_by("source", "created_at"):
                used = f"{token.last_used_at:%Y-%m-%d %H:%M}" if token.last_used_at else "never"
                print(f"{token.source}  issued {token.created_at:%Y-%m-%d %H:%M}  last used {used} (UTC)")
        case "revoke":
            if not revoke_tokens(options.source, timezone.now()):
                raise Refused(f"{options.source!r} has no token; `talaia token list` shows them")
            print(f"{options.source}: every token is taken back")
    return 0


def create(id: str, quiet: bool) -> None:
    source = current().source(id)
    if source is None and id != METRICS:
        known = ", ".join([*(one.id for one in current().tables.sources), METRICS])
        raise Refused(f"there is no source {id!r} in talaia.toml; known: {known}")
    secret = issue_token(id, timezone.now())
    if quiet:
        print(secret)
        return
    print(f"The token of {id}, told this once (only its SHA-256 is kept):\n\n    {secret}\n")
    if source:
        print(usage(source, current().site.address.rstrip("/")))


def usage(source: Source, address: str) -> str:
    """What to paste where."""
    match source.kind:
        case "alertmanager":
            return (
                "In alertmanager.yml (contrib/alertmanager/ has the whole route), with the token in a file:\n\n"
                "receivers:\n  - name: talaia\n    webhook_configs:\n"
                f"      - url: {address}/hooks/alertmanager/{source.id}\n        send_resolved: true\n"
                "        http_config:\n          authorization:\n"
                "            credentials_file: /etc/prometheus/talaia.token"
            )
        case "prometheus-push":
            scheme, _, host = address.partition("://")
            return (
                "In prometheus.yml, with the token in a file:\n\nalerting:\n  alertmanagers:\n"
                f"    - scheme: {scheme}\n      path_prefix: /hooks/alertmanager/{source.id}\n"
                "      authorization:\n        credentials_file: /etc/prometheus/talaia.token\n"
                f"      static_configs:\n        - targets: [{host}]"
            )
        case _:
            return (
                "For example:\n\ncurl -H 'Authorization: Bearer TOKEN' -H 'Content-Type: application/json' \\\n"
                f'  -d \'{{"key": "mail", "state": "down"}}\' {address}/hooks/generic/{source.id}'
            )
