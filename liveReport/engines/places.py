"""The columns by which rows of campaigns' channels and of executions are found."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from liveReport.counts.cells import Place, Run

from . import sql


def columns_of(places: Iterable[Place], campaigns: Mapping[str, int]) -> dict[str, sql.Each]:
    """Those of channels; ``campaigns`` has the ids by slug."""
    wanted = list(places)
    ids = np.array([campaigns[campaign] for campaign, _channel in wanted], np.int64)
    return {"campaign_id": ids, "channel": [channel for _campaign, channel in wanted]}


def columns_of_runs(runs: Sequence[Run], campaigns: Mapping[str, int]) -> dict[str, sql.Each]:
    """Those of executions, for tables that name them by their start in microseconds."""
    execution = np.array([run.execution for run in runs], np.int64)
    return columns_of([run.place for run in runs], campaigns) | {"execution": execution}


def slugs(campaigns: Mapping[str, int]) -> dict[int, str]:
    """The slugs of campaigns by id."""
    return {pk: slug for slug, pk in campaigns.items()}
