"""Files of events in a vendor's words: read line by line, once, however often they are begun."""

import io
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.ingest import BodyError, files, importing
from liveReport.models import Bucket, Campaign, EventBatch, EventFile, QuarantinedBatch, Source
from tests.support.factories import make_source
from tests.support.isolation import undone
from tests.support.strategies import on_a_database

pytestmark = pytest.mark.django_db

HEADER = "Piece;Customer;What happened;When;Why;Job"
WORDS = ["type:Mailed=sent", "type:Arrived=delivered", "type:Came back=returned"]
COLUMNS = {
    "message": "Piece",
    "profile": "Customer",
    "type": "What happened",
    "occurred_at": "When",
    "reason": "Why",
    "campaign": "Job",
}


@pytest.fixture
def printer() -> Source:
    return make_source("printer")


def lines(*said: str, header: str = HEADER, at: Any = None) -> str:
    when = (at or timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S")
    return "\n".join([header, *(line.replace("WHEN", when) for line in said)]) + "\n"


def many(count: int) -> str:
    return lines(*(f"p{number};c{number};Mailed;WHEN;;summer" for number in range(count)))


@pytest.fixture
def run(tmp_path: Path, printer: Source, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(text: str | bytes, *options: str, **told: Any) -> tuple[int, str, str]:
        file = tmp_path / "printer.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        given = [f"--column={field}={column}" for field, column in COLUMNS.items()]
        given += [f"--value={word}" for word in WORDS]
        if not told.get("remembered"):
            options = (*options, "--channel=directmail", *given)
        out, err = io.StringIO(), io.StringIO()
        try:
            call_command(
                "import_events", file, "--source=printer", *options, stdout=out, stderr=err
            )
        except SystemExit as end:
            return int(str(end.code)), out.getvalue(), err.getvalue()
        return 0, out.getvalue(), err.getvalue()

    return run


def counted() -> dict[str, int]:
    """Events in the rollups, by type."""
    rollup.fold_pending()
    found: dict[str, int] = {}
    rows = Bucket.objects.filter(tier=60, series__dimension="")
    for kind, count in rows.values_list("series__type", "count"):
        found[kind] = found.get(kind, 0) + count
    return found


def test_lines_become_events_in_our_words(run: Any, campaign: Campaign) -> None:
    text = lines(
        "p1;c1;Mailed;WHEN;;summer",
        "p1;c1;Arrived;WHEN;;summer",
        "",
        "p2;c2;came back;WHEN;AddresseeMoved;summer",
    )
    code, told, errors = run(text)
    assert (code, errors.count("line ")) == (0, 0)
    assert told.startswith("There are 3 lines accepted, 0 refused.")
    assert counted() == {"sent": 1, "delivered": 1, "returned": 1}
    reasons = Bucket.objects.filter(tier=60, series__dimension="reason")
    assert set(reasons.values_list("series__value", flat=True)) == {"AddresseeMoved"}


def test_the_same_file_again_counts_nothing_twice(run: Any, campaign: Campaign) -> None:
    text = many(3)
    run(text)
    code, told, errors = run(text)
    assert code == 0
    assert "Read before" in errors
    assert "There are 3 lines accepted" in told
    run(text + lines("p9;c9;Mailed;WHEN;;summer").split("\n", 1)[1])  # longer by a line
    assert counted() == {"sent": 4}


def test_what_was_said_of_columns_is_remembered(run: Any, campaign: Campaign) -> None:
    run(many(1))
    later = lines("p7;c7;Arrived;WHEN;;summer")
    assert run(later, remembered=True)[0] == 0
    assert counted() == {"sent": 1, "delivered": 1}


def test_columns_are_guessed_by_their_names(run: Any, campaign: Campaign) -> None:
    header = "Event,Date,Letter,Email address,Tracking number,Campaign"
    text = lines("sent,WHEN,-,ada@example.com,t1,summer", header=header)
    code, _told, _errors = run(text, "--channel=directmail", remembered=True)
    assert (code, counted()) == (0, {"sent": 1})


def test_a_bad_line_is_named_and_keeps_no_other_back(run: Any, campaign: Campaign) -> None:
    long = "x" * 201
    text = lines(
        "p1;c1;Mailed;yesterday;;summer",
        "p2;c2;Exploded;WHEN;;summer",
        "p3;;Mailed;WHEN;;summer",
        f"p4;{long};Mailed;WHEN;;summer",
        "p5;c5;Mailed;WHEN;;",
        "p6;c6;Mailed;WHEN;;summer",
    )
    code, told, errors = run(text)
    assert code == 1
    assert "There are 1 lines accepted, 5 refused" in told
    for named in ("line 2: occurred_at", "line 3: type", "line 4: profile", "line 5: profile"):
        assert named in errors
    assert "line 6: campaign: none is named" in errors
    assert counted() == {"sent": 1}


def test_a_dry_run_says_the_same_and_stores_nothing(run: Any, campaign: Campaign) -> None:
    text = lines(
        "p1;c1;Mailed;WHEN;;summer", "p2;c2;Exploded;WHEN;;summer", "p3;c3;Mailed;WHEN;;winter"
    )
    code, told, errors = run(text, "--dry-run")
    assert code == 1
    assert "There would be 2 lines accepted, 1 refused" in told
    assert "1 wait for their campaign" in told
    assert "line 3: type" in errors
    assert not EventBatch.objects.exists()
    assert not EventFile.objects.exists()
    assert Source.objects.get(name="printer").file_mapping == {}


def test_a_campaign_is_found_as_for_webhooks(run: Any, campaign: Campaign, printer: Source) -> None:
    printer.mappings.create(value="Job 17", campaign=campaign)
    Source.objects.filter(pk=printer.pk).update(campaign=campaign)
    text = lines(
        "p1;c1;Mailed;WHEN;;Job 17",
        "p2;c2;Mailed;WHEN;;summer",
        "p3;c3;Mailed;WHEN;;",
        "p4;c4;Mailed;WHEN;;unknown",
    )
    assert "1 wait for their campaign" in run(text)[1]
    assert counted() == {"sent": 3}
    assert QuarantinedBatch.objects.count() == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_files_are_read_however_they_are_written(
    run: Any, campaign: Campaign, encoding: str, delimiter: str
) -> None:
    text = lines("p1;Zoë;Mailed;WHEN;;summer", '"p;2";c2;Arrived;WHEN;"a\nb";summer')
    text = text.replace('"p;2"', "p2").replace('"a\nb"', "").replace(";", delimiter)
    assert run(text.encode(encoding))[0] == 0
    assert counted() == {"sent": 1, "delivered": 1}


def test_lines_are_counted_as_an_editor_does(run: Any, campaign: Campaign) -> None:
    text = lines('p1;c1;Mailed;WHEN;"a\nb";summer', "p2;c2;Exploded;WHEN;;summer")
    assert "line 4: type" in run(text)[2]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "The file is empty"),
        (b"\n\n", "names no columns"),
        (b"Piece;Piece\n", "names a column twice: Piece"),
        (b"\xff\xfe\x00\xd8\x41\x00", "The file is no text"),
        (b"Piece;Customer\np1;c1\n", "type: The file has no column “What happened”"),
    ],
)
def test_what_is_no_such_table_is_refused_as_a_whole(run: Any, text: bytes, why: str) -> None:
    with pytest.raises(CommandError, match=why):
        run(text)


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("--channel=pigeon", "There is no channel “pigeon”"),
        ("--constant=colour=red", "colour: No such field"),
        ("--time-zone=Mars/Base", "There is no zone"),
        ("--value=sent", "there is no “=” in it"),
        ("--value=sent=sent", "write FIELD:THEIRS=OURS"),
        ("--column=sent", "there is no “=” in it"),
    ],
)
def test_what_cannot_be_meant_is_refused(run: Any, option: str, why: str) -> None:
    with pytest.raises(CommandError, match=why):
        run(many(1), "--channel=directmail", option, remembered=True)


