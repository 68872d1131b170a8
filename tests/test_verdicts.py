"""People's opens and clicks and machines': judged when folded, by rules that can be changed."""

import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from liveReport import rollup, tasks
from liveReport.channels import NONE, Channel, all_channels, get_channel
from liveReport.engines import verdicts as stored
from liveReport.events.batch import Events, LogEvent, Shape
from liveReport.events.judging import judged
from liveReport.ingest import receive
from liveReport.models import Bucket, Campaign, Source, VerdictRule
from liveReport.report import Period, every, tab_report
from liveReport.rollup import admission, adoption
from liveReport.rollup.adoption import Draft, Outdated, adopt, preview
from tests.support import factories, oracle, pages, rollups
from tests.support.isolation import undone
from tests.support.rollups import MINUTE, NOW, event, log
from tests.support.strategies import events_of, on_a_database

_without_waiting = rollups.without_waiting
at_noon = pages.at_noon
SIGNALS = {
    "provider": "machine",
    "prefetch": "machine",
    "crawler": "machine",
    "proxy": "human",
    "timing": "machine",
}
REPORT = "/api/v1/campaigns/summer/report/"
RULES = "/admin/livereport/verdictrule/"
PREVIEW = f"{RULES}preview/"
STATE = f"{PREVIEW}state/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """How often the slow queue was to begin an adoption at once."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks.verdicts, "apply_async", lambda **how: found.append(how))
    return found


def opened(**fields: Any) -> dict[str, Any]:
    return event(type="opened", **fields)


def fold(source: Source, *events: dict[str, Any], now: datetime = NOW) -> None:
    log(source, *events, now=now)
    rollup.fold_pending(now)


def counted(by: str = "verdict", type_: str = "opened") -> dict[str, int]:
    """The events of a type by the values of a dimension, as the rollups have them."""
    found: dict[str, int] = {}
    rows = Bucket.objects.filter(series__dimension=by, series__type=type_, tier=60)
    for value, count in rows.values_list("series__value", "count"):
        found[value] = found.get(value, 0) + count
    return found


def draft(**rules: str) -> None:
    VerdictRule.objects.complete()
    for signal, verdict in rules.items():
        assert VerdictRule.objects.filter(channel="email", signal=signal).update(verdict=verdict)


# -- What is derived ---------------------------------------------------------------------------


@pytest.mark.parametrize(("signal", "verdict"), SIGNALS.items())
def test_a_signal_tells_who_it_was(
    campaign: Campaign, source: Source, signal: str, verdict: str
) -> None:
    fold(source, opened(signal=signal), event(type="clicked", signal=signal))
    assert counted() == counted(type_="clicked") == {verdict: 1}


def test_what_is_said_outright_stays_and_without_either_nothing_is_known(
    campaign: Campaign, source: Source
) -> None:
    fold(source, opened(verdict="human", signal="crawler"), opened(verdict="machine"), opened())
    assert counted() == {"human": 1, "machine": 1, NONE: 1}


def test_a_signal_makes_no_series(campaign: Campaign, source: Source) -> None:
    fold(source, *(opened(signal=signal) for signal in SIGNALS))
    assert counted("signal") == {}
    assert counted() == {"human": 1, "machine": 4}


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"signal": "Mozilla/5.0"}, ("signal", "not_a_choice")),
        ({"verdict": "robot"}, ("verdict", "not_a_choice")),
        ({"type": "sent", "signal": "proxy"}, ("signal", "not_taken")),
        ({"channel": "push", "signal": "proxy"}, ("signal", "not_taken")),
    ],
)
def test_nothing_else_is_taken(
    campaign: Campaign, source: Source, fields: dict[str, Any], refused: tuple[str, str]
) -> None:
    body = msgspec.json.encode([event(MINUTE, **{"type": "opened"} | fields)])
    (rejection,) = receive(source, body, now=NOW).rejected
    assert (rejection.field, rejection.code) == refused


email = get_channel("email")
said = st.sampled_from([NONE, *SIGNALS])
verdicts = st.sampled_from([NONE, "human", "machine"])


