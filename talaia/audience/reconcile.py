"""What the list says of people, against what we did to it, pure: a person's own unsubscription is not our removal.

We write down who is wanted, then whom we are about to tell the list of, then tell it, then write down that the list has
them. So whoever we believe on the list, and want there, and is not there, went by themselves; and whoever is there
without our knowing it is so by us, if we were about to tell it, and else by somebody's hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from talaia.audience.backend import DeliveryMode, ListMember
from talaia.audience.diff import RecipientStatus


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """An address of the ledger. `listed`: we put it on the list, and did not take it off.

    `joining`: it may be there by us all the same, as we were about to, and nobody wrote down what came of it.
    """

    standing: RecipientStatus
    listed: bool
    joining: bool = False


@dataclass(frozen=True)
class ListFindings:
    opted_out: tuple[str, ...] = ()  # went by themselves
    bounced: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()  # somebody switched their mail on again, over there
    by_hand: tuple[str, ...] = ()  # on the list, and not by us
    there: tuple[str, ...] = ()  # we put them there, and were killed before we wrote it down
    gone: tuple[
        str, ...
    ] = ()  # we took them off, and were killed likewise; or what we were about to do came to nothing


def switched_off(known: KnownAddress | None, member: ListMember) -> bool:
    """Whether the list sends nothing to somebody who is to be told, and was not when it switched them off."""
    return (
        known is not None
        and known.standing == RecipientStatus.ON
        and not known.listed
        and member.mail == DeliveryMode.BOUNCED
    )


def reconcile(ledger: Mapping[str, KnownAddress], members: Mapping[str, ListMember]) -> ListFindings:
    """The ledger as it was read before the members were."""
    opted_out: list[str] = []
    bounced: list[str] = []
    mended: list[str] = []
    by_hand: list[str] = []
    there: list[str] = []
    gone: list[str] = []
    for key, known in ledger.items():
        member = members.get(key)
        if member is None:
            if known.listed:
                (opted_out if known.standing == RecipientStatus.ON else gone).append(key)
            elif known.joining and known.standing != RecipientStatus.ON:
                gone.append(key)
            continue
        if (
            not known.listed
            and not known.joining
            and known.standing in (RecipientStatus.LEFT, RecipientStatus.OPTED_OUT)
        ):
            by_hand.append(key)  # came back over there, or was put back
        elif not known.listed:
            there.append(key)
        elif member.mail == DeliveryMode.BOUNCED and known.standing == RecipientStatus.ON:
            bounced.append(key)
        elif member.mail == DeliveryMode.ON and known.standing == RecipientStatus.BOUNCED:
            mended.append(key)
    by_hand += [key for key in members if key not in ledger]
    return ListFindings(*(tuple(sorted(keys)) for keys in (opted_out, bounced, mended, by_hand, there, gone)))
