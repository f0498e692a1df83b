"""The chats: one message to one address, and every answer as what it means for us. The address is in no error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from talaia.config import Chat, Config
from talaia.outbox.errors import PermanentError, TemporaryError
from talaia.outbox.shutdown import waits

ONCE = Path(__file__).with_name("apprise_worker.py")
PATIENCE = 60.0  # seconds, for all of it: Apprise itself waits and tries again a few times


class Once:
    """One process that says one message."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(ONCE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        waits(self)

    def ask(self, given: str, patience: float) -> str:
        """What it answers. Raises subprocess.TimeoutExpired; it is gone then."""
        with self.process:
            try:
                return self.process.communicate(given, patience)[0]
            finally:
                self.process.kill()

    def call_off(self) -> None:
        self.process.kill()


def check_address(chat: Chat, config: Config) -> None:
    """Whether it is an address of Apprise. Raises Temporary and Permanent as `say`."""
    say(chat, config, "", "")


def say(chat: Chat, config: Config, title: str, body: str, patience: float = PATIENCE) -> None:
    """With neither title nor body, nothing is said, and only the address looked at.

    Raises Temporary where it may go better later, Permanent where a person must mend something.
    """
    name, place = f"chat {chat.name}", f"look at the address in {chat.url_file}"
    try:
        given = json.dumps({"url": config.secret(chat.url_file) or "", "title": title, "body": body})
    except (OSError, UnicodeDecodeError):
        raise PermanentError(
            f"{name}: {chat.url_file} cannot be read", "it must be readable for talaia alone"
        ) from None
    # No proxy by the way, as everywhere here; and nothing of ours that a plugin could look up.
    kept = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
    environment = {key: value for key, value in os.environ.items() if key in kept}
    try:
        told = json.loads(Once(environment).ask(given, patience))
    except subprocess.TimeoutExpired:
        raise TemporaryError(
            f"{name} did not answer within {patience:g} s", "is it well? the message may be there"
        ) from None
    except ValueError:
        raise TemporaryError(f"{name}: Apprise failed", "does `python -c 'import apprise'` work?") from None
    match told["outcome"]:
        case "sent" | "known":
            return
        case "missing":
            raise PermanentError(f"{name}: Apprise is not installed", "pip install 'talaia[chat]', then try again")
        case "unknown":
            raise PermanentError(f"{name}: that is no address of Apprise", f"{place}; it must be one, on one line")
    status = int(told.get("status", 0))
    if status in (0, 408, 425, 429) or status >= 500:
        said = f"answers {status}" if status else "is not reached, or does not want it"
        raise TemporaryError(f"{name} {said}", f"is it up? else {place}")
    if 300 <= status < 400:
        raise PermanentError(f"{name} sends us elsewhere ({status})", f"{place}: write the one that answers itself")
    raise PermanentError(f"{name} refuses us ({status})", f"{place}: is the token right, may it write there?")
