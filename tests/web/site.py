"""A small public folder, and the front that serves it."""

from __future__ import annotations

import gzip
from pathlib import Path

from talaia.config import Config, SiteConfig, Tables, Text
from talaia.server.static_files import ASGI, StaticFiles


def a_front(tmp_path: Path, application: ASGI) -> StaticFiles:
    public = tmp_path / "public"
    write(public / "index.html", b"<p>front</p>")
    write(public / "es" / "index.html", b"<p>portada</p>")
    write(public / "404.html", b"res aqui")
    write(public / "es" / "404.html", b"nada aqui")
    write(public / "static" / "style.abc.css", b"p{}")
    (tmp_path / "secret.html").write_bytes(b"secret")
    site = SiteConfig(name=Text((("", "x"),)), address="https://status.example.org")
    return StaticFiles(Config(Tables(site=site), None, tmp_path), application)


def write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    path.with_name(path.name + ".br").write_bytes(b"br:" + body)
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(body))
