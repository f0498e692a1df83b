"""What fails here says nothing of the target: in namespaces where resolver, line and gateway can be taken away."""

from __future__ import annotations

import errno
import json
import os
import socket
import ssl
import subprocess
import sys
import textwrap
import threading

import pytest

from talaia.config import CheckConfig, current
from talaia.signals import checks
from talaia.signals.probes.local_faults import is_ours

PROBES = """
import json, os, resource, sys
from datetime import timedelta
import django
django.setup()
from talaia.config import CheckConfig, current
from talaia.signals.checks import probe
for kind, target, more in json.loads(sys.argv[1]):
    check = CheckConfig(id="it", kind=kind, target=target, timeout=timedelta(seconds=more.pop("seconds", 4)), **more)
    outcome = probe(check, current())
    print(json.dumps([outcome.ok, outcome.measured, outcome.what]))
"""
NO_ANSWER = "mount --bind {resolv} /etc/resolv.conf; ip link set lo up; "
ROUTES = (
    "ip link set lo up; ip link add here type veth peer name there; ip addr add 192.0.2.2/24 dev here; "
    "ip -6 addr add 2001:db8::2/64 dev here nodad; ip link set there up; ip link set here up; "
    "ip route add default via 192.0.2.1; ip -6 route add default via 2001:db8::1; "
)


def apart(prepare: str, *probes: tuple[str, str, dict[str, object]]) -> list[tuple[bool, bool, str]]:
    """What checks find in a network (and a set of mounts) of their own, after `prepare` was done there."""
    unshare = ["unshare", "-nm"] if os.geteuid() == 0 else ["unshare", "-rnm"]
    tried = subprocess.run([*unshare, "sh", "-ec", prepare], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no such network can be made here: {tried.stderr.strip()}")
    done = subprocess.run(
        [
            *unshare,
            "sh",
            "-ec",
            prepare + 'exec "$@"',
            "sh",
            sys.executable,
            "-c",
            textwrap.dedent(PROBES),
            json.dumps(probes),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "talaia.settings"},
    )
    assert done.returncode == 0, done.stderr
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


EVERY_KIND: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("http", "http://www.exemple.cat/", {}),
    ("tcp", "mail.exemple.cat:993", {}),
    ("ping", "www.exemple.cat", {}),
    ("dns", "www.exemple.cat", {}),
    ("dns", "www.exemple.cat", {"server": "ns.exemple.cat"}),
)


@pytest.mark.parametrize("resolver", ["nameserver 127.0.0.1", "nameserver 192.0.2.53", ""])
@pytest.mark.slow
def test_a_resolver_of_ours_that_is_dead_says_nothing_of_any_service(
    resolver: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("resolver") / "resolv.conf"
    file.write_text(f"{resolver}\n")
    found = apart(NO_ANSWER.format(resolv=file), *EVERY_KIND)
    assert [(ok, measured) for ok, measured, _ in found] == [(False, False)] * len(EVERY_KIND), found
    assert all(what.startswith(("here: ", "this machine")) for _, _, what in found), found


def test_a_machine_without_any_line_says_nothing_of_any_service() -> None:
    far: tuple[tuple[str, str, dict[str, object]], ...] = (
        ("http", "http://192.0.2.80/", {}),
        ("http", "http://[2001:db8::80]/", {}),
        ("tcp", "192.0.2.80:25", {}),
        ("ping", "192.0.2.80", {}),
        ("dns", "www.exemple.cat", {"server": "192.0.2.53", "seconds": 1}),
    )
    found = apart("", *far)
    assert [(ok, measured) for ok, measured, _ in found] == [(False, False)] * len(far), found


@pytest.mark.slow
def test_a_gateway_that_is_gone_is_our_line_and_a_neighbour_that_is_gone_is_its_own_fault() -> None:
    found = apart(
        ROUTES,
        ("tcp", "198.51.100.1:80", {}),
        ("tcp", "198.51.100.1:80", {"seconds": 1}),
        ("tcp", "[2001:db8:1::9]:80", {}),
        ("tcp", "192.0.2.9:80", {}),
        ("tcp", "[2001:db8::9]:80", {}),
        ("http", "http://192.0.2.9/", {}),
    )
    assert [measured for _, measured, _ in found] == [False, False, False, True, True, True], found


def test_a_name_of_which_one_address_refuses_is_measured_though_no_way_leads_to_the_other() -> None:
    refused = OSError(errno.ECONNREFUSED, "refused")
    nowhere = OSError(errno.ENETUNREACH, "unreachable")
    both = OSError("Multiple exceptions: …")
    assert not is_ours(both, [("2001:db8::1", nowhere), ("192.0.2.1", refused)])
    assert is_ours(both, [("2001:db8::1", nowhere), ("192.0.2.1", nowhere)])
    assert not is_ours(TimeoutError(), [("2001:db8::1", nowhere)]), "the other address did not answer in time"


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        *[(OSError(number, "x"), True) for number in (errno.EMFILE, errno.ENFILE, errno.ENETDOWN, errno.ENETUNREACH)],
        *[(OSError(number, "x"), True) for number in (errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.EAFNOSUPPORT)],
        *[(OSError(number, "x"), False) for number in (errno.ECONNREFUSED, errno.ECONNRESET, errno.ETIMEDOUT)],
        (OSError(errno.EHOSTDOWN, "x"), False),
        *[(ssl.SSLError(number, "numbers of OpenSSL"), False) for number in (1, errno.EMFILE, errno.ENETUNREACH)],
        *[(socket.gaierror(number, "x"), True) for number in (socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM)],
        *[(socket.gaierror(number, "x"), False) for number in (socket.EAI_NONAME, socket.EAI_NODATA)],
        (RuntimeError("can't start new thread"), True),
        (MemoryError(), True),
    ],
)
def test_each_error_is_ours_or_theirs(error: BaseException, ours: bool) -> None:
    assert is_ours(error) is ours


def test_no_thread_left_and_a_mistake_of_ours_say_nothing_of_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoThread(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    check = CheckConfig(id="it", kind="tcp", target="www.example.org:25")
    with monkeypatch.context() as patch:
        patch.setattr("talaia.signals.probes.event_loop.threading.Thread", NoThread)
        outcome = checks.probe(check, current())
        assert (outcome.ok, outcome.measured) == (False, False)

    async def broken(*_: object) -> None:
        raise KeyError("a mistake")

    monkeypatch.setattr("talaia.signals.probes.tcp.TcpProbe.look", broken)
    outcome = checks.probe(check, current())
    assert (outcome.ok, outcome.measured) == (False, False)
    assert "KeyError" in outcome.what
