"""What is done to and by the people of the desk. One function = one transaction = one recorded fact."""

from talaia.desk.actions.access import (
    add_app,
    add_passkey,
    end_session,
    forget_factors,
    forget_sessions,
    logged_in,
    make_codes,
    remove_proof,
    use_code,
    use_passkey,
    view_codes,
)
from talaia.desk.actions.invitations import again, arrived, find_invitation, invite, join, withdraw
from talaia.desk.actions.people import add, change_password, set_active, set_password, set_role

__all__ = [
    "add",
    "add_app",
    "add_passkey",
    "again",
    "arrived",
    "change_password",
    "end_session",
    "find_invitation",
    "forget_factors",
    "forget_sessions",
    "invite",
    "join",
    "logged_in",
    "make_codes",
    "remove_proof",
    "set_active",
    "set_password",
    "set_role",
    "use_code",
    "use_passkey",
    "view_codes",
    "withdraw",
]
