"""The oracle: an independent brute-force reckoning of what a status page must say, and whom it must tell.

Written from the rules alone (S1 … S16: docs/decisions/what-is-true.md), without having read the product. A history
(`history`, `happenings`) is what happened; the reckoning (`reckoning`) says what must follow from it; a `house.House`
makes the history real in the product; `compare` says the first difference.

What was open, and how it was read
----------------------------------
Signals
- An evidence sample that fails without any alert changes nothing by itself: trouble stays, green stays green (an
  outage shorter than the rule's minute never reaches the panel), unknown stays unknown.
- A sample that stops coming keeps its old time in the answer; it is fresh for `stale_after`. A firing alert counts
  as measured, also without a sample.
- A check whose failure is our own (S11) is not measured from then on: its last verdict is fresh for the
  `stale_after` of the source `checks` (90 s; 0: at once), then the service is unknown. Never trouble.
- With `hold_worse`, a relapse is dated by when the signals failed again, not by when it is shown.
- "It is being worked on" is said where all that fires is silenced (S6: a reason may say so).
- A silent source: its last words count for `stale_after`, then unknown, red or green; so does a sample that was fresh
  in them, though it was older than they were (read so since it was held against the product).
- A sample that went while its source could not be read counts from when it went, once an answer tells its age.
- An unreadable one (S13): what is red stays, green is unknown after `stale_after`. "After": at that very second; a
  second later is let pass.
- Into unknown and out of it there is no hold, `hold_worse` neither.
- `hold_better`: each level is shown once "this or better" has lasted so long. (Histories that are made up mend all
  of an outage in one instant, as the documents do not say more.) `hold_worse` keeps moments off the page: once it was
  worse than shown for so long, what is so at that moment is shown. Read so since it was held against the product:
  waiting anew for each level would tell a total outage late because it began as a small one.
- Unstable (S7): trouble that comes back within `unstable_within` (an equal time counts) after it was left *and*
  after the service was operational meanwhile. Trouble, unknown, trouble is one and the same trouble. Unknown forgets
  the instability, as nobody sees whether it is good "without a break".
- What work in progress has announced waits for nothing when it is better, and is not remembered for S7
  (docs/monitoring.md); where the signals were worse than announced, the end of the work does not end their hold.
- A person's "resolved" (S8) ends the hold, the one of S7 too, as soon as fresh evidence is good, at that moment or
  later ("from then on"); it counts no more once the service was operational, or a person says that it is not over.
People's words
- An open incident that says `operational` of a service says nothing that outranks what else is known.
- With an incident and a maintenance at once, signals count only where they are worse than announced.
- Several maintenances of one service: the heaviest announcement holds. `maintenance` and `disruption` as announced
  levels both mean that nothing is worse.
- In time that nobody watched (S1), a maintenance that ends by itself ends at its hour, a word set by hand at its
  expiry; then it is unknown. One that would have begun meanwhile begins at the start, if its end is still to come.
- A merge keeps the worst impact of both, of each service.
- Maintenance is not said by hand, as it has to be announced; that nothing is known is.
Days and figures
- A period of N days is the last N finished local days: pages say the same whenever they are made (talaia/site).
  A share is cut to a hundredth of a percent.
- Of a service's first day, the part before the first transition may be left out or counted as no data.
- What works badly: degraded and partial. What does not work: disruption.
People told
- A notice leaves when its hold is over, or at the next start of talaia; on the list is who is on it then.
- What is written while news of the same event are held goes in the same mail (docs/mail.md), which waits anew, three
  holds at the most. A merge adds the services of the one to the circle of the other.
- Notices of the middle (`update`, `start`, `reminder`, `changed`) must reach those who were told before and are still
  on the list; they may reach who has come into the circle since, or whose earlier mail was refused.
- Where nothing says who was told (told and merged in the hold, moved in the hold, copies refused), no more is asked
  than that everybody is told at least once under one of the references, and of the end exactly once.
- Who takes back the mail of an incident takes back what it would have told of those that became part of it.
- An incident whose impacts reach `told_from` later, with nobody said to be left out, is told as a problem then; also
  by what is merged into it, to those who have not heard of that. Impacts that it has, not only new ones, count.
- An entry with "no mails" in the hold of a problem holds it back: that mail would tell this very entry. Whether the
  next entry tells of a problem that was kept or taken back is left open.
- Reopened with "tell": a problem anew, for everybody, to be ended anew. Without it: nobody is told, and nobody of the
  second end.
- `advance` and `reminder` are one kind here, as after a downtime or a move either name is right.
- An advance notice that is held when its work is moved to where none is due yet may go or wait for the new hours; one
  that is held while talaia is off, until the work should have begun, goes to nobody.
- After a move, advance hours of the new window may be told; `changed` must be, to those told before.
- A mail server that refuses everybody: the notice waits until somebody tries again, and goes then unless it is over;
  also where a later entry was written with "no mails", as its own words were fixed before.

Histories are made without what no rule decides: outages that are mended by halves, second acts in the very second
of a hold, a window that begins or ends in a restart of less than five minutes, an impact `operational`.

Where this says "read so since", or names a document, the product had another reading that the rules allow as well
and that its documents say; it was taken over here.

Not reckoned: times of entries (S14), what a source's memory fills in (let the house's Prometheus remember nothing),
silences made by talaia, services kept by hand, approval, `cap`, `updates = true`, the exact instants of mails.
"""
