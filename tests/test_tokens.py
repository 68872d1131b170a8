"""A token keeps to the campaigns it was issued for, also when there are none of them left."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.management import call_command
from django.db import connection
from django.db.models import Count
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from liveReport.api import trust
from liveReport.models import ApiToken, Campaign, Source
from liveReport.models.campaigns import CampaignQuerySet
from tests.support.factories import CampaignFactory, event, make_token
from tests.support.former import tables_before

pytestmark = pytest.mark.django_db

LIST, ADD = (reverse(f"admin:livereport_apitoken_{name}") for name in ("changelist", "add"))


def _one_by_one() -> None:
    for campaign in Campaign.objects.filter(slug__startswith="gamma"):
        campaign.delete()


def _in_bulk() -> None:
    Campaign.objects.filter(slug__startswith="gamma").delete()


def _by_raw_sql() -> None:
    gone = list(Campaign.objects.filter(slug__startswith="gamma").values_list("pk", flat=True))
    rows = ApiToken.campaigns.through.objects.filter(campaign__in=gone)
    rows._raw_delete(rows.db)
    with connection.cursor() as cursor:
        cursor.executemany("DELETE FROM livereport_campaign WHERE id = %s", [(pk,) for pk in gone])


def _by_the_limit_itself() -> None:
    for token in ApiToken.objects.all():
        token.campaigns.clear()


def _in_the_admin(client: Client) -> None:
    chosen = Campaign.objects.filter(slug__startswith="gamma").values_list("pk", flat=True)
    form = {"action": "delete_selected", "_selected_action": list(chosen), "post": "yes"}
    client.post(reverse("admin:livereport_campaign_changelist"), form)


@pytest.fixture
def gammas(campaign: Campaign) -> list[Campaign]:
    return [CampaignFactory(slug=f"gamma-{number}") for number in range(2)]


def seen(token: str) -> tuple[list[str], list[int]]:
    """The campaigns that a token lists, and what it gets of two of them."""
    reader = Client(headers={"authorization": f"Bearer {token}"})
    listed = [found["slug"] for found in reader.get("/api/v1/campaigns/").json()["results"]]
    kinds = ("", "report/", "report/campaign/", "report/campaign/statistics/")
    paths = [f"/api/v1/campaigns/{slug}/{kind}" for slug in ("summer", "gamma-0") for kind in kinds]
    return listed, [reader.get(path).status_code for path in paths]


def written(token: str) -> Any:
    return Client(headers={"authorization": f"Bearer {token}"}).post(
        "/api/v1/events/", msgspec.json.encode([event()]), content_type="application/json"
    )


@pytest.mark.parametrize(
    "disappear", [_one_by_one, _in_bulk, _by_raw_sql, _by_the_limit_itself, _in_the_admin]
)
def test_a_limit_holds_when_its_campaigns_are_gone(
    gammas: list[Campaign],
    source: Source,
    alice: User,
    monkeypatch: Any,
    disappear: Callable[..., None],
) -> None:
    reader, writer = (make_token(source, scope, *gammas) for scope in ("read", "ingest"))
    assert seen(reader) == (["gamma-0", "gamma-1"], [404] * 4 + [200] * 4)
    assert written(writer).status_code == 422
    client = Client()
    client.force_login(alice)
    disappear(client) if disappear is _in_the_admin else disappear()
    monkeypatch.setattr(trust, "BELIEF", 0)
    listed, answers = seen(reader)
    assert listed == []
    assert set(answers) == {404}
    refused = written(writer)
    assert refused.status_code == 422
    assert refused.json()["rejected"][0]["code"] == "forbidden"
    assert client.get(LIST).content.decode().count("none left") == 2


def test_a_limit_that_lost_one_keeps_the_other(gammas: list[Campaign], source: Source) -> None:
    reader = make_token(source, "read", *gammas)
    gammas[0].delete()
    assert seen(reader)[0] == ["gamma-1"]


def test_a_limit_without_campaigns_is_one_from_the_start(
    campaign: Campaign, source: Source
) -> None:
    token, text = ApiToken.objects.issue(source, "read", campaigns=[])
    assert token.allowed == frozenset()
    assert seen(text)[0] == []


@pytest.mark.parametrize("slugs", [None, [], ["summer"]])
def test_what_is_noted_for_an_outage_has_the_same_limit(
    campaign: Campaign, source: Source, slugs: list[str] | None
) -> None:
    chosen = None if slugs is None else Campaign.objects.filter(slug__in=slugs)
    token, _text = ApiToken.objects.issue(source, "ingest", campaigns=chosen)
    noted = msgspec.json.decode(msgspec.json.encode(trust.Known.of(token)), type=trust.Known)
    again = noted.token(token.pk)
    assert (again.allowed, again.all_campaigns) == (token.allowed, token.all_campaigns)
    assert token.allowed == (None if slugs is None else set(slugs))


def test_a_token_without_a_limit_sees_what_comes_later(campaign: Campaign, source: Source) -> None:
    reader = make_token(source, "read")
    CampaignFactory(slug="autumn")
    assert seen(reader)[0] == ["autumn", "summer"]


def test_the_command_limits_only_when_told_to(campaign: Campaign, capsys: Any) -> None:
    call_command("issue_token", "shop", "--scope", "read")
    call_command("issue_token", "shop", "--scope", "read", "--campaign", "summer")
    found = ApiToken.objects.order_by("created").values_list("all_campaigns", "campaigns__slug")
    assert list(found) == [(True, None), (False, "summer")]


@pytest.mark.parametrize(
    ("all_campaigns", "some", "status"),
    [(True, False, 200), (False, True, 200), (False, False, 422), (True, True, 422)],
)
def test_the_form_wants_one_or_the_other(
    client: Client, alice: User, campaign: Campaign, source: Source,
    all_campaigns: bool, some: bool, status: int,
) -> None:  # fmt: skip
    client.force_login(alice)
    form: dict[str, Any] = {"source": source.pk, "scope": "read", "days": "30"}
    form |= {"all_campaigns": "on"} if all_campaigns else {}
    form |= {"campaigns": [campaign.pk]} if some else {}
    page = client.post(ADD, form).content.decode()
    assert ("Choose either all campaigns" in page) == (status == 422)
    issued = list(ApiToken.objects.values_list("all_campaigns", "campaigns"))
    expected = [(all_campaigns, campaign.pk if some else None)]
    assert issued == (expected if status == 200 else [])


# -- Who sees which campaign ---------------------------------------------------------------------


def test_a_poll_finds_what_djangos_own_query_finds(
    gammas: list[Campaign], alice: User, bob: User, charlie: User
) -> None:
    """Among all campaigns, and among some."""
    everyone: list[User | AnonymousUser] = [alice, bob, charlie, AnonymousUser()]
    some: list[Callable[[], CampaignQuerySet]] = [
        Campaign.objects.all,
        lambda: Campaign.objects.filter(status="live"),
        lambda: Campaign.objects.exclude(slug="summer"),
        lambda: Campaign.objects.annotate(n=Count("channels")).filter(n=0),
        lambda: Campaign.objects.order_by("pk").distinct(),
        Campaign.objects.none,
    ]
    for user in everyone:
        for slug in ("summer", "gamma-1", "nothing"):
            found = [_found(campaigns(), user, slug) for campaigns in some]
            django = [campaigns().visible_to(user).filter(slug=slug).first() for campaigns in some]
            assert found == django
            quick = _found(Campaign.objects, user, slug)
            assert quick == Campaign.objects.visible_to(user).filter(slug=slug).first()
            assert vars(quick).keys() == vars(found[0]).keys() if quick else found[0] is None


def _found(campaigns: Any, user: User | AnonymousUser, slug: str) -> Campaign | None:
    try:
        return campaigns.seen_by(user, slug)
    except Campaign.DoesNotExist:
        return None


def test_a_poll_does_not_build_a_query(
    campaign: Campaign, alice: User, django_assert_num_queries: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(CampaignQuerySet, "filter", None)
    with django_assert_num_queries(1):
        assert Campaign.objects.seen_by(alice, "summer") == campaign


def test_related_campaigns_are_not_all_of_them(
    gammas: list[Campaign], source: Source, alice: User
) -> None:
    make_token(source, "read", *gammas)
    limited = ApiToken.objects.get().campaigns
    assert limited.seen_by(alice, "gamma-0") == gammas[0]
    with pytest.raises(Campaign.DoesNotExist):
        limited.seen_by(alice, "summer")


def test_what_a_token_sees_can_be_filtered(gammas: list[Campaign], source: Source) -> None:
    for _ in range(2):
        make_token(source, "read", *gammas)
    make_token(source, "read")
    *limited, whole = ApiToken.objects.order_by("created")
    gammas[1].status = Campaign.Status.ENDED
    gammas[1].save()
    ended = Campaign.objects.filter(status="ended")
    for token in limited:
        assert list(ended.for_token(token)) == [gammas[1]]
        assert list(Campaign.objects.for_token(token).filter(status="ended")) == [gammas[1]]
        both = Campaign.objects.filter(tokens__scope="read").distinct().visible_to(None, token)
        assert list(both.order_by("pk")) == gammas
        assert not Campaign.objects.filter(slug="summer").for_token(token)
    assert list(ended.for_token(whole)) == [gammas[1]]


# -- Tokens from before they said so themselves --------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_tokens_keep_what_they_had(source: Source, campaign: Campaign) -> None:
    with tables_before("0008_token_campaigns") as model:
        former = model("livereport", "ApiToken")
        common = {"user_id": source.account_id, "source_id": source.pk, "scope": "read"}
        for digest in ("whole", "limited"):
            former.objects.create(digest=digest, token_key=digest, expiry=timezone.now(), **common)
        former.objects.get(pk="limited").campaigns.add(campaign.pk)
    allowed = {token.pk: token.allowed for token in ApiToken.objects.all()}
    assert allowed == {"whole": None, "limited": {"summer"}}


@pytest.mark.django_db(transaction=True)
def test_going_back_widens_no_token(source: Source, campaign: Campaign) -> None:
    whole, limited, lost = (
        ApiToken.objects.issue(source, "read", campaigns=campaigns)[0].pk
        for campaigns in (None, [campaign], [])
    )
    with tables_before("0008_token_campaigns"):
        pass
    assert set(ApiToken.objects.usable().values_list("pk", flat=True)) == {whole, limited}
    assert ApiToken.objects.get(pk=lost).expiry <= timezone.now()
