"""All frames of the Email tab, against the same numbers by SQL and by analytical engines."""

import time

from .. import events, load
from ..found import Found
from ..options import MILLION, Options
from ..peers import raw
from ..reading import milliseconds, note_peers, note_tab
from ..site import prepare
from ..storage import vacuum

MOST_ROWS = 10 * MILLION
"""Beyond them rows would take longer to load than everything else to measure."""


def measure(options: Options) -> Found:
    source = prepare()
    count, until = options.events, time.time()
    events.fill(source, load.day(count, until, seed=7), events.moment(until))
    vacuum()
    found = Found()
    ours = note_tab(found, count, events.moment(until))
    if count <= MOST_ROWS:
        raw.fill(load.day(count, until, seed=7))
        theirs = milliseconds(raw.email_tab, turns=3)
        found.figures[f"the same, {count:,} events, SQL over indexed rows: ms"] = theirs
        found.figures[f"a tab, {count:,} events, against SQL over rows: × as fast"] = theirs / ours
    note_peers(found, count, ours, until, options)
    return found
