"""CSV files of any vendor, taken in by the command."""

import csv
import io
import json
import re
import tracemalloc
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.engines import files as stored
from liveReport.events import former
from liveReport.ingest.files import importing, text
from liveReport.ingest.files.text import Table, survey
from liveReport.models import Campaign, EventBatch, EventFile, QuarantinedBatch, Source
from tests.support.isolation import undone

pytestmark = pytest.mark.django_db

NAMES = ("type", "occurred_at", "profile", "campaign", "channel")
TIMES = "%d.%m.%Y %H:%M:%S"
Line = Mapping[str, Any]


def now() -> str:
    return timezone.now().isoformat()


def line(**fields: Any) -> dict[str, Any]:
    plain = {"type": "sent", "occurred_at": now(), "profile": "ada", "campaign": "summer"}
    return plain | {"channel": "email"} | fields


def table(lines: Iterable[Line], names: Iterable[str] = NAMES, delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(names), delimiter=delimiter, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


@pytest.fixture
def bring(tmp_path: Path, capsys: Any) -> Callable[..., tuple[str, str]]:
    """Import a file; what is said on stdout and stderr."""

    def run(content: str | bytes, *options: str, source: str = "mill") -> tuple[str, str]:
        file = tmp_path / "events.csv"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        capsys.readouterr()
        with suppress(SystemExit):
            call_command("import_events", str(file), "--source", source, *options)
        found: tuple[str, str] = capsys.readouterr()
        return found

    return run


def counted() -> int:
    """Events that are counted, repeats left out."""
    rollup.fold_pending()
    return sum(batch.count - (batch.duplicates or 0) for batch in EventBatch.objects.all())


def shapes() -> list[Any]:
    return [
        (event.shape, event.at)
        for batch in EventBatch.objects.order_by("pk")
        for event in former.read(batch.payload, batch.source_id)
    ]


def test_columns_named_like_fields_need_no_mapping(campaign: Campaign, bring: Any) -> None:
    out, err = bring(table([line(profile=str(n)) for n in range(3)]))
    assert out == "3 accepted, 0 refused.\n"
    assert "type: column type" in err
    assert counted() == 3
    assert EventBatch.objects.get().source.name == "mill"


def test_a_vendor_s_own_words(campaign: Campaign, bring: Any, tmp_path: Path) -> None:
    moment = timezone.now() - timedelta(hours=1)
    mapping = {
        "columns": {"type": "Zustand", "occurred_at": "Zeit", "profile": "Kundennr."},
        "values": {"type": {"zugestellt": "delivered", "Retoure": "returned", "Gedruckt": None}},
        "constants": {"channel": "directmail", "campaign": "summer"},
        "zone": "Europe/Berlin",
        "format": TIMES,
    }
    file = tmp_path / "mapping.json"
    file.write_text(json.dumps(mapping))
    at = moment.astimezone(ZoneInfo("Europe/Berlin")).strftime(TIMES)
    content = (
        f'sep=;\r\nKundennr.;Zustand;Zeit;Größe\r\n="007";Zugestellt;{at};1\r\n8;gedruckt;{at};\r\n'
    )
    out, err = bring(content.encode("cp1252"), "--mapping", str(file))
    assert out == "1 accepted, 0 refused.\n1 ignored, as the mapping says.\n"
    assert "read as cp1252" in err
    ((shape, found),) = shapes()
    assert (shape.channel, shape.type) == ("directmail", "delivered")
    assert found == int(moment.timestamp()) * 1_000_000
    # From now on the source knows.
    assert bring(content.replace("007", "008").encode("cp1252"))[0].startswith("1 accepted")


def test_a_mapping_by_options(campaign: Campaign, bring: Any) -> None:
    content = f"who,what,when\nada,Gone,{datetime.now(UTC).timestamp()}\n"
    options = (
        *("--column", "profile=who", "--column", "type=what", "--column", "occurred_at=When"),
        *("--set", "channel=sms", "--set", "campaign=summer", "--value", "type:gone=sent"),
        *("--format", "epoch"),
    )
    assert bring(content, *options)[0] == "1 accepted, 0 refused.\n"
    assert shapes()[0][0].type == "sent"


def test_the_same_file_again_counts_nothing_twice(campaign: Campaign, bring: Any) -> None:
    content = table([line(profile=str(n)) for n in range(5)])
    bring(content)
    out, err = bring(content)
    assert out == "5 accepted, 0 refused.\n"
    assert "taken in before" in err
    # In another order, among others, read by another mapping: the same lines are the same events.
    head, *lines = content.splitlines()
    bring("\n".join([head, *reversed(lines), lines[0].replace("0,summer", "new,summer")]))
    bring(content, "--value", "type:sent=delivered")
    assert counted() == 6


def test_identical_lines_are_repeats_unless_an_id_tells_them_apart(
    campaign: Campaign, bring: Any
) -> None:
    same = line()
    out, _err = bring(table([same, same]))
    assert "1 accepted ones repeat another" in out
    assert counted() == 1
    bring(table([same | {"id": "a"}, same | {"id": "b"}, same | {"id": "a"}], ("id", *NAMES)))
    assert counted() == 3


def test_bad_lines_are_named_and_the_others_go_in(
    campaign: Campaign, bring: Any, tmp_path: Path
) -> None:
    lines = [
        line(),
        line(type="flown"),
        line(occurred_at="yesterday"),
        line(profile=""),
        line(occurred_at=(timezone.now() - timedelta(hours=73)).isoformat()),
        line(occurred_at=timezone.now().replace(tzinfo=None).isoformat()),
        line(campaign="no slug"),
        line(profile="bob"),
    ]
    out, err = bring(table(lines) + "\n,,,,\na,b,c,d,e,f\n")
    assert out.startswith("2 accepted, 7 refused.")
    assert "1 refused ones are older than 72 hours." in out
    assert re.findall(r"^line (\d+): (\w+): ", err, re.MULTILINE) == [
        *(("3", "type"), ("4", "occurred_at"), ("5", "profile"), ("6", "occurred_at")),
        *(("7", "occurred_at"), ("8", "campaign")),
    ]
    assert "line 12: 6 cells, but the header has 5." in err
    file = tmp_path / "events.csv"
    with pytest.raises(SystemExit) as stop:
        call_command("import_events", str(file), "--source", "mill")
    assert stop.value.code == 1


def test_errors_name_nobody(campaign: Campaign, bring: Any) -> None:
    lines = [
        line(type="ada@example.com"),
        line(channel="+49 151 2345678"),
        line(campaign="a@b.c d"),
    ]
    _out, err = bring(table(lines))
    assert err.count("line ") == 3
    row = EventFile.objects.get()
    for text_ in (err, json.dumps(row.errors)):
        assert "ada@" not in text_
        assert "2345678" not in text_
        assert "a@b.c" not in text_
    assert [error[:2] for error in row.errors] == [[2, "type"], [3, "channel"], [4, "campaign"]]


def test_an_unknown_campaign_waits_in_quarantine(campaign: Campaign, bring: Any) -> None:
    out, _err = bring(table([line(), line(campaign="winter")]))
    assert "1 accepted ones wait in the quarantine" in out
    assert QuarantinedBatch.objects.get().campaign == "winter"


def test_a_source_says_whose_events_are(campaign: Campaign, bring: Any) -> None:
    source = Source.objects.ensure("mill")
    source.campaign = campaign
    source.save()
    source.mappings.create(value="Été 1", campaign=campaign)
    lines = [
        line(profile="a", campaign=""),
        line(profile="b", campaign="Été 1"),
        line(profile="c", campaign="lr_campaign=summer&lr_profile=d"),
    ]
    assert bring(table(lines))[0] == "3 accepted, 0 refused.\n"
    assert {shape.campaign for shape, _at in shapes()} == {"summer"}


def test_a_provider_s_file_is_of_its_channel(campaign: Campaign, bring: Any) -> None:
    Source.objects.filter(pk=Source.objects.ensure("post").pk).update(provider="lob")
    lines = table([line()], ("type", "occurred_at", "profile", "campaign"))
    assert bring(lines, source="post")[0] == "1 accepted, 0 refused.\n"
    assert shapes()[0][0].channel == "directmail"


@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_a_dry_run_says_the_same_and_changes_nothing(
    campaign: Campaign, bring: Any, monkeypatch: Any, size: int
) -> None:
    monkeypatch.setattr(importing, "BATCH", size)
    content = table([line(), line(type="flown"), line(campaign="winter"), line(profile="bob")])
    dry, said = bring(content, "--dry-run")
    assert dry.startswith("Dry run: nothing was stored.\n3 accepted, 1 refused.")
    assert "line 3: type" in said
    assert not EventFile.objects.exists() | EventBatch.objects.exists() | Source.objects.exists()
    assert bring(content)[0] == dry.partition("\n")[2]


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters_show_themselves(encoding: str, delimiter: str) -> None:
    odd = "Zoé \x81" if encoding == "latin-1" else "Zoé, “x” ; y"
    content = table([{"name": odd, "size": "Größe"}], ("name", "size"), delimiter)
    raw = content.encode(encoding)
    found = survey(io.BytesIO(raw))
    assert found.size == len(raw)
    read = Table(io.BytesIO(raw), found.encoding)
    assert (read.header, read.delimiter) == (["name", "size"], delimiter)
    assert [list(record.cells) for record in read] == [[odd, "Größe"]]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"type,occurred_at,profile\n"])
