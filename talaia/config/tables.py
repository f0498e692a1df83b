"""The one table of settings: what talaia.toml may hold, with types and defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from talaia.config.audience_tables import FORGET_AFTER as FORGET_AFTER
from talaia.config.audience_tables import Audience as Audience
from talaia.config.audience_tables import Columns as Columns
from talaia.config.audience_tables import Mailman as Mailman
from talaia.config.audience_tables import SegmentConfig as SegmentConfig
from talaia.config.audience_tables import Sympa as Sympa
from talaia.config.channel_tables import Chat as Chat
from talaia.config.channel_tables import ChatRoom as ChatRoom
from talaia.config.channel_tables import ReportsConfig as ReportsConfig
from talaia.config.channel_tables import Subscribe as Subscribe
from talaia.config.channel_tables import Webhook as Webhook
from talaia.config.languages import LANGUAGES as LANGUAGES
from talaia.config.languages import Language
from talaia.config.panel_tables import CheckConfig, ConnectionConfig, GroupConfig, ServiceConfig, SourceConfig
from talaia.config.value_types import ConfigTable as ConfigTable
from talaia.config.value_types import Impact as Impact
from talaia.config.value_types import Meaning as Meaning
from talaia.config.value_types import Text as Text
from talaia.config.value_types import Threshold as Threshold


class Link(ConfigTable, frozen=True, kw_only=True):
    text: Text
    address: str


class SiteConfig(ConfigTable, frozen=True, kw_only=True):
    name: Text
    address: str
    languages: tuple[Language, ...] = LANGUAGES
    zone: str = "Europe/Madrid"
    links: tuple[Link, ...] = ()
    refresh: timedelta = timedelta(seconds=60)
    stale_after: timedelta | None = None
    about: Text | None = None

    @property
    def believed_for(self) -> timedelta:
        """How old a copy of the page may be before what it says of now is struck through."""
        return self.stale_after or max(timedelta(minutes=10), 3 * self.refresh)

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


class Web(ConfigTable, frozen=True, kw_only=True):
    listen: str = "127.0.0.1:8000"
    hosts: tuple[str, ...] = ()
    behind_proxy: bool = False
    secret_key_file: str | None = None

    @property
    def host_and_port(self) -> tuple[str, int]:
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class Database(ConfigTable, frozen=True, kw_only=True):
    url: str | None = None
    url_file: str | None = None


class MailConfig(ConfigTable, frozen=True, kw_only=True):
    """Without `sender`, no mail leaves the house."""

    sender: str | None = None
    reply_to: str | None = None
    owner: str | None = None
    to: str | None = None
    bounces: str | None = None
    hard_bounces: int = 3
    host: str = "127.0.0.1"
    port: int = 25
    tls: Literal["none", "starttls", "tls"] = "none"
    ca_file: str | None = None
    username: str | None = None
    password_file: str | None = None
    timeout: timedelta = timedelta(seconds=30)
    rate: int = 0
    hold: timedelta = timedelta(seconds=60)
    cap: int = 6
    told_from: Impact = "partial"
    updates: bool = False
    give_up: timedelta = timedelta(hours=24)
    account: str = "public"
    answer: bool = False


class OpenIDConfig(ConfigTable, frozen=True, kw_only=True):
    id: str
    name: Text
    issuer: str
    client_id: str
    client_secret_file: str
    scopes: tuple[str, ...] = ("openid", "profile", "email")


class Login(ConfigTable, frozen=True, kw_only=True):
    second_factor: Literal["asked", "required"] = "asked"
    openid: tuple[OpenIDConfig, ...] = ()


class Log(ConfigTable, frozen=True, kw_only=True):
    keep: timedelta = timedelta(days=1095)


class Maintenance(ConfigTable, frozen=True, kw_only=True):
    notice: timedelta = timedelta(days=7)
    remind: timedelta = timedelta(minutes=15)
    approval: bool = False


class Panel(ConfigTable, frozen=True, kw_only=True):
    unstable_within: timedelta = timedelta(minutes=10)


class MirrorConfig(ConfigTable, frozen=True, kw_only=True):
    """Where the history is mirrored: a category of a Discourse forum, or a folder of a git repository."""

    kind: Literal["discourse", "git"]
    address: str | None = None
    key_file: str | None = None
    user: str | None = None
    category: int | None = None
    webhook_secret_file: str | None = None
    replies: bool = False
    tags: bool = True
    rate: int = 20
    ca_file: str | None = None
    timeout: timedelta = timedelta(seconds=20)
    repository: str | None = None
    branch: str = "main"
    folder: str = "content/issues"
    known_hosts_file: str | None = None


class Tables(ConfigTable, frozen=True, kw_only=True):
    """The whole file."""

    site: SiteConfig
    web: Web = Web()
    database: Database = Database()
    mail: MailConfig = MailConfig()
    login: Login = Login()
    log: Log = Log()
    sources: tuple[SourceConfig, ...] = ()
    groups: tuple[GroupConfig, ...] = ()
    services: tuple[ServiceConfig, ...] = ()
    connections: tuple[ConnectionConfig, ...] = ()
    checks: tuple[CheckConfig, ...] = ()
    audience: Audience | None = None
    panel: Panel = Panel()
    maintenance: Maintenance = Maintenance()
    mirror: MirrorConfig | None = None
    chat: tuple[Chat, ...] = ()
    webhook: tuple[Webhook, ...] = ()
    subscribe: Subscribe | None = None
    reports: ReportsConfig | None = None


@dataclass(frozen=True)
class Config:
    """A configuration without a mistake, and the folder in which the state lives."""

    tables: Tables
    path: Path | None = None
    home: Path = field(default_factory=Path.cwd)

    @property
    def site(self) -> SiteConfig:
        return self.tables.site

    @property
    def web(self) -> Web:
        return self.tables.web

    @property
    def mail(self) -> MailConfig:
        return self.tables.mail

    @property
    def folder(self) -> Path:
        """Where the paths that talaia.toml names begin."""
        return self.path.parent if self.path else Path.cwd()

    @property
    def maintenance(self) -> Maintenance:
        return self.tables.maintenance

    def source(self, source_id: str) -> SourceConfig | None:
        return next((source for source in self.tables.sources if source.id == source_id), None)

    def service(self, slug: str) -> ServiceConfig | None:
        return next((service for service in self.tables.services if service.slug == slug), None)

    def unstable_within(self, service: ServiceConfig) -> timedelta:
        """For how long after its trouble is over the same trouble can come back to a service."""
        own = service.unstable_within
        return self.tables.panel.unstable_within if own is None else own

    def beside(self, file: str) -> Path:
        """A file that the configuration names, from its folder."""
        return (self.path.parent if self.path else Path.cwd()).joinpath(file)

    def secret(self, file: str | None) -> str | None:
        """The content of a `*_file`, relative to the configuration's folder; without the line's end."""
        if file is None:
            return None
        return self.beside(file).read_text().strip()
