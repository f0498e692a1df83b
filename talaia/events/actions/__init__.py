"""What people do with incidents and maintenance. One function = one transaction = one recorded fact.

`key`: a form's one-use number. It is stored with the entry, under a unique constraint: sent again (two taps, a second
try after a lost connection), the same form finds its own entry instead of making another.
`seen`: what the writer saw (`mark_of`); when it is no longer so, Overtaken is raised and nothing is changed.
"""

from __future__ import annotations

from talaia.events.actions.addressing import note_whom, tell_everybody
from talaia.events.actions.analysis import write_analysis
from talaia.events.actions.corrections import edit_event, edit_update
from talaia.events.actions.importing import ImportedEntry, import_incident
from talaia.events.actions.incidents import merge_incident, open_incident, update_incident
from talaia.events.actions.maintenance import approve_maintenance, plan_maintenance, update_maintenance
from talaia.events.actions.renaming import lock_touched, rename_touched
from talaia.events.actions.rescheduling import arrange_maintenance, extend_maintenance, postpone_maintenance
from talaia.events.actions.rows import IMPACTS, find, mark_of, subject, touched
from talaia.events.actions.scheduled_transitions import note_late, note_stuck, take_step
from talaia.events.actions.second_approval import withdraw_change

__all__ = [
    "IMPACTS",
    "ImportedEntry",
    "approve_maintenance",
    "arrange_maintenance",
    "edit_event",
    "edit_update",
    "extend_maintenance",
    "find",
    "import_incident",
    "lock_touched",
    "mark_of",
    "merge_incident",
    "note_late",
    "note_stuck",
    "note_whom",
    "open_incident",
    "plan_maintenance",
    "postpone_maintenance",
    "rename_touched",
    "subject",
    "take_step",
    "tell_everybody",
    "touched",
    "update_incident",
    "update_maintenance",
    "withdraw_change",
    "write_analysis",
]