def test_a_file_without_events_is_no_mistake(bring: Any, content: bytes) -> None:
    options = ("--set", "channel=sms", "--set", "campaign=summer")
    assert bring(content, *options)[0] == "0 accepted, 0 refused.\n"


def test_what_cannot_be_read_at_all_is_named(bring: Any, tmp_path: Path, settings: Any) -> None:
    for path, reason in ((tmp_path, "Is a directory"), (tmp_path / "none.csv", "No such file")):
        with pytest.raises(CommandError, match=reason):
            call_command("import_events", str(path), "--source", "mill")
    with pytest.raises(CommandError, match=r"Nothing says campaign, .*columns: a, …\."):
        bring("a,ada@example.com\n1,2\n")
    with pytest.raises(CommandError, match="no column is called 'x'"):
        bring(table([line()]), "--column", "profile=x")
    with pytest.raises(CommandError, match="2 columns are called 'profile'"):
        bring(table([line()], (*NAMES, "profile")))
    with pytest.raises(CommandError, match="201 columns; a file may have 200"):
        bring(",".join(map(str, range(201))))
    with pytest.raises(CommandError, match="header cannot be read"):
        bring('"type,occurred_at\n')
    settings.FILE_MAX_BYTES = 10
    with pytest.raises(CommandError, match="FILE_MAX_BYTES allows 10"):
        bring(table([line()]))
    assert not EventFile.objects.exists()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--column", "colour=x"], "columns: no field is called 'colour'"),
        (["--column", "profile"], "--column 'profile'"),
        (["--value", "type=x"], "--value 'type=x'"),
        (["--set", "id=1"], "constants: id"),
        (["--zone", "Mars"], "zone: 'Mars'"),
        (["--zone", "../etc"], "zone: "),
        (["--encoding", "klingon"], "encoding: 'klingon'"),
        (["--encoding", "rot13"], "encoding: 'rot13'"),
        (["--delimiter", "ab"], "delimiter: 'ab'"),
        (["--source", "no name"], "--source 'no name'"),
    ],
)
def test_a_wrong_option_is_named(bring: Any, options: list[str], complaint: str) -> None:
    with pytest.raises(CommandError, match=re.escape(complaint)):
        bring(table([line()]), *options)
    assert not EventFile.objects.exists() | Source.objects.exists()


