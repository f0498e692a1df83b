"""The demo's servers break and mend, by word from another process, and keep their ports meanwhile."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from talaia.demo.folder import made
from talaia.demo.servers import Servers, Unknown, ask
from talaia.errors import UserError


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    running = Servers({"meet": "http", "VexPort7": "tcp", "dns": "tcp"}, tmp_path / "c")
    running.start(broken=["VexPort7"])
    yield running
    running.stop()


def accepts(servers: Servers, name: str) -> bool:
    with socket.socket() as visitor:
        visitor.settimeout(5)
        return visitor.connect_ex(("127.0.0.1", servers.ports[name])) == 0


def page(servers: Servers) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{servers.ports['meet']}/", trust_env=False)


def test_they_begin_as_they_are_told(servers: Servers) -> None:
    assert (page(servers).status_code, page(servers).text) == (200, "meet: all is well\n")
    assert (accepts(servers, "dns"), accepts(servers, "VexPort7")) == (True, False)


def test_a_broken_one_answers_503_or_refuses_until_it_is_mended(servers: Servers) -> None:
    assert servers.obey("break", ["meet", "dns"]) == {"meet": False, "VexPort7": False, "dns": False}
    assert page(servers).status_code == 503
    assert not accepts(servers, "dns")
    assert servers.obey("mend", ["meet", "dns"]) == {"meet": True, "VexPort7": False, "dns": True}
    assert page(servers).status_code == 200
    assert accepts(servers, "dns")


def test_breaking_and_mending_again_and_again_changes_nothing_but_the_state(servers: Servers) -> None:
    port = servers.ports["VexPort7"]
    for _ in range(50):
        servers.obey("mend", ["VexPort7"])
        servers.obey("mend", ["VexPort7"])
        assert accepts(servers, "VexPort7")
        servers.obey("break", ["VexPort7"])
        servers.obey("break", ["VexPort7"])
        assert not accepts(servers, "VexPort7")
    assert servers.ports["VexPort7"] == port


def test_a_port_of_a_broken_one_is_nobody_elses(servers: Servers) -> None:
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", servers.ports["VexPort7"]))


def test_another_process_asks_by_the_socket_and_need_not_mind_capitals(servers: Servers) -> None:
    assert ask(servers.control, "mend", ["vexport7"])["VexPort7"]
    assert ask(servers.control, "list") == servers.obey("list")


def test_an_unknown_name_breaks_nothing_and_is_told_with_the_known_ones(servers: Servers) -> None:
    with pytest.raises(Unknown, match="no server 'mete'; there are: meet, VexPort7, dns"):
        ask(servers.control, "break", ["dns", "mete"])
    assert accepts(servers, "dns")


def test_nonsense_on_the_socket_is_answered_and_the_next_one_is_heard(servers: Servers) -> None:
    for nonsense in (b"\n", b"[]\n", b"{}\n", b'{"order": "break", "names": 3}\n', b"\xff\n"):
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(servers.control))
            line.sendall(nonsense)
            assert b"error" in line.recv(1000)
    assert ask(servers.control, "list")["dns"]


def test_stopped_they_are_gone_and_stopping_again_is_harmless(servers: Servers) -> None:
    servers.stop()
    servers.stop()
    assert not servers.control.exists()
    assert not accepts(servers, "dns")
    with pytest.raises(OSError):
        ask(servers.control, "list")


def test_the_folder_is_its_owners_alone_and_goes_with_all_that_is_in_it(tmp_path: Path) -> None:
    with made(tmp_path / "home"):
        assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
        (tmp_path / "home" / "public").mkdir()
    assert not (tmp_path / "home").exists()


def test_what_a_killed_one_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "talaia.db").touch()
    with made(tmp_path / "home"):
        assert not list((tmp_path / "home").iterdir())


def test_a_link_in_its_place_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "home").symlink_to(tmp_path / "precious")
    with pytest.raises(UserError, match="not ours"), made(tmp_path / "home"):
        pass
    assert (tmp_path / "precious").is_dir()


def test_a_folder_that_cannot_be_made_is_told_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="set TMPDIR"), made(tmp_path / "file" / "home"):
        pass
