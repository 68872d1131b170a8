"""The events that are measured are such as the entrance takes."""

import msgspec
import pytest

from liveReport.channels import NONE
from liveReport.ingest import receive
from liveReport.models import Campaign, Source
from tests.benchmarks import load
from tests.benchmarks.events import CAMPAIGN, bodies, columnar, moment

NOW = 1_780_000_000.0


@pytest.mark.django_db
def test_they_are_as_somebody_could_send_them(source: Source) -> None:
    Campaign.objects.create(slug=CAMPAIGN, name="Bench")
    part = load.columns(2_000, NOW, 600, seed=1)
    (body,) = bodies(part, len(part))
    receipt = receive(source, body, now=moment(NOW))
    assert (receipt.accepted, receipt.rejected) == (len(part), [])
    sent = {
        (one["type"], *((key, one[key]) for key in ("domain", "signal", "verdict") if key in one))
        for one in msgspec.json.decode(body)
    }
    logged = {
        (shape.type, *((key, value) for key, value in shape.dimensions if value != NONE))
        for shape in columnar(part).shapes
        if shape.type in ("opened", "clicked")
    }
    assert logged == {one for one in sent if one[0] in ("opened", "clicked")}