def test_a_source_that_is_switched_off_takes_nothing(bring: Any) -> None:
    account = Source.objects.ensure("mill").account
    account.is_active = False
    account.save()
    with pytest.raises(CommandError, match="switched off"):
        bring(table([line()]))


def test_a_quotation_mark_that_never_ends_costs_its_own_line(
    campaign: Campaign, bring: Any
) -> None:
    head, *lines = table([line(profile=str(n)) for n in range(200)]).splitlines()
    lines[3] = '"' + lines[3]
    out, err = bring("\n".join([head, *lines]))
    assert out.startswith("199 accepted, 1 refused.")
    assert "line 5: A quotation mark does not end" in err


def test_cells_may_have_lines_and_odd_ends(campaign: Campaign, bring: Any) -> None:
    lines = [line(profile=str(n), note="a\nb\r\nc", reason="") for n in range(3)]
    content = table(lines, (*NAMES, "note")) + table([line(type="x")]).splitlines()[1]
    out, err = bring(content)
    assert out.startswith("3 accepted, 1 refused.")
    assert "line 11: type" in err
    assert counted() == 3


def test_huge_fields_and_lines_are_refused_alone_in_bounded_memory(
    campaign: Campaign, bring: Any, tmp_path: Path
) -> None:
    head, good = table([line()]).splitlines()
    huge = "x" * (text.LONGEST + 1)
    content = "\n".join(
        [head, good, huge * 100, f'"{huge}",1', good.replace("ada", huge[:300]), good]
    )
    tracemalloc.start()
    try:
        out, err = bring(content)
        assert tracemalloc.get_traced_memory()[1] < len(content) + 20_000_000
    finally:
        tracemalloc.stop()
    assert out.startswith("2 accepted, 3 refused.")
    assert re.findall(r"^line (\d+):", err, re.MULTILINE) == ["3", "4", "5"]


