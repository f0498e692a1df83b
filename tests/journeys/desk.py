"""A running service with a desk that anna may use, in an address that a browser accepts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.product import Talaia

CONFIG = (Path(__file__).parents[1] / "talaia.toml").read_text()
PASSWORD = "una clau prou llarga"


@contextmanager
def desk(home: Path, config: str = CONFIG) -> Iterator[Talaia]:
    """`talaia user add anna` on a new installation, then `talaia up`."""
    product = Talaia(home, config)
    # Cookies and links must be those of the port that was found free.
    (home / "talaia.toml").write_text(config.replace("https://status.example.org", product.address))
    product.run("user", "add", "anna", "--password-file", "-", text=PASSWORD)
    with product:
        yield product.started()