@given(
    st.lists(st.tuples(said, verdicts, st.integers(0, 3)), max_size=30),
    st.dictionaries(said.filter(lambda s: s != NONE), st.sampled_from(["human", "machine"])),
)
def test_only_what_is_not_said_is_derived(
    drawn: Sequence[tuple[str, str, int]], rules: dict[str, str]
) -> None:
    shapes = [
        Shape("summer", "email", "opened", 0, (("domain", "a"), ("signal", s), ("verdict", v)))
        for s, v, _profile in drawn
    ]
    events = Events.of(
        LogEvent(number, shape, 0, profile)
        for number, (shape, (_s, _v, profile)) in enumerate(zip(shapes, drawn, strict=True))
    )
    by_key = {("email", signal): verdict for signal, verdict in rules.items()}
    found = [each.shape.dimensions for each in judged(events, {"email": email}, by_key)]
    assert found == [
        (("domain", "a"), ("verdict", rules.get(s, SIGNALS.get(s, NONE)) if v == NONE else v))
        for s, v, _profile in drawn
    ]


def test_events_of_channels_without_evidence_are_left_as_they_are() -> None:
    shape = Shape("summer", "push", "opened", 0, (("platform", "ios"),))
    events = Events.of([LogEvent(1, shape, 0, 1)])
    assert list(judged(events, {"push": get_channel("push")})) == list(events)
    assert list(judged(events, {})) == list(events)


# -- Other rules -------------------------------------------------------------------------------


def test_a_draft_changes_nothing_until_it_is_adopted(campaign: Campaign, source: Source) -> None:
    fold(source, opened(signal="proxy"), opened(signal="timing"))
    draft(proxy="machine")
    fold(source, opened(signal="proxy"))
    assert counted() == {"human": 2, "machine": 1}
    assert rollup.verify(NOW) == []
    adopt(now=NOW)
    assert {key: n for key, n in counted().items() if n} == {"machine": 3}
    assert rollup.verify(NOW) == []
    fold(source, opened(signal="proxy"))
    assert {key: n for key, n in counted().items() if n} == {"machine": 4}
    assert rollup.verify(NOW) == []


def test_the_difference_is_shown_by_campaign_type_and_verdict(
    campaign: Campaign, source: Source
) -> None:
    old = timedelta(hours=25)
    fold(source, *(opened(signal="proxy") for _ in range(3)), opened(), opened(verdict="human"))
    fold(source, event(type="clicked", signal="crawler"), event(old, type="opened", signal="proxy"))
    assert preview(Draft.now(), NOW) == []
    draft(proxy="machine")
    found = [(*told, before, after) for told, before, after in preview(Draft.now(), NOW)]
    assert found == [
        ("summer", "email", "opened", NONE, 1, 1),
        ("summer", "email", "opened", "human", 4, 1),
        ("summer", "email", "opened", "machine", 0, 3),
    ]


def test_repeats_count_once_in_the_difference(campaign: Campaign, source: Source) -> None:
    once = opened(signal="proxy")
    fold(source, once)
    fold(source, once)
    draft(proxy="machine")
    told = {told.verdict: (before, after) for told, before, after in preview(Draft.now(), NOW)}
    assert told == {"human": (1, 0), "machine": (0, 1)}


def test_only_the_draft_that_was_seen_is_adopted(campaign: Campaign, source: Source) -> None:
    fold(source, opened(signal="proxy"))
    draft(proxy="machine")
    seen = Draft.now()
    draft(timing="human")
    with pytest.raises(Outdated):
        adopt(seen.digest, NOW)
    assert counted() == {"human": 1}
    assert rollup.verify(NOW) == []


