"""`talaia user`: the people who may use the desk."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from datetime import datetime
from pathlib import Path

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from talaia.commands.shared_options import author, json_argument, refusing
from talaia.config import current
from talaia.desk.actions import add, forget_factors, invite, set_active, set_password, set_role
from talaia.desk.pages import role_of
from talaia.desk.people.roles import Role
from talaia.errors import UserError
from talaia.events.formatting import local

HELP = "Who may use the desk. Passwords are asked for, or read from a file."


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    adding = actions.add_parser("add", help="let somebody in")
    adding.add_argument("--email", default="")
    adding.add_argument("--role", choices=list(Role), help="default: operator; the first person is an admin")
    inviting = actions.add_parser("invite", help="print a link with which somebody may join, once, within seven days")
    inviting.add_argument("email", metavar="ADDRESS")
    inviting.add_argument("--role", choices=list(Role), default=Role.OPERATOR)
    inviting.add_argument("--name", default="", help="what to suggest as their name")
    changing = actions.add_parser("role", help="let somebody do more, or less")
    forgetting = actions.add_parser(
        "forget-factors", help="for who has lost them: passkeys, app and codes; ends sessions"
    )
    setting = actions.add_parser("password", help="give somebody a new password; it ends their sessions")
    disabling = actions.add_parser("disable", help="let somebody in no more, at once; what they wrote stays")
    enabling = actions.add_parser("enable", help="let somebody in again")
    for action in (adding, setting, disabling, enabling, changing, forgetting):
        action.add_argument("name", metavar="NAME")
    changing.add_argument("role", metavar="ROLE", choices=list(Role), help=", ".join(Role))
    for action in (adding, setting):
        action.add_argument("--password-file", metavar="F", help="read it there; - is standard input")
    json_argument(actions.add_parser("list", help="who may use the desk"))


def run(options: argparse.Namespace) -> int:
    now, by = timezone.now(), author()
    with refusing():
        try:
            match options.action:
                case "add":
                    make_database()
                    role = Role(options.role) if options.role else None
                    add(options.name, options.email, read_password(options.password_file), now, by=by, role=role)
                    print(f"{options.name} may use {current().site.address.rstrip('/')}/desk/")
                case "invite":
                    make_database()
                    secret = invite(options.email, Role(options.role), now, by=by, name=options.name)
                    print(f"{current().site.address.rstrip('/')}{reverse('desk-join', args=[secret])}")
                case "role":
                    set_role(options.name, Role(options.role), now, by=by)
                    print(f"{options.name} is {options.role} now")
                case "forget-factors":
                    forget_factors(options.name, now, by=by)
                    print(f"{options.name} logs in with the password alone again; every session has ended")
                case "password":
                    set_password(options.name, read_password(options.password_file), now, by=by)
                    print(f"{options.name} has a new password")
                case "disable" | "enable":
                    set_active(options.name, options.action == "enable", now, by=by)
                    print(f"{options.name} is {options.action}d")
                case _:
                    print_list(options.json)
        except ValidationError as error:
            raise UserError(" ".join(error.messages)) from None
    return 0


def make_database() -> None:
    """On a new installation somebody is let in before anything has run."""
    if not connection.introspection.table_names():
        call_command("migrate", verbosity=0, interactive=False)


def read_password(file: str | None) -> str:
    """From the file's first line, or asked for twice. Raises Refused."""
    if file is not None:
        try:
            with sys.stdin if file == "-" else Path(file).open(encoding="utf-8") as lines:
                return lines.readline().rstrip("\r\n")
        except OSError as error:
            raise UserError(f"{file} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise UserError(f"{file} is not UTF-8 text") from None
    if not sys.stdin.isatty():
        raise UserError("nobody is there to ask for a password; name a file with --password-file")
    try:
        password, again = getpass.getpass("Password: "), getpass.getpass("Again: ")
    except EOFError:
        raise UserError("no password was given") from None
    if again != password:
        raise UserError("the two are not the same")
    return password


def print_list(as_json: bool) -> None:
    people = [
        {
            "name": user.username,
            "role": role_of(user),
            "email": user.email,
            "active": user.is_active,
            "last_login": local_or_none(user.last_login),
        }
        for user in User.objects.select_related("member").order_by("username")
    ]
    if as_json:
        print(json.dumps(people, ensure_ascii=False, indent=2))
        return
    for person in people:
        print(
            f"{person['name']:<20}  {person['role'] or '-':<8}  {'active' if person['active'] else 'disabled':<8}  "
            f"last here: {person['last_login'] or 'never'}  {person['email']}".rstrip()
        )
    if not people:
        print("nobody yet; `talaia user add NAME` lets somebody in")


def local_or_none(at: datetime | None) -> str | None:
    return local(at, current().site.tz) if at else None
