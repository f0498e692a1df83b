"""talaia.toml, typed. `read()` finds every mistake; `current()` is the configuration in force."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import msgspec

from talaia.config.hosts import asked_by, host, own_address
from talaia.config.panel_tables import (
    AlertMatch,
    CheckConfig,
    ConnectionConfig,
    EvidenceConfig,
    GroupConfig,
    Reference,
    ServiceConfig,
    SourceConfig,
)
from talaia.config.tables import (
    FORGET_AFTER,
    LANGUAGES,
    Audience,
    Chat,
    ChatRoom,
    Columns,
    Config,
    MailConfig,
    Mailman,
    MirrorConfig,
    ReportsConfig,
    SegmentConfig,
    SiteConfig,
    Subscribe,
    Sympa,
    Tables,
    Text,
    Threshold,
    Webhook,
)
from talaia.config.toml import Mistake, TomlReader, tables
from talaia.config.validate import inconsistencies

__all__ = [
    "FORGET_AFTER",
    "LANGUAGES",
    "AlertMatch",
    "Audience",
    "Chat",
    "ChatRoom",
    "CheckConfig",
    "Columns",
    "Config",
    "ConfigError",
    "ConnectionConfig",
    "EvidenceConfig",
    "GroupConfig",
    "MailConfig",
    "Mailman",
    "MirrorConfig",
    "Mistake",
    "Reference",
    "ReportsConfig",
    "SegmentConfig",
    "ServiceConfig",
    "SiteConfig",
    "SourceConfig",
    "Subscribe",
    "Sympa",
    "Tables",
    "Text",
    "Threshold",
    "Webhook",
    "bare",
    "current",
    "read",
    "use",
]


class ConfigError(Exception):
    """A configuration that cannot be used: all its mistakes, one line each."""

    def __init__(self, path: Path, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(f"{path}: {mistake}" for mistake in mistakes))
        self.path, self.mistakes = path, mistakes


def read(path: Path, home: Path | None = None) -> Config:
    """The configuration in the file at `path`. Raises Wrong with every mistake in it.

    Names that point nowhere are looked for once all values are right: before, a name may be missing for another reason.
    """
    text = _text(path)
    found = tables(text)
    if isinstance(found, Mistake):
        raise ConfigError(path, [found])
    reader = TomlReader(text)
    read_tables = reader.struct(Tables, found, ())
    read_tables = read_tables and _measured_alone(read_tables)
    config = Config(read_tables, path.resolve(), home or path.resolve().parent) if read_tables else None
    if config:
        for place, what in inconsistencies(config):
            reader.wrong(place, what)
    if reader.mistakes or config is None:
        raise ConfigError(path, sorted(reader.mistakes, key=lambda mistake: mistake.line))
    return replace(config, tables=_as_machines_want(config.tables))


def _as_machines_want(found: Tables) -> Tables:
    """Our own names, and that of the mail server, in ASCII: so they are asked for, compared, and stand in heads."""
    hosts = tuple(asked_by(name) for name in found.web.hosts)
    return msgspec.structs.replace(
        found,
        site=msgspec.structs.replace(found.site, address=own_address(found.site.address)),
        web=msgspec.structs.replace(found.web, hosts=hosts),
        mail=msgspec.structs.replace(found.mail, host=host(found.mail.host).removesuffix(".")),
    )


def _measured_alone(found: Tables) -> Tables:
    """Nobody keeps by hand what a check measures: there the check speaks."""
    checked = {check.service for check in found.checks}
    services = tuple(
        msgspec.structs.replace(service, kept_by_hand=False)
        if service.kept_by_hand and service.slug in checked
        else service
        for service in found.services
    )
    return msgspec.structs.replace(found, services=services)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise ConfigError(path, [Mistake(0, "", "there is no such file; `talaia init` writes one")]) from None
    except OSError as error:
        raise ConfigError(path, [Mistake(0, "", f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(path, [Mistake(line, "", "this is not UTF-8; save the file with that encoding")]) from None


_current: Config | None = None


def paths() -> tuple[Path, Path | None]:
    """Where the environment says that talaia.toml and the state folder are."""
    home = os.environ.get("TALAIA_HOME")
    return Path(os.environ.get("TALAIA_CONFIG", "talaia.toml")), Path(home).resolve() if home else None


def current() -> Config:
    """The configuration in force, read on first use; without any file a bare one, so that tools can load settings."""
    global _current
    if _current is None:
        path, home = paths()
        _current = read(path, home) if path.exists() or "TALAIA_CONFIG" in os.environ else bare()
    return _current


def bare() -> Config:
    """A configuration of nobody: enough for tools, and for the help of a command."""
    site = SiteConfig(name=Text((("", "talaia"),)), address="http://127.0.0.1:8000")
    return Config(Tables(site=site), None, paths()[1] or Path.cwd())


def use(config: Config) -> None:
    """Put `config` in force. A running process keeps its database, its home and the address it listens on."""
    global _current
    if _current is not None and _current.path is not None:
        config = replace(config, home=_current.home)
    _current = config
