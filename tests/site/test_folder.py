"""The public folder under fire: readers all the time, writers that are killed, writers that meet."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import brotli
import pytest

from talaia.site.folder import Folder

SIZE = 40_000


def version(number: int) -> bytes:
    """A page that shows at a glance whether it is of one piece."""
    return b"%06d" % number * (SIZE // 6)


def is_whole(body: bytes) -> bool:
    return len(body) == SIZE // 6 * 6 and len({body[at : at + 6] for at in range(0, len(body), 6)}) == 1


def test_a_reader_in_another_thread_never_gets_a_torn_file(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "public")
    page = folder.path / "a" / "index.html"
    folder.write({"a/index.html": version(0)})
    torn: list[bytes] = []
    seen: set[bytes] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            for body in (page.read_bytes(), brotli.decompress(page.with_name("index.html.br").read_bytes())):
                seen.add(body[:6])
                if not is_whole(body):
                    torn.append(body)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 60):
        folder.write({"a/index.html": version(number)})
    stop.set()
    reader.join()
    assert not torn
    assert len(seen) > 1


WRITER = """
import sys
from pathlib import Path
from tests.site.test_folder import version
from talaia.site.folder import Folder
folder = Folder(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(1, 100000):
    with folder.alone("front") as alone:
        alone.write({"index.html": version(number), "es/index.html": version(number)})
"""


@pytest.mark.torture
def test_a_writer_that_is_killed_leaves_whole_files_and_no_lock(tmp_path: Path) -> None:
    public = tmp_path / "public"
    command = [sys.executable, "-c", WRITER, str(public)]
    for round_ in range(12):
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
        assert writer.stdout
        writer.stdout.readline()
        while not (public / "index.html").exists():
            assert writer.poll() is None
        for _ in range(200 + 37 * round_):  # a different moment each time
            (public / "index.html").read_bytes()
        writer.kill()
        writer.wait()
        writer.stdout.close()
        for name in ("index.html", "es/index.html"):
            page = public / name
            if page.exists():
                assert is_whole(page.read_bytes())
                assert is_whole(brotli.decompress(page.with_name(page.name + ".br").read_bytes()))
        with Folder(public).alone("front"):  # the lock died with its holder
            assert [*public.glob(".*/*")] == []
        assert Folder(public).changed({"index.html": version(0)}) == {"index.html": version(0)}


def test_who_comes_second_reads_after_the_first_has_written(tmp_path: Path) -> None:
    """Else a snapshot that was taken earlier could be written later."""
    folder = Folder(tmp_path / "public")
    rows, told = ["old"], []
    inside, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with folder.alone("front"):
            snapshot = rows[0]
            inside.set()
            go_on.wait(10)
            told.append(snapshot)

    def second() -> None:
        with folder.alone("front"):
            told.append(rows[0])

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert inside.wait(10)
    rows[0] = "new"
    threads[1].start()
    threads[1].join(0.2)
    assert threads[1].is_alive()  # it waits
    go_on.set()
    for thread in threads:
        thread.join()
    assert told == ["old", "new"]


def test_the_front_does_not_wait_for_the_archive(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "public")
    with folder.alone("events"):
        done = threading.Event()

        def front() -> None:
            with folder.alone("front"):
                done.set()

        thread = threading.Thread(target=front)
        thread.start()
        assert done.wait(10)
        thread.join()


def test_the_same_content_is_not_written_twice_but_a_lost_variant_is_mended(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "public")
    files = {"index.html": version(1)}
    assert folder.changed(files) == files
    folder.write(files)
    assert folder.changed(files) == {}
    (folder.path / "index.html.gz").unlink()
    assert folder.changed(files) == files


def test_removing_takes_variants_and_empty_folders_along_and_may_be_repeated(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "public")
    folder.write({"services/a/index.html": b"a", "services/b/index.html": b"b"})
    assert folder.remove(["services/a/index.html", "services/never/index.html"]) == 1
    assert sorted(path.name for path in (folder.path / "services").iterdir()) == ["b"]
    assert folder.remove(["services/a/index.html"]) == 0
    folder.remove(["services/b/index.html"])
    assert [file for file in folder.path.rglob("*") if not file.name.startswith(".")] == []
