"""The state of each message that a gauge watches, as it is stored."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from liveReport.counts.states import Latest, State
from liveReport.models import MessageState

from . import sql
from .keys.periods import MESSAGES, Periods, find_messages


def keep_latest(latest: Latest, campaigns: Mapping[str, int], periods: Periods) -> None:
    """Replace the state of each message by the later of the two. Keys are sorted."""
    home = np.full(len(latest.key), periods.current.pk)
    for period, places in periods.holding(MESSAGES, latest.key):
        met = find_messages(period.pk, latest.key[places])
        home[np.searchsorted(latest.key, met)] = period.pk
    order = np.lexsort((latest.key, home))
    ids = np.array([campaigns[slug] for slug in latest.campaigns], np.int64)
    sql.insert(
        MESSAGES,
        {
            "period": home[order],
            "key": latest.key[order],
            "campaign_id": ids[latest.campaign[order]],
            "channel": latest.channel,
            "gauge": latest.gauge,
            "execution": latest.execution[order],
            "at": latest.at[order],
            "rank": latest.rank[order],
            "waiting": latest.waiting[order],
        },
        "(period, key) DO UPDATE SET execution = excluded.execution, at = excluded.at,"
        " rank = excluded.rank, waiting = excluded.waiting"
        " WHERE (excluded.at, excluded.rank, excluded.execution)"
        " > (livereport_messagestate.at, livereport_messagestate.rank,"
        " livereport_messagestate.execution)",
    )


def stored(since: int) -> Iterator[tuple[int, State]]:
    """The key of each message whose state is of ``since`` (in microseconds) or later, and that."""
    fields = ("key", "at", "rank", "campaign__slug", "channel", "gauge", "execution", "waiting")
    rows = MessageState.objects.filter(at__gte=since).values_list(*fields)
    return ((key, State(*state)) for key, *state in rows.iterator(chunk_size=2_000))


def replace(
    wrong: Sequence[int], right: Iterable[Latest], campaigns: Mapping[str, int], held: Periods
) -> None:
    """Put others in place of some messages' states, in the caller's transaction."""
    MessageState.objects.filter(key__in=wrong).delete()
    for latest in right:
        keep_latest(latest, campaigns, held)