def test_formulas_and_controls_are_texts_like_others(campaign: Campaign, bring: Any) -> None:
    lines = [
        line(type="bounced", reason="=HYPERLINK(1)", category="hard"),
        line(type="bounced", reason="@SUM(1)", category="hard"),
        line(profile="a\x00b"),
        line(profile='="0012"'),
    ]
    out, err = bring(table(lines, (*NAMES, "reason", "category")))
    assert out.startswith("3 accepted, 1 refused.")
    assert "line 4: profile: Control characters are not allowed." in err
    assert dict(shapes()[0][0].dimensions)["reason"] == "=HYPERLINK(1)"


class Killed(BaseException):
    """As by a signal."""


CONTENT_TYPES = st.sampled_from(["sent", "delivered", "flown", "opened"])


@given(
    lines=st.lists(
        st.builds(
            dict,
            type=CONTENT_TYPES,
            profile=st.sampled_from(["a", "b", "", "c\nd"]),
            campaign=st.sampled_from(["summer", "winter"]),
        ),
        max_size=30,
    ),
    size=st.integers(1, 7),
    kills=st.lists(st.tuples(st.integers(0, 8), st.booleans()), max_size=3),
)
@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_wherever_it_is_killed_the_numbers_are_the_same(
    campaign: Campaign,
    bring: Any,
    monkeypatch: Any,
    lines: list[Line],
    size: int,
    kills: list[tuple[int, bool]],
) -> None:
    at = timezone.now()
    content = table([line(occurred_at=at.isoformat()) | dict(one) for one in lines])
    monkeypatch.setattr(importing, "BATCH", size)
    with undone():
        bring(content)
        expected = EventFile.objects.values(*stored.COUNTS, "records", "errors", "state").get()
        whole = counted()
    with undone():
        for steps, is_durable in kills:
            with monkeypatch.context() as patch, suppress(Killed):
                patch.setattr(stored, "advance", killing(steps, is_durable=is_durable))
                bring(content)
        bring(content)
        assert EventFile.objects.values(*stored.COUNTS, "records", "errors", "state").get() == (
            expected
        )
        assert counted() == whole


def killing(steps: int, *, is_durable: bool) -> Any:
    """Ends the process at a step: its events are in, and perhaps it is noted that they are."""
    plain, left = stored.advance, [steps]

    def advance(*args: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            if is_durable:
                plain(*args)
            raise Killed
        plain(*args)

    return advance


def test_another_who_takes_the_same_file_in_is_noticed(
    campaign: Campaign, bring: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(importing, "BATCH", 1)
    plain = stored.advance

    def advance(file: EventFile, step: Any) -> None:
        EventFile.objects.update(records=step.records)
        plain(file, step)

    monkeypatch.setattr(stored, "advance", advance)
    with pytest.raises(CommandError, match="somebody else"):
        bring(table([line(), line()]))


def test_what_is_overloaded_goes_on_later(campaign: Campaign, bring: Any, settings: Any) -> None:
    content = table([line()])
    settings.INGEST_MAX_PENDING = -1
    with pytest.raises(CommandError, match="The same command goes on there"):
        bring(content)
    settings.INGEST_MAX_PENDING = 100
    assert bring(content)[0] == "1 accepted, 0 refused.\n"


def test_a_database_that_goes_away_is_said(
    campaign: Campaign, bring: Any, monkeypatch: Any
) -> None:
    content = table([line()])

    def fail(*_: object) -> None:
        raise OperationalError("away")

    with monkeypatch.context() as patch:
        patch.setattr(stored, "advance", fail)
        with pytest.raises(CommandError, match="After 0 lines: The database does not answer"):
            bring(content)
    assert bring(content)[0] == "1 accepted, 0 refused.\n"
    assert counted() == 1


def test_old_files_are_forgotten(campaign: Campaign, bring: Any) -> None:
    bring(table([line()]))
    EventFile.objects.update(changed_at=timezone.now() - timedelta(days=8))
    rollup.prune()
    assert not EventFile.objects.exists()
