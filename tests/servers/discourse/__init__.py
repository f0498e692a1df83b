"""An honest double of a Discourse forum: a real HTTP server on loopback that refuses what the real one refuses.

`discourse-openapi.json` is the published contract (MIT, its licence beside it; repository discourse/discourse_api_docs,
commit 6737ac2ab31321c6e0dedb76dd2d02fb145b54cb, sha256 4c0c6b17…ffbe). It tells only what goes well, and not always
what the server really does: `overlay.py` has the differences. What no contract tells stands in `forum.py`.

`Discourse()` in server.py is what tests use: as the forum's people (`forum.edit`, `forum.reply`, `forum.delete`), as
its administrator (`forum.settings`, `forum.key`), as its misfortunes (`fail`), and as its clock.
"""

from tests.servers.discourse.forum import Forum, Settings
from tests.servers.discourse.server import Discourse, Fail, Seen

__all__ = ["Discourse", "Fail", "Forum", "Seen", "Settings"]
