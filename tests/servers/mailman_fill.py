"""Run by Mailman's own Python: puts many people on a list, without the way that a subscription goes otherwise."""

import sys
from importlib import import_module
from pathlib import Path


def main(configuration: str, list: str, file: str) -> None:
    """`file` has an address in each line."""
    import_module("mailman.core.initialize").initialize(configuration)
    store = import_module("mailman.config").config.db.store
    address, member, preferences = (
        getattr(import_module(f"mailman.model.{name.lower()}"), name) for name in ("Address", "Member", "Preferences")
    )
    role = import_module("mailman.interfaces.member").MemberRole.member
    with store.no_autoflush:
        for email in Path(file).read_text().split():
            known = store.query(address).filter_by(email=email.lower()).first()
            person = known or address(email, "")
            person.preferences = person.preferences or preferences()
            membership = member(role, list.replace("@", ".", 1), person)
            membership.preferences = preferences()
            store.add_all([person, membership])
    store.commit()


if __name__ == "__main__":
    main(*sys.argv[1:])
