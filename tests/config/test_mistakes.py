"""Every kind of mistake in talaia.toml is reported with its line and with what would be right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from talaia.config import Config, ConfigError, read
from talaia.config.restart_required import waiting_for_a_start

SITE = '[site]\nname = "Exemple"\naddress = "https://status.example.org"\n'
WHOLE = (
    SITE
    + """
[[sources]]
id = "prom"
kind = "prometheus"
url = "http://127.0.0.1:9090"

[[groups]]
id = "web"
name = "Web"

[[services]]
slug = "site"
group = "web"
name = "Site"
kept_by_hand = true

[[connections]]
id = "ref01"
name = "One"

[[connections]]
id = "exp01"
name = "Two"
experimental = true
"""
)
CHECK = '\n[[checks]]\nid = "c"\nservice = "site"\nkind = "http"\ntarget = "https://www.example.org"\n'


def mistakes(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    """Line and words of each mistake in a configuration."""
    path = tmp_path / "talaia.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as wrong:
        read(path)
    return [(mistake.line, str(mistake)) for mistake in wrong.value.mistakes]


def accepted(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "talaia.toml"
    path.write_text(text, encoding="utf-8")
    return read(path)


def test_what_the_table_below_varies_is_right(tmp_path: Path) -> None:
    assert accepted(tmp_path, WHOLE + CHECK).service("site") is not None


# What is added to SITE (line 4 is the first of it), the line of the mistake, what the report says.
VALUES = [
    pytest.param("colour = 1\n", 4, r"site.colour: unknown key; known here: about, address, ", id="unknown key"),
    pytest.param('langauges = ["ca"]\n', 4, r"did you mean 'languages'\?", id="a key with a slip"),
    pytest.param("[sites]\n", 4, r"sites: unknown key; did you mean 'site'\?", id="a table with a slip"),
    pytest.param("zone = 3\n", 4, r"site.zone: must be a text, not 3$", id="a number for a text"),
    pytest.param('[web]\nbehind_proxy = "yes"\n', 5, r"must be true or false, not \"yes\"$", id="a text for a yes"),
    pytest.param("[web]\nbehind_proxy = 1\n", 5, r"must be true or false, not 1$", id="a number for a yes"),
    pytest.param('[web]\nhosts = "a.example.org"\n', 5, r"must be a list, such as \[ … \]$", id="a text for a list"),
    pytest.param('[web]\nhosts = [\n  "a",\n  7,\n]\n', 7, r"web.hosts\[2\]: must be a text", id="an item"),
    pytest.param(
        'languages = ["ca", "fr"]\n', 4, r"languages\[2\]: \"fr\" is not possible here: ca, es, en", id="choice"
    ),
    pytest.param('[[sources]]\nid = "p"\nkind = "promethus"\n', 6, r'did you mean "prometheus"\?', id="choice, near"),
    pytest.param("[groups]\nid = 1\n", 4, r"must be a list; write \[\[groups\]\], with two brackets", id="one bracket"),
    pytest.param("[[web]]\n", 4, r"must be a table, not a list; write one \[brackets\]", id="two brackets"),
    pytest.param("[[groups]]\nid = 'a'\n", 4, r"groups\[1\]: 'name' is missing", id="missing key"),
    pytest.param('refresh = "soon"\n', 4, r"'soon' is no duration; write for example \"30s\"", id="no duration"),
    pytest.param('refresh = "-5s"\n', 4, r"is no duration", id="negative duration"),
    pytest.param("refresh = -5\n", 4, r"is no duration", id="negative seconds"),
    pytest.param("refresh = true\n", 4, r"is no duration", id="yes is no duration"),
    pytest.param('refresh = "5 m"\n', 4, r"is no duration", id="blank in a duration"),
    pytest.param("refresh = inf\n", 4, r"longer than anybody will wait", id="for ever"),
    pytest.param('refresh = "99999999999d"\n', 4, r"longer than anybody will wait", id="too long"),
    pytest.param("refresh = nan\n", 4, r"is no duration", id="no number"),
    pytest.param("refresh = 2026-01-01\n", 4, r"is no duration", id="a date"),
    pytest.param("[[groups]]\nid = 'a'\nname = ''\n", 6, r"must be a text, or texts by language", id="empty text"),
    pytest.param("[[groups]]\nid = 'a'\nname = {}\n", 6, r"must be a text, or texts by language", id="no language"),
    pytest.param(
        "[[groups]]\nid = 'a'\nname = { fr = 'x' }\n", 6, r"'fr' is no language here; use ca, es, en", id="fr"
    ),
]


@pytest.mark.parametrize(("text", "line", "says"), VALUES)
def test_a_wrong_value_is_told_with_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    assert [found for found, _ in mistakes(tmp_path, SITE + text)] == [line]
    assert re.search(says, mistakes(tmp_path, SITE + text)[0][1])


def changed(before: str, after: str) -> str:
    assert before in WHOLE + CHECK
    return (WHOLE + CHECK).replace(before, after, 1)


REFERENCE = "kept_by_hand = true\nreference = { connections = [%s]%s }"

MORE = "".join(f'\n[[connections]]\nid = "ref0{n}"\nname = "{n}"\n' for n in (2, 3))

MIRROR = '[mirror]\nkind = "discourse"\naddress = "https://agora.example.org"\nuser = "bot"\nkey_file = "talaia.toml"\n'


def mirrored(before: str, after: str) -> str:
    """A configuration with a mirror, and one change in it."""
    assert before in MIRROR + "category = 5\n"
    return WHOLE + CHECK + (MIRROR + "category = 5\n").replace(before, after, 1)


# The whole configuration with one change, the words that the reported line begins with, what the report says.
CONSISTENCY = [
    pytest.param(
        changed('group = "web"', 'group = "wbe"'), "group", r"no group 'wbe'; did you mean 'web'\?", id="group"
    ),
    pytest.param(changed('group = "web"', 'group = "x"'), "group", r"no group 'x'; groups: web$", id="group, far"),
    pytest.param(
        changed("kept_by_hand = true", 'evidence = { source = "pron", query = "up" }'),
        "evidence",
        r"no source 'pron'; did you mean 'prom'\?",
        id="source of evidence",
    ),
    pytest.param(
        changed("kept_by_hand = true", 'evidence = { source = "prom" }'), "evidence", r"needs one$", id="no query"
    ),
    pytest.param(
        changed("kept_by_hand = true", "kept_by_hand = true\nalerts = [\n  { match = 'a=\"b\"', source = 'am' },\n]"),
        "  { match",
        r"services\[1\].alerts\[1\].source: there is no source 'am'; sources: prom",
        id="source of an alert",
    ),
    pytest.param(
        changed('service = "site"', 'service = "sit"'),
        "service",
        r"no service 'sit'; did you mean 'site'",
        id="service",
    ),
    pytest.param(changed('service = "site"\n', ""), "[[checks]]", r"'service' is missing", id="check of nothing"),
    pytest.param(
        changed('kind = "http"', 'connection = "ref1"\nkind = "http"'),
        "connection",
        r"no connection 'ref1'; did you mean 'ref01'\?",
        id="connection",
    ),
    pytest.param(
        changed("kept_by_hand = true", REFERENCE % ('"ref09"', "")), "reference", r"no connection 'ref09'", id="listed"
    ),
    pytest.param(
        changed("kept_by_hand = true", REFERENCE % ('"exp01"', "")), "reference", r"experimental and would", id="exp"
    ),
    pytest.param(
        changed("kept_by_hand = true", REFERENCE % ('"ref01", "ref01"', "")), "reference", r"count twice", id="twice"
    ),
    pytest.param(changed("kept_by_hand = true", REFERENCE % ("", "")), "reference", r"at least one", id="empty list"),
    pytest.param(
        changed("kept_by_hand = true", REFERENCE % ('"ref01"', ", partial = 2")),
        "reference",
        r"reference.partial: 2 of 1 connections can never be",
        id="more than there are",
    ),
    pytest.param(
        changed("kept_by_hand = true", REFERENCE % ('"ref01"', ', partial = "150%"')),
        "reference",
        r"'150%' is no threshold; write a count such as 1, or a share such as \"25%\"",
        id="more than all",
    ),
    pytest.param(changed("kept_by_hand = true\n", "").replace(CHECK, ""), "[[services]]", r"never be oper", id="grey"),
    pytest.param(changed('id = "exp01"', 'id = "ref01"'), 'id = "ref01"\nname = "Two"', r"stands twice", id="double"),
    pytest.param(changed('slug = "site"', 'slug = "Site"').replace(CHECK, ""), "slug", r"small letters", id="slug"),
    pytest.param(changed('id = "c"', 'id = "a b"'), 'id = "a b"', r"letters without accents", id="id of a check"),
    pytest.param(changed('id = "ref01"', 'id = " ref01"'), 'id = " ref01"', r"the value of a label", id="blank"),
    pytest.param(changed('id = "ref01"', 'id = "a\\tb"'), 'id = "a', r"the value of a label", id="tab in a label"),
    pytest.param(changed('id = "ref01"', 'id = ""'), 'id = ""', r"the value of a label", id="empty label"),
    pytest.param(
        changed('kind = "prometheus"', 'ca_file = "ca.pem"\nkind = "prometheus"'),
        "ca_file",
        r"ca.pem: No such file",
        id="no authority",
    ),
    pytest.param(changed('id = "c"', f'id = "{"c" * 81}"'), 'id = "cc', r"81 characters; 80 at most", id="long"),
    pytest.param(changed('id = "prom"', 'id = "checks"'), 'id = "checks"', r"name of the built-in checks", id="taken"),
    pytest.param(changed('id = "prom"', 'id = "metrics"'), 'id = "metrics"', r"token that reads /metrics", id="token"),
    pytest.param(changed('url = "http://127.0.0.1:9090"\n', ""), "[[sources]]", r"give it a url", id="no url"),
    pytest.param(changed("http://127.0.0.1:9090", "127.0.0.1:9090"), "url", r"is no http address", id="url"),
    pytest.param(changed("http://127.0.0.1:9090", "http://[::1"), "url", r"is no http address", id="bracket"),
    pytest.param(changed("http://127.0.0.1:9090", "http://a:99999"), "url", r"is no http address", id="port"),
    pytest.param(
        changed('kind = "prometheus"', 'stale_after = "10s"\nkind = "prometheus"'),
        "stale_after",
        r"shorter than poll_every",
        id="stale at once",
    ),
    pytest.param(
        changed('kind = "prometheus"', 'poll_every = "0s"\nkind = "prometheus"'),
        "poll_every",
        r"longer than",
        id="zero",
    ),
    pytest.param(
        changed('kind = "prometheus"', 'token_file = "none"\nkind = "prometheus"'),
        "token_file",
        r"cannot be read: .*none: No such file",
        id="no such secret",
    ),
    pytest.param(
        changed('kind = "prometheus"', 'token_file = "."\nkind = "prometheus"'),
        "token_file",
        r"cannot be read: .*: Is a directory",
        id="a folder as a secret",
    ),
    pytest.param(changed("status.example.org", "status.example.org/here"), "address", r"must be an address", id="path"),
    pytest.param(changed("https://status.example.org", "status.example.org"), "address", r"must be an", id="no scheme"),
    pytest.param(
        changed("[[sources]]", 'zone = "Europe/Barcelna"\n[[sources]]'),
        "zone",
        r"no time zone; for example Eur",
        id="zone",
    ),
    pytest.param(
        changed("[[sources]]", 'zone = "Europe"\n[[sources]]'), "zone", r"no time zone", id="a folder of zones"
    ),
    pytest.param(
        changed("[[sources]]", 'languages = ["ca", "ca"]\n[[sources]]'), "languages", r"each of th", id="ca ca"
    ),
    pytest.param(changed("[[sources]]", "languages = []\n[[sources]]"), "languages", r"at least one", id="mute"),
    pytest.param(
        changed("[[sources]]", 'links = [{ text = "x", address = "javascript:x" }]\n[[sources]]'),
        "links",
        r"must begin with https://",
        id="a link that runs",
    ),
    pytest.param(changed("[[sources]]", '[web]\nlisten = "8000"\n[[sources]]'), "listen", r"address:port", id="listen"),
    pytest.param(
        changed("[[sources]]", '[web]\nlisten = "::1:8000"\n[[sources]]'),
        "listen",
        r'or "\[::1\]:8000"',
        id="bare IPv6",
    ),
    pytest.param(
        changed("kept_by_hand = true", REFERENCE % ('"ref01", "ref02"', ", degraded = 2"))
        + '[[connections]]\nid = "ref02"\nname = "R"\n',
        "reference",
        r"reference.partial: 25% of 2 connections is reached before degraded \(2\), which could never show",
        id="crossing",
    ),
    pytest.param(
        changed("[[sources]]", '[mail]\nusername = "bot"\n[[sources]]'),
        "username",
        r"goes with a password_file, and there is none",
        id="no password",
    ),
    pytest.param(
        changed("//127.0.0.1:9090", "//bot:secret@127.0.0.1:9090"), "url", r"username and password_file$", id="in a url"
    ),
    pytest.param(
        changed("//www.example.org", "//bot:secret@www.example.org"),
        "target",
        r"username and password_file$",
        id="in a target",
    ),
    pytest.param(
        changed('kind = "http"\n', 'kind = "http"\ncertificate_days = -1\n'),
        "certificate_days",
        r"0 or more",
        id="days",
    ),
    pytest.param(
        changed('kind = "http"\n', 'kind = "http"\nusername = "bot"\n'), "username", r"password_file", id="half a login"
    ),
    pytest.param(changed("[[sources]]", '[web]\nlisten = "a:²"\n[[sources]]'), "listen", r"address:port", id="digit"),
    pytest.param(
        changed("[[sources]]", '[database]\nurl = "mysql://db"\n[[sources]]'), "url", r"postgresql://", id="database"
    ),
    pytest.param(changed("https://www.example.org", "www.example.org"), "target", r"is no http address", id="http"),
    pytest.param(changed('"http"', '"tcp"'), "target", r'must be "host:port"', id="tcp"),
    pytest.param(changed('"http"', '"ping"'), "target", r"alone, without http://, port or path", id="ping"),
    *(
        pytest.param(
            changed('"http"', '"dns"').replace("https://www.example.org", target),
            "target",
            r"must be a name alone, without http://, port, path or blanks",
            id=f"dns {what}",
        )
        for what, target in {
            "address": "https://www.example.org",
            "port": "www.example.org:53",
            "path": "www.example.org/x",
            "two names": "www.example.org example.org",
        }.items()
    ),
    *(
        pytest.param(
            changed("[[sources]]", f'[web]\nhosts = ["{host}"]\n[[sources]]'), "hosts", wrong, id=f"hosts {host}"
        )
        for host, wrong in {
            "https://talaia.example.org": "must be a name or an address alone",
            "talaia.example.org:8000": "must be a name or an address alone",
            "talaia.example.org, b": "cannot be the name of a machine",
        }.items()
    ),
    pytest.param(
        changed('url = "http://127.0.0.1:9090"', 'url = "http://127.0.0.1:9090"\nusername = "a"'),
        "username",
        r"goes with a password_file, and there is none",
        id="nobody logged in",
    ),
    *(
        pytest.param(
            changed("kept_by_hand = true", REFERENCE % ('"ref01", "ref02", "ref03"', thresholds)) + MORE,
            "reference",
            wrong,
            id=f"the other way round {thresholds}",
        )
        for thresholds, wrong in {
            ", partial = 3, disruption = 2": r"disruption: 2 of 3 connections is reached before partial \(3\)",
            ', partial = "70%", disruption = "30%"': r"30% of 3 connections is reached before partial \(70%\)",
            ", partial = 3": r"disruption: 60% of 3 connections is reached before partial \(3\)",
        }.items()
    ),
    pytest.param(changed("[[checks]]", "[[checks]]\nfailures = 0"), "failures", r"1 or more", id="failures"),
    pytest.param(changed("[[checks]]", '[[checks]]\nevery = "0s"'), "every", r"longer than zero", id="every moment"),
    pytest.param(
        changed("[[checks]]", '[[checks]]\nslower_than = "9s"'), "slower_than", r"shorter than tim", id="slow"
    ),
    pytest.param(
        changed("[[checks]]", '[[checks]]\nserver = "::1"'),
        "server",
        r"kind = 'dns' only, and this is a http",
        id="dns",
    ),
    pytest.param(mirrored("user = ", "#"), "[mirror]", r"'user' is missing: kind = 'discourse' needs it", id="no user"),
    pytest.param(mirrored("category = 5", "#"), "[mirror]", r"'category' is missing", id="no category"),
    pytest.param(mirrored("category = 5", "category = 0"), "category", r"must be the number of a cat", id="category 0"),
    pytest.param(mirrored("https://", "http://"), "address", r"must begin with https://: a key is", id="key in clear"),
    pytest.param(mirrored("example.org", "example.org/?a=1"), "address", r"without \? or #", id="a query"),
    pytest.param(mirrored("category", "rate = 61\ncategory"), "rate", r"must be 1 to 60 calls a minute", id="too fast"),
    pytest.param(mirrored("category", "rate = 0\ncategory"), "rate", r"must be 1 to 60 calls a minute", id="never"),
    pytest.param(mirrored("category", 'timeout = "0s"\ncategory'), "timeout", r"longer than zero", id="no patience"),
    pytest.param(mirrored("category", 'folder = "x"\ncategory'), "folder", r"kind = 'git' only", id="git's folder"),
    pytest.param(
        WHOLE + '[mirror]\nkind = "git"\n', "[mirror]", r"'repository' is missing: kind = 'git'", id="no repo"
    ),
    pytest.param(
        WHOLE + '[mirror]\nkind = "git"\nrepository = "r"\nreplies = true\n',
        "replies",
        r"goes with kind = 'discourse' only",
        id="replies in git",
    ),
]


@pytest.mark.parametrize(("text", "begins", "says"), CONSISTENCY)
def test_what_does_not_fit_together_is_told_with_its_line(tmp_path: Path, text: str, begins: str, says: str) -> None:
    [(line, words)] = mistakes(tmp_path, text)
    assert "\n".join(text.splitlines()[line - 1 :]).startswith(begins)
    assert re.search(says, words)


def test_an_unreadable_secret_an_empty_one_and_one_that_is_no_text_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    text = WHOLE + '[web]\nsecret_key_file = "empty"\n[database]\nurl_file = "binary"\n'
    [(_, first), (_, second)] = mistakes(tmp_path, text)
    assert first.endswith("web.secret_key_file: 'empty' is empty")
    assert second.endswith("database.url_file: 'binary' is not text")


def test_a_secret_lies_beside_the_configuration_and_loses_the_end_of_its_line(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a b\n")
    config = accepted(tmp_path, WHOLE + '[web]\nsecret_key_file = "secret"\n')
    assert config.secret(config.web.secret_key_file) == "a b"


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = SITE + 'zone = 1\nrefresh = "x"\n[web]\nlisten = 2\n[[groups]]\nnamed = "x"\n[[services]]\nslug = 1\n'
    found = mistakes(tmp_path, text)
    assert [(line, words.split(": ")[1]) for line, words in found] == [
        (4, "site.zone"),
        (5, "site.refresh"),
        (7, "web.listen"),
        (8, "groups[1]"),  # no id
        (8, "groups[1]"),  # no name
        (9, "groups[1].named"),
        (10, "services[1]"),  # no group
        (10, "services[1]"),  # no name
        (11, "services[1].slug"),
    ]


def test_all_names_that_point_nowhere_are_told_at_once(tmp_path: Path) -> None:
    text = changed('group = "web"', 'group = "a"').replace('service = "site"', 'service = "b"')
    assert len(mistakes(tmp_path, text)) == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (SITE + "name = \n", 4),
        (SITE + '[web\nlisten = "x"\n', 4),
        (SITE + 'name = "again"\n', 4),
        (SITE + 'zone = "x', 4),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    [(found, words)] = mistakes(tmp_path, text)
    assert found == line
    assert "this is not TOML" in words


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("zone = Europe/Madrid", 'texts stand in quotation marks: "…"'),
        ("zone = “Europe/Madrid”", 'quotation marks are straight: "…"'),
        ("[web]\nbehind_proxy = True", "write true"),
        ("[web]\nbehind_proxy = no  # not yet", "write false"),
    ],
)
def test_what_people_write_for_toml_is_told_with_what_it_wants(tmp_path: Path, written: str, hint: str) -> None:
    [(_line, words)] = mistakes(tmp_path, SITE + written + "\n")
    assert words.endswith(f": this is not TOML: Invalid value; {hint}")


def test_what_is_no_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "talaia.toml").write_bytes(SITE.encode() + 'zone = "Catal\u00e0"'.encode("latin-1"))
    with pytest.raises(ConfigError, match="line 4: this is not UTF-8"):
        read(tmp_path / "talaia.toml")


def test_a_missing_file_sends_to_init_and_a_folder_does_not(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file; `talaia init` writes one"):
        read(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match=r"cannot be read: Is a directory$"):
        read(tmp_path)


def test_the_marks_and_line_ends_of_other_systems_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "talaia.toml").write_bytes(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode())
    assert read(tmp_path / "talaia.toml").site.address == "https://status.example.org"


def test_a_mistake_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "talaia.toml").write_text(SITE + "zone = 1\n")
    with pytest.raises(ConfigError) as wrong:
        read(tmp_path / "talaia.toml")
    assert str(wrong.value) == f"{tmp_path / 'talaia.toml'}: line 4: site.zone: must be a text, not 1"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('zone = "Europe/Madrid"\nzone = "UTC"\n', 5, "zone stands twice"),
        ("languages = [\n  'ca',\n]\nlanguages = [\n  'es',\n]\n", 7, "languages stands twice"),
        ("web = 1\n[site.web]\nx = 1\n", 5, "[site.web] stands twice, or is a value and a table"),
    ],
)
def test_what_is_written_twice_is_named(tmp_path: Path, text: str, line: int, says: str) -> None:
    ((found, words),) = mistakes(tmp_path, SITE + text)
    assert (found, says in words) == (line, True), words


def test_what_a_reload_does_not_put_in_force_is_said(tmp_path: Path) -> None:
    started = accepted(tmp_path, SITE)
    assert waiting_for_a_start(started, accepted(tmp_path, SITE + 'about = "talaia.toml"\n')) == ""
    changed = accepted(tmp_path, SITE + 'zone = "UTC"\n[web]\nlisten = "127.0.0.1:8001"\n')
    assert waiting_for_a_start(started, changed) == "[site] zone, [web] listen"


def test_what_a_check_measures_nobody_keeps_by_hand(tmp_path: Path) -> None:
    measured, alone = accepted(tmp_path, WHOLE + CHECK).service("site"), accepted(tmp_path, WHOLE).service("site")
    assert measured and not measured.kept_by_hand
    assert alone and alone.kept_by_hand