def test_an_unknown_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no source “nobody”"):
        call_command("import_events", tmp_path / "x.csv", "--source=nobody")


def test_times_are_of_the_zone_and_the_form_that_are_said(run: Any, campaign: Campaign) -> None:
    at = timezone.now() - timedelta(hours=1)
    text = lines(f"p1;c1;Mailed;{at + timedelta(hours=5):%d.%m.%Y %H:%M};;summer")
    run(text, "--time-zone=Etc/GMT-5", "--time-format=%d.%m.%Y %H:%M")
    (batch,) = EventBatch.objects.all()
    first = batch.first_at or 0
    assert abs(first / 1_000_000 - at.replace(second=0, microsecond=0).timestamp()) < 1


def test_a_field_without_end_is_one_bad_line(run: Any, campaign: Campaign) -> None:
    text = lines("p1;c1;Mailed;WHEN;;summer", '"' + "x" * 200_000)
    code, _told, errors = run(text)
    assert (code, counted()) == (1, {"sent": 1})
    assert "line 3: cannot be read" in errors


def test_it_goes_on_where_it_was_stopped(
    run: Any, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "PORTION", 10)
    text, plain = many(100), importing.receive  # type: ignore[attr-defined]
    portions: list[Any] = []

    def killed(*args: Any, **options: Any) -> Any:
        if len(portions) == 3:
            raise BodyError(503, "busy", "Too much is pending.", 1)
        portions.append(args)
        return plain(*args, **options)

    with monkeypatch.context() as attack:
        attack.setattr(importing, "receive", killed)
        with pytest.raises(
            CommandError, match=r"after line 31: Too much is pending\. Run it again"
        ):
            run(text)
    code, _told, errors = run(text)
    assert code == 0
    assert "Going on after line 31." in errors
    assert counted() == {"sent": 100}


@on_a_database
@given(kills=st.lists(st.integers(1, 8), max_size=4))
def test_wherever_it_is_killed_the_numbers_are_the_same(
    campaign: Campaign, kills: list[int]
) -> None:
    """Also between the commit of a portion and the note of how far it is."""
    with undone():
        _killed_at(kills)


def _killed_at(kills: list[int]) -> None:
    source = make_source("killed")
    text = many(25).encode()
    layout = files.layout_of([text])
    mapping = files.FileMapping(COLUMNS, {"channel": "directmail"}, {"type": {"mailed": "sent"}})
    with pytest.MonkeyPatch.context() as small:
        small.setattr(importing, "PORTION", 4)
        for portions in [*kills, 100]:
            file = importing.begin(source, "x.csv", layout, mapping)
            list(islice(importing.read_on(file, io.BytesIO(text)), portions))
            lost = EventFile.objects.filter(pk=file.pk, finished_at=None, line__gt=5)
            lost.update(line=5)  # what was noted after it
    assert EventFile.objects.get().finished_at
    rollup.fold_pending()
    events = sum(EventBatch.objects.filter(source=source).values_list("count", flat=True))
    repeats = sum(EventBatch.objects.filter(source=source).values_list("duplicates", flat=True))
    assert events - repeats == 25
