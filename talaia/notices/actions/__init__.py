"""What machines and people do to notices. One function = one transaction = one recorded fact."""

from __future__ import annotations

from talaia.notices.actions.bounces import (
    count_again,
    count_no_more,
    forget_bounces,
    note_blame,
    note_bounce,
    wronged,
)
from talaia.notices.actions.drafting import begin, draft_notice, note_whether_told, still_held
from talaia.notices.actions.operator_decisions import give_up, order_test, send, send_now, take_back, try_again, turn_of
from talaia.notices.actions.renaming import rename_told
from talaia.notices.actions.sending import finish, go_on, leave_out, mark, note_error, stop, wait_no_longer

__all__ = [
    "begin",
    "count_again",
    "count_no_more",
    "draft_notice",
    "finish",
    "forget_bounces",
    "give_up",
    "go_on",
    "leave_out",
    "mark",
    "note_blame",
    "note_bounce",
    "note_error",
    "note_whether_told",
    "order_test",
    "rename_told",
    "send",
    "send_now",
    "still_held",
    "stop",
    "take_back",
    "try_again",
    "turn_of",
    "wait_no_longer",
    "wronged",
]
