"""The seam in a git repository: an event is a file, its document the file's front matter and text.

Every call fetches first. A commit is made on top of what was fetched and pushed if nobody was quicker; who was is
fetched, and it is tried again. Nothing is kept here but a clone, which may be thrown away at any time.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlsplit

from dulwich.client import GitClient
from dulwich.errors import NotGitRepository
from dulwich.object_store import commit_tree_changes
from dulwich.objects import Blob, Commit, ObjectID, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo

from talaia.config import Config
from talaia.config import MirrorConfig as Settings
from talaia.file_modes import make_private
from talaia.forum import front_matter
from talaia.forum.backend import Document, EditedElsewhere, Gone, MirroredDocument, Recent
from talaia.forum.git_transport import reached
from talaia.outbox.errors import PermanentError, TemporaryError

FILE = 0o100644
TRIES = 8  # how often others may be quicker before we come back later
DELETED = "put the file back there; or let it go, and it stays only on our own pages"


@dataclass(frozen=True)
class FetchedHead:
    """What was fetched: the clone, and the commit of the branch; None while the branch is empty. And from where."""

    repo: Repo
    commit: ObjectID | None
    client: GitClient
    path: str

    @property
    def tree(self) -> Tree:
        """All that is in it."""
        if self.commit is None:
            return Tree()
        commit: Any = self.repo.object_store[self.commit]
        tree = self.repo.object_store[commit.tree]
        assert isinstance(tree, Tree)
        return tree

    def file(self, path: str) -> Blob | None:
        """The file at `path`; None when there is none."""
        found: Any = self.tree
        for part in path.encode().split(b"/"):
            if not isinstance(found, Tree) or part not in found:
                return None
            found = self.repo.object_store[found[part][1]]
        return found if isinstance(found, Blob) else None


class Git:
    """A folder of a branch of a repository, as a Mirror."""

    name = "git"

    def __init__(self, mirror: Settings, config: Config) -> None:
        self.mirror, self.config = mirror, config
        self.branch = Ref(f"refs/heads/{mirror.branch}".encode())
        self.where = mirror.repository or ""
        clones = config.home / "mirror"
        self.clone = clones / f"{hashlib.sha256(self.where.encode()).hexdigest()[:16]}.git"
        host = urlsplit(config.site.address).hostname or "localhost"
        self.own = f"{mirror.user or 'talaia'} <talaia@{host}>".encode()

    # The seam ---------------------------------------------------------------------------------------------------

    def find(self, key: str) -> MirroredDocument | Gone | None:
        with self._fetched() as head:
            return self._standing(head, self._path(key))

    def read(self, place: str) -> tuple[MirroredDocument, str] | Gone:
        with self._fetched() as head:
            found = self._standing(head, place)
            return (self._signed(head, found), self._editor(head, place)) if found else self._gone(head, place)

    def make(self, document: Document) -> MirroredDocument | Gone:
        path = self._path(document.key)
        for _try in range(TRIES):
            with self._fetched() as head:
                found = self._standing(head, path)
                if found is not None:
                    return found
                if self._push(head, path, document, document.title):
                    return self._made(path, document)
        raise self._busy()

    def change(self, document: Document, base: MirroredDocument, why: str) -> MirroredDocument | EditedElsewhere | Gone:
        path = base.place
        for _try in range(TRIES):
            with self._fetched() as head:
                there = self._standing(head, path)
                if there is None:
                    return self._gone(head, path)
                if there.text not in (base.text, document.text) or there.title not in (base.title, document.title):
                    return EditedElsewhere(self._signed(head, there), self._editor(head, path))
                made = self._made(path, document)
                if there.version == made.version or self._push(head, path, document, why):
                    return made
        raise self._busy()

    def recent(self, since: datetime) -> Iterator[Recent]:
        """The files that others have committed to since."""
        with self._fetched() as head:
            found: dict[str, datetime] = {}
            if head.commit is not None:
                folder = self.mirror.folder.strip("/").encode()
                for entry in head.repo.get_walker([head.commit], paths=[folder], since=int(since.timestamp())):
                    if entry.commit.author == self.own:
                        continue
                    at = datetime.fromtimestamp(entry.commit.commit_time, UTC)
                    for change in entry.changes():
                        for one in change if isinstance(change, list) else [change]:
                            there = (one.new or one.old) if one else None
                            path = there.path if there else None
                            if path and path.startswith(folder):
                                found.setdefault(path.decode("utf-8", "replace"), at)
        for place, at in sorted(found.items(), key=lambda pair: pair[1], reverse=True):
            yield Recent(place, at, 0)

    def ask(self) -> None:
        with reached(self.mirror, self.config) as (client, path):
            client.get_refs(path.encode())

    # Files ------------------------------------------------------------------------------------------------------

    def _path(self, key: str) -> str:
        return "/".join(part for part in (self.mirror.folder.strip("/"), front_matter.name(key)) if part)

    def _content(self, document: Document) -> Blob:
        return Blob.from_string(front_matter.render_file(document, self.config.site.tz).encode())

    def _standing(self, head: FetchedHead, path: str) -> MirroredDocument | None:
        blob = head.file(path)
        if blob is None:
            return None
        title, text, tags, closed = front_matter.read(blob.data.decode("utf-8", "replace"))
        version = blob.id.decode()
        return MirroredDocument(
            front_matter.key_of(path), path, version, title, text, tags, closed, self._address(path)
        )

    def _made(self, path: str, document: Document) -> MirroredDocument:
        version = self._content(document).id.decode()
        given = (document.title, document.text, document.tags, document.closed)
        return MirroredDocument(document.key, path, version, *given, self._address(path))

    def _address(self, path: str) -> str:
        return f"{self.mirror.address.rstrip('/')}/{path}" if self.mirror.address else ""

    def _gone(self, head: FetchedHead, path: str) -> Gone:
        who = self._editor(head, path)
        return Gone(f"{path} was taken out of the repository{f' by {who}' if who else ''}", DELETED)

    def _signed(self, head: FetchedHead, there: MirroredDocument) -> MirroredDocument:
        """With when we wrote it, if we did so last and nobody made another commit of ours: the branch was put back.

        As it stands in that commit: in a merge somebody may have taken theirs, of before our commit.
        """
        if head.commit is None:
            return there
        last = next(iter(head.repo.get_walker([head.commit], paths=[there.place.encode()], max_entries=1)), None)
        if last is None or not last.commit.author == last.commit.committer == self.own:
            return there
        blob = replace(head, commit=last.commit.id).file(there.place)
        whole = blob is not None and blob.id.decode() == there.version
        return replace(there, ours=datetime.fromtimestamp(last.commit.commit_time, UTC) if whole else None)

    def _editor(self, head: FetchedHead, path: str) -> str:
        """Who committed to a file last; empty when that was us."""
        if head.commit is None:
            return ""
        for entry in head.repo.get_walker([head.commit], paths=[path.encode()], max_entries=1):
            if entry.commit.author != self.own:
                author: str = entry.commit.author.decode("utf-8", "replace")
                return author.partition(" <")[0]
        return ""

    # The repository ---------------------------------------------------------------------------------------------

    @contextmanager
    def _fetched(self) -> Iterator[FetchedHead]:
        """The clone, brought to what stands there; nobody else of ours is at it meanwhile."""
        make_private(self.clone.parent)
        with (self.clone.parent / f"{self.clone.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            repo = self._clone()
            try:
                with reached(self.mirror, self.config) as (client, path):
                    told = client.fetch(path, repo, determine_wants=self._wants(repo))
                    head = dict(told.refs).get(self.branch)
                    if head is not None:
                        repo.refs[self.branch] = head
                    yield FetchedHead(repo, head, client, path)
            except KeyError as error:  # an object that should be there is not: the clone is broken, and made anew
                with suppress(OSError):
                    shutil.rmtree(self.clone)
                raise TemporaryError(f"our clone of {self.where} lacks {error}", "it is made anew") from error
            finally:
                repo.close()

    def _wants(self, repo: Repo) -> Any:
        def wants(refs: dict[Ref, ObjectID], _depth: int | None = None) -> list[ObjectID]:
            head = refs.get(self.branch)
            return [head] if head is not None and head not in repo.object_store else []

        return wants

    def _clone(self) -> Repo:
        """Ours, made if it is not there; what a kill has left half done is put away."""
        for left in self.clone.rglob("*.lock"):
            left.unlink()
        try:
            return Repo(str(self.clone))
        except NotGitRepository:
            shutil.rmtree(self.clone, ignore_errors=True)
            return Repo.init_bare(str(self.clone), mkdir=True)

    def _push(self, head: FetchedHead, path: str, document: Document, why: str) -> bool:
        """One commit on top of what was fetched. False when somebody was quicker."""
        repo, blob = head.repo, self._content(document)
        repo.object_store.add_object(blob)
        commit = Commit()
        commit.tree = commit_tree_changes(repo.object_store, head.tree, [(path.encode(), FILE, blob.id)])
        commit.parents = [head.commit] if head.commit else []
        commit.author = commit.committer = self.own
        commit.author_time = commit.commit_time = int(time.time())
        commit.author_timezone = commit.commit_timezone = 0
        commit.encoding = b"UTF-8"
        commit.message = f"{why}\n".encode()
        repo.object_store.add_object(commit)
        overtaken = False

        def refs(there: dict[Ref, ObjectID]) -> dict[Ref, ObjectID]:
            nonlocal overtaken
            overtaken = there.get(self.branch) != head.commit
            return {} if overtaken else {self.branch: commit.id}

        result = head.client.send_pack(head.path.encode(), refs, cast(Any, repo.generate_pack_data))
        refused = [said for said in (result.ref_status or {}).values() if said]
        if refused and not any("fetch first" in said or "unable to set" in said or "lock" in said for said in refused):
            hint = "may the user push to that branch, and does a hook of the repository refuse it?"
            raise PermanentError(f"{self.where} refuses what we push: {refused[0]}", hint)
        return not overtaken and not refused

    def _busy(self) -> TemporaryError:
        return TemporaryError(f"others push to {self.where} all the time", "it goes on by itself")
