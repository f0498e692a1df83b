"""A bare repository as others see it: they clone, edit, commit and push with dulwich as anybody would."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from dulwich.object_store import commit_tree_changes
from dulwich.objects import Blob, Commit, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo

HEAD = Ref(b"refs/heads/main")
FOLDER = "content/issues"


class Repository:
    """`there["incident-2026-014.md"]` is what stands in that file; None when there is no such file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        Repo.init_bare(str(path), mkdir=True).close()

    def __getitem__(self, name: str) -> str | None:
        with Repo(str(self.path)) as repo:
            if HEAD not in repo.refs:
                return None
            found: Any = repo[repo[repo.refs[HEAD]].tree]  # type: ignore[attr-defined]
            for part in f"{FOLDER}/{name}".encode().split(b"/"):
                if not isinstance(found, Tree) or part not in found:
                    return None
                found = repo[found[part][1]]
            return str(found.data.decode())

    def files(self) -> list[str]:
        with Repo(str(self.path)) as repo:
            found: Any = repo[repo[repo.refs[HEAD]].tree]  # type: ignore[attr-defined]
            for part in FOLDER.encode().split(b"/"):
                found = repo[found[part][1]]
            return sorted(name.decode() for name in found)

    def write(self, name: str, text: str | None, by: str = "marta") -> None:
        """Somebody commits a file, or (None) takes it out."""
        with Repo(str(self.path)) as repo:
            there = repo.refs[HEAD] if HEAD in repo.refs else None  # noqa: SIM401
            tree: Any = repo[repo[there].tree] if there else Tree()  # type: ignore[attr-defined]
            blob = Blob.from_string((text or "").encode())
            repo.object_store.add_object(blob)
            path = f"{FOLDER}/{name}".encode()
            change = (path, None, None) if text is None else (path, 0o100644, blob.id)
            commit = Commit()
            commit.tree = commit_tree_changes(repo.object_store, tree, [change])
            commit.parents = [there] if there else []
            commit.author = commit.committer = f"{by} <{by}@example.org>".encode()
            commit.author_time = commit.commit_time = int(time.time())
            commit.author_timezone = commit.commit_timezone = 0
            commit.message = b"correct a word\n"
            repo.object_store.add_object(commit)
            repo.refs[HEAD] = commit.id

    def edit(self, name: str, old: str, new: str, by: str = "marta") -> None:
        before = self[name]
        assert before is not None
        assert old in before
        self.write(name, before.replace(old, new), by)

    def commits(self) -> list[tuple[str, str]]:
        """Author and message, newest first."""
        with Repo(str(self.path)) as repo:
            return [
                (entry.commit.author.decode().partition(" <")[0], entry.commit.message.decode().strip())
                for entry in repo.get_walker([repo.refs[HEAD]])
            ]