def test_what_comes_in_while_a_draft_is_adopted_is_judged_by_it(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold(source, opened(signal="proxy"))
    draft(proxy="machine")
    replace = adoption.replace

    def while_others_send(found: Any) -> None:
        log(source, opened(signal="proxy"))
        assert rollup.fold_pending() == 0  # the lease is held
        replace(found)

    monkeypatch.setattr(adoption, "replace", while_others_send)
    adopt(now=NOW)
    rollup.fold_pending(NOW)
    assert {key: n for key, n in counted().items() if n} == {"machine": 2}
    assert rollup.verify(NOW) == []


def test_an_adoption_that_fails_leaves_the_old_rules_and_their_numbers(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold(source, opened(signal="proxy"))
    draft(proxy="machine")
    with monkeypatch.context() as patch:
        patch.setattr(adoption.verdicts, "put_in_force", lambda rules: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            adopt(now=NOW)
    assert counted() == {"human": 1}
    assert rollup.verify(NOW) == []


def test_executions_that_are_not_counted_apart_are_judged_anew_as_well(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "EXECUTIONS", 2)
    runs = [(NOW - hours * timedelta(hours=1)).isoformat() for hours in range(1, 7)]
    for run in runs:
        fold(source, opened(signal="proxy", execution=run), opened(execution=run, signal="timing"))
    draft(proxy="machine", timing="human")
    adopt(now=NOW)
    assert counted() == {"human": 6, "machine": 6}
    draft(timing="")
    adopt(now=NOW)
    assert {key: n for key, n in counted().items() if n} == {"machine": 12}
    assert rollup.verify(NOW) == []


@given(data=st.data())
@on_a_database
def test_adopted_rules_count_as_if_they_had_been_in_force_always(
    campaign: Campaign, source: Source, data: st.DataObject
) -> None:
    seconds = st.integers(0, 23 * 3600)
    events = data.draw(st.lists(events_of(email, NOW, seconds, rollups.RUNS), max_size=30))
    rules = data.draw(
        st.dictionaries(st.sampled_from([*SIGNALS]), st.sampled_from(["human", "machine"]))
    )
    cut = data.draw(st.integers(0, len(events)))
    by_hand = [
        one
        if one.get("verdict") or one.get("signal") not in rules
        else one | {"verdict": rules[one["signal"]]}
        for one in events
    ]
    with undone():
        fold(source, *events[:cut])
        draft(**rules)
        adopt(now=NOW)
        fold(source, *events[cut:])
        assert rollup.verify(NOW) == []
        if events:
            oracle.assert_tab(campaign, "email", by_hand, NOW)


# -- The command, and the admin ----------------------------------------------------------------


def told(*options: str) -> tuple[list[str], str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("verdicts", *options, stdout=out, stderr=err)
    return out.getvalue().splitlines(), err.getvalue().strip()


def test_the_command_prints_the_difference_and_adopts(
    campaign: Campaign, source: Source, send: Any
) -> None:
    assert told() == ([], "Nothing is drafted that is not in force.")
    send(factories.event(type="opened", signal="proxy"))
    draft(proxy="machine")
    lines = ["summer email opened human: 1 → 0", "summer email opened machine: 0 → 1"]
    assert told() == (lines, "")
    assert counted() == {"human": 1}
    found, summary = told("--adopt")
    assert found == lines
    assert summary.startswith("The draft is in force; ")
    assert {key: n for key, n in counted().items() if n} == {"machine": 1}
    assert rollup.verify() == []
    assert told("--adopt") == ([], "Nothing is drafted that is not in force.")


def test_the_admin_drafts_compares_and_adopts(
    campaign: Campaign, alice: User, client: Client, send: Any, rung: list[dict[str, Any]]
) -> None:
    send(factories.event(type="opened", signal="proxy"))
    client.force_login(alice)
    table = client.get(RULES)
    rows = list(table.context["cl"].result_list)
    assert {row.signal for row in rows} == set(SIGNALS)
    form = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows), "_save": "Save"}
    for place, row in enumerate(rows):
        verdict = "machine" if row.signal == "proxy" else ""
        form |= {f"form-{place}-id": row.pk, f"form-{place}-verdict": verdict}
    assert client.post(RULES, form).status_code == 302
    assert counted() == {"human": 1}
    page = client.get(PREVIEW)
    assert [(row["verdict"], row["before"], row["after"]) for row in page.context["rows"]] == [
        ("Human", 1, 0), ("Machine", 0, 1)
    ]  # fmt: skip
    assert "Summer sale" in page.content.decode()
    stale = client.post(PREVIEW, {"draft": "another"})
    assert (stale.status_code, stale.headers["Location"]) == (302, PREVIEW)
    assert counted() == {"human": 1}
    done = client.post(PREVIEW, {"draft": page.context["draft"].digest})
    assert (done.status_code, done.headers["Location"]) == (302, PREVIEW)
    assert counted() == {"human": 1}  # the slow queue does it
    assert rung == [{"retry": False}]
    for address in (PREVIEW, STATE):
        assert f'hx-get="{STATE}"' in client.get(address).content.decode()
    tasks.verdicts()
    assert {key: n for key, n in counted().items() if n} == {"machine": 1}
    adopted = client.get(PREVIEW).content.decode()
    assert "There is nothing to adopt." in adopted
    for text in (adopted, client.get(STATE).content.decode()):
        assert "The draft was adopted; " in text
        assert "hx-get" not in text
    client.cookies["django_language"] = "fr"
    assert "Il n’y a rien à adopter." in client.get(PREVIEW).content.decode()
    draft(proxy="")
    assert "Le brouillon est adopté" not in client.get(PREVIEW).content.decode()


def test_a_draft_that_changes_before_its_turn_is_not_adopted(
    campaign: Campaign, client: Client, alice: User, send: Any
) -> None:
    send(factories.event(type="opened", signal="proxy"))
    client.force_login(alice)
    draft(proxy="machine")
    client.post(PREVIEW, {"draft": Draft.now().digest})
    draft(timing="human")
    tasks.verdicts()
    assert counted() == {"human": 1}
    assert "Compare it again." in client.get(STATE).content.decode()
    assert 'value="Adopt"' in client.get(PREVIEW).content.decode()


def test_an_adoption_that_does_not_come_to_an_end_is_given_up(
    campaign: Campaign, client: Client, alice: User, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(factories.event(type="opened", signal="proxy"))
    client.force_login(alice)
    draft(proxy="machine")
    client.post(PREVIEW, {"draft": Draft.now().digest})
    with monkeypatch.context() as patch:
        patch.setattr(adoption, "recounted", lambda *args: 1 / 0)
        for _try in range(stored.TRIES):
            with pytest.raises(ZeroDivisionError):
                tasks.verdicts()
            assert stored.latest().state == "waiting"  # type: ignore[union-attr]
        tasks.verdicts()
    assert "could not be adopted" in client.get(PREVIEW).content.decode()
    assert counted() == {"human": 1}
    client.post(PREVIEW, {"draft": Draft.now().digest})
    tasks.verdicts()
    assert {key: n for key, n in counted().items() if n} == {"machine": 1}


def test_who_asks_again_meanwhile_is_not_answered_for_the_former(
    campaign: Campaign, send: Any
) -> None:
    send(factories.event(type="opened", signal="proxy"))
    stored.ask("former")
    former = stored.begin()
    draft(proxy="machine")
    stored.ask(Draft.now().digest)
    assert former is not None
    stored.end(former, stored.State.OUTDATED)
    tasks.verdicts()
    found = stored.latest()
    assert found is not None
    assert (found.state, found.changed > 0) == ("done", True)
    tasks.verdicts()  # nothing is left to do
    assert stored.latest() == found


def test_who_may_only_look_adopts_nothing(
    campaign: Campaign, source: Source, client: Client, bob: User, charlie: User
) -> None:
    draft(proxy="machine")
    client.force_login(bob)
    assert 'value="Adopt"' not in client.get(PREVIEW).content.decode()
    assert client.post(PREVIEW, {"draft": Draft.now().digest}).status_code == 403
    client.force_login(charlie)
    assert client.get(PREVIEW).status_code == client.get(STATE).status_code == 302
    assert Draft.now().is_news


# -- Whose numbers -----------------------------------------------------------------------------


ages = st.sampled_from([0, 60, 1800, 7200, 80_000])
WHOSE = ["", "human", "machine"]


@pytest.mark.parametrize("slug", [channel.slug for channel in all_channels() if channel.derived])
@given(data=st.data())
@on_a_database
def test_every_frame_of_one_verdict_equals_the_recount(
    slug: str, campaign: Campaign, source: Source, data: st.DataObject
) -> None:
    channel: Channel = get_channel(slug)
    events = data.draw(st.lists(events_of(channel, NOW, ages, rollups.RUNS), max_size=40))
    name = data.draw(st.sampled_from(["1h", "6h", "24h"]))
    basis = data.draw(st.sampled_from(["", "run", "window"]))
    with undone():
        campaign.channels.create(channel=slug, declared=True)
        fold(source, *events)
        for verdict in WHOSE:
            part = oracle.named(name, NOW, basis, verdict)
            oracle.assert_report(campaign, events, NOW, part=part)


def test_people_machines_and_the_undecided_are_all(campaign: Campaign, source: Source) -> None:
    fold(source, *(opened(profile=f"p{n}", signal=s) for n, s in enumerate([*SIGNALS, None])))
    whole, human, machine = (
        totals(campaign, "performance_by_date", Period(verdict=verdict))["opens"]
        for verdict in WHOSE
    )
    assert (whole, human, machine) == (6, 1, 4)
    rows = frame(campaign, "verdicts", Period()).rows
    assert {row["verdict"]: row["opens"] for row in rows} == {"machine": 4, "human": 1, NONE: 1}


def frame(campaign: Campaign, key: str, period: Period) -> Any:
    report = tab_report(campaign, "email", [], NOW, period=period, wanted=every)
    return next(one.frame for one in report.widgets if one.slug == f"email.{key}")


def totals(campaign: Campaign, key: str, period: Period) -> Any:
    return frame(campaign, key, period).totals


def test_rates_divide_the_chosen_by_all_that_was_delivered(
    campaign: Campaign, source: Source
) -> None:
    for number in range(4):
        fold(source, event(type="delivered", profile=f"p{number}"))
    fold(source, opened(profile="p0", verdict="human"))
    fold(source, *(opened(profile=f"p{n}", verdict="machine") for n in (0, 1, 1)))
    found = {v: totals(campaign, "engagement", Period(verdict=v)) for v in WHOSE}
    assert [found[v]["unique_opens"] for v in WHOSE] == [2, 1, 2]
    assert [found[v]["open_rate"] for v in WHOSE] == [1.0, 0.25, 0.75]
    assert [found[v]["delivered_profiles"] for v in WHOSE] == [4, 4, 4]


def test_a_widget_by_another_dimension_stays_everybodys(campaign: Campaign, source: Source) -> None:
    fold(source, opened(verdict="human", domain="a.example"), opened(domain="a.example"))
    period = Period(verdict="human")
    assert totals(campaign, "recipient_domains", period)["opens"] == 2
    told = frame(campaign, "recipient_domains", period), frame(campaign, "statistics", period)
    assert [one.verdict for one in told] == ["all", "human"]


# -- Addresses and pages -----------------------------------------------------------------------


@pytest.fixture
def alices(client: Client, campaign: Campaign, alice: User, at_noon: None, send: Any) -> Client:
    send(
        *(factories.event(type="opened", profile=f"p{n}", verdict="human") for n in range(3)),
        factories.event(type="opened", signal="crawler"),
        factories.event(channel="sms", type="sent"),
    )
    client.force_login(alice)
    return client


TAB = "/admin/reports/summer/email/"


@pytest.mark.parametrize("query", ["verdict=robot", "verdict=", "verdict=all&verdict=human"])
def test_anything_else_is_refused_everywhere(alices: Client, query: str) -> None:
    for address in (REPORT, f"{REPORT}email/", f"{REPORT}email/statistics/"):
        problem = alices.get(f"{address}?{query}")
        assert (problem.status_code, problem.json()["field"]) == (400, "verdict")
    for address in (TAB, f"{TAB}changes/", f"{TAB}statistics.csv"):
        assert alices.get(f"{address}?{query}").status_code == 400
    for name in ("export.csv", "export.xlsx", "export.html"):
        assert alices.get(f"/admin/reports/summer/{name}?{query}").status_code == 400


@pytest.mark.parametrize(("verdict", "opens"), [("all", 4), ("human", 3), ("machine", 1)])
def test_page_api_and_exports_say_the_same(alices: Client, verdict: str, opens: int) -> None:
    query = f"verdict={verdict}"
    found = alices.get(f"{REPORT}email/statistics/?{query}").json()["frame"]
    assert (found["verdict"], found["totals"]["opens"]) == (verdict, opens)
    head, row, *_rest = pages.rows(alices, f"{TAB}statistics.csv?{query}")
    assert row[head.index("Opens")] == str(opens)
    whole = pages.rows(alices, f"/admin/reports/summer/export.csv?{query}")
    noted = [line for line in whole if line[:1] == ["Opens and clicks"]]
    assert len(noted) == (verdict != "all")


def test_links_keep_what_was_chosen(alices: Client) -> None:
    page = alices.get(f"{TAB}?verdict=human").context["page"]
    links = [page.csv_url, page.xlsx_url, page.paper_url, page.feed_url, page.layout_url]
    links += [link.url for link in (*page.tabs, *page.windows)] + [page.widgets[0].csv_url]
    assert all("verdict=human" in link for link in links)
    chosen = {link.name: (link.url, link.current) for link in page.verdicts}
    assert chosen == {
        "all": (TAB, False),
        "human": (f"{TAB}?verdict=human", True),
        "machine": (f"{TAB}?verdict=machine", False),
    }
    assert alices.get(f"{TAB}?verdict=all").context["page"].verdicts[0].current


def test_each_verdict_has_its_etag(alices: Client) -> None:
    tags = {alices.get(f"{REPORT}email/?verdict={v}").headers["ETag"] for v in ("all", "human")}
    assert len(tags) == 2


def test_only_a_tab_that_can_tell_has_the_control(alices: Client) -> None:
    assert "lr-verdict-human" in pages.html(alices, TAB)
    assert "lr-verdict-human" not in pages.html(alices, "/admin/reports/summer/sms/")
    assert "lr-verdict-human" not in pages.html(alices, "/admin/reports/summer/campaign/")
    assert "People only" in pages.html(alices, f"{TAB}?verdict=human")
    assert "People only" not in pages.html(alices, TAB)
    alices.cookies["django_language"] = "fr"
    assert "Personnes seulement" in pages.html(alices, f"{TAB}?verdict=human")
