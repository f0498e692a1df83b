"""`talaia token`: the secrets with which machines may post to the hooks and read the metrics."""

from __future__ import annotations

import argparse
import json
from textwrap import dedent, indent

from django.utils import timezone

from talaia.api.metrics_access import METRICS
from talaia.audience.sympa import TOKEN as SYMPA
from talaia.commands.shared_options import author, json_argument, refusing
from talaia.config import Config, current
from talaia.config.source_kinds import KINDS
from talaia.errors import UserError
from talaia.events.formatting import local
from talaia.signals.models import Token
from talaia.signals.sources.registry import ADAPTERS
from talaia.signals.tokens.actions import issue_token, revoke_tokens

HELP = "Secrets with which machines may post to the hooks. Only a digest is kept: a token is shown once."

FILE = "/etc/prometheus/talaia-{}.token"
SCRAPE = """
    # prometheus.yml
    scrape_configs:
      - job_name: talaia
        scheme: {scheme}
        authorization:
          type: Bearer
          credentials_file: {file}
        static_configs:
          - targets: ["{host}"]
"""
SYMPA_INCLUDES = """
    # the configuration of the list, and `sympa include LIST` once
    include_remote_file
    name talaia
    url {url}
    user talaia
    passwd the-token
    timeout 60
"""
# What machines read, or are let in by, that is no source.
OTHERS = {METRICS: ("/metrics", SCRAPE), SYMPA: ("/hooks/sympa/addresses", SYMPA_INCLUDES)}


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    creating = actions.add_parser("create", help="make one and show it, with what to paste where")
    creating.add_argument("--quiet", action="store_true", help="print the token alone")
    revoking = actions.add_parser("revoke", help="let nobody in any more with the tokens of a source")
    revoking.add_argument("--but-newest", action="store_true", help="except with the one made last")
    for action in (creating, revoking):
        action.add_argument(
            "source", metavar="SOURCE", help=f'the id of a source in talaia.toml, "{METRICS}" or "{SYMPA}"'
        )
    json_argument(actions.add_parser("list", help="which sources have one, since when, and when it was last used"))


def run(options: argparse.Namespace) -> int:
    now = timezone.now()
    with refusing():
        match options.action:
            case "create":
                kind = kind_of(options.source, current())
                token = issue_token(options.source, now, by=author())
                print(token if options.quiet else setup_text(options.source, kind, token, current()))
            case "revoke":
                count = revoke_tokens(options.source, now, options.but_newest, by=author())
                if not count:
                    older = "no older token" if options.but_newest else "no token"
                    raise UserError(f"{options.source} has {older}; `talaia token list` shows who has one")
                print(f"{count} {'token' if count == 1 else 'tokens'} of {options.source} no longer let anybody in")
            case _:
                print_list(options.json)
    return 0


def kind_of(source_id: str, config: Config) -> str:
    """What a token of that name is for. Raises Refused where it could open nothing."""
    source = config.source(source_id)
    if source is not None and source.traits.hooks:
        return source.kind
    if source is None and source_id in OTHERS:
        return source_id
    posting = [each.id for each in config.tables.sources if each.traits.hooks]
    known = ", ".join([*posting, METRICS, SYMPA])
    if source is not None:
        raise UserError(
            f"{source_id} is a source of kind {source.kind}, which is asked and never posts; tokens are for: {known}"
        )
    raise UserError(f"there is no source {source_id!r} in talaia.toml; tokens are for: {known}")


def setup_text(source: str, kind: str, token: str, config: Config) -> str:
    """The token, and what to paste into the other side."""
    address = config.site.address.rstrip("/")
    scheme, _, host = address.partition("://")
    hook, setup = OTHERS.get(kind) or (KINDS[kind].hooks[0], ADAPTERS[kind].setup)
    path = hook.format(source)
    file = FILE.format(source)
    values = {"url": address + path, "prefix": path.removesuffix("/api/v2/alerts"), "scheme": scheme, "host": host}
    snippet = dedent(setup).format(file=file, **values).strip()
    return (
        f"{token}\n\nIt is shown only now. Put it into {file}, which only its reader may read, and paste:\n\n"
        f"{indent(snippet, '  ')}"
    )


def print_list(as_json: bool) -> None:
    zone = current().site.tz
    tokens = [
        {
            "source": token.source,
            "created": local(token.created_at, zone),
            "last_used": local(token.last_used_at, zone) if token.last_used_at else None,
        }
        for token in Token.objects.order_by("source", "pk")
    ]
    if as_json:
        print(json.dumps(tokens, ensure_ascii=False, indent=2))
        return
    for token in tokens:
        print(f"{token['source']:<24}  made {token['created']}  last used {token['last_used'] or 'never'}")
    if not tokens:
        print("none yet; `talaia token create SOURCE` makes one")
