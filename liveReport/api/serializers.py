"""The shapes that go in and out. Most only describe: frames and events are built elsewhere."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers

from liveReport.channels import WIDGETS, Actor, all_channels
from liveReport.channels.fields import LONGEST
from liveReport.channels.rules import MOST
from liveReport.models import Campaign, Execution, QuarantinedBatch
from liveReport.report.judging import HARM, Level
from liveReport.report.window import BASES, CHOSEN, STEPS, WINDOWS

VALUE = {"type": ["number", "string", "null"]}
ROW = {"type": "object", "additionalProperties": VALUE}
KINDS = tuple(widget.kind for widget in WIDGETS)
DIMENSIONS = sorted({d.key for channel in all_channels() for d in channel.dimensions})
ROLES = ("time", "execution", "dimension", "metric")


@extend_schema_field(ROW)
class RowField(serializers.DictField):
    """A row of a frame: a value for each column."""


class ProblemSerializer(serializers.Serializer[Any]):
    """What went wrong (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField(min_value=400, max_value=599)
    code = serializers.CharField()
    detail = serializers.CharField()
    field = serializers.CharField(required=False)


class EventSerializer(serializers.Serializer[Any]):
    """One thing that happened to one profile. Dimensions depend on channel and type."""

    id = serializers.CharField(max_length=LONGEST)
    campaign = serializers.SlugField(max_length=100)
    channel = serializers.CharField(max_length=LONGEST)
    type = serializers.CharField(max_length=LONGEST)
    occurred_at = serializers.DateTimeField()
    profile = serializers.CharField(max_length=LONGEST)
    message = serializers.CharField(max_length=LONGEST, required=False)
    execution = serializers.DateTimeField(required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        dimensions = {
            key: serializers.CharField(max_length=LONGEST, required=False) for key in DIMENSIONS
        }
        return {**super().get_fields(), **dimensions}


_PSEUDONYM = "^[0-9a-f]{16}$"


class ListedEventSerializer(serializers.Serializer[Any]):
    """An event that was counted. Whose it is, and which, is told in pseudonyms."""

    id = serializers.RegexField(_PSEUDONYM)
    channel = serializers.CharField()
    type = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField()
    execution = serializers.DateTimeField(allow_null=True)
    profile = serializers.RegexField(_PSEUDONYM)
    message = serializers.RegexField(_PSEUDONYM, allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        dimensions = {
            key: serializers.CharField(required=False, allow_null=True) for key in DIMENSIONS
        }
        return {**super().get_fields(), **dimensions}


class EventListSerializer(serializers.Serializer[Any]):
    """A page of events, newest first."""

    results = ListedEventSerializer(many=True)
    next = serializers.CharField(
        allow_null=True, help_text=_("The `cursor` of the page that follows, if there is one.")
    )
    count = serializers.IntegerField(min_value=0, help_text=_("The events of all pages."))
    as_of = serializers.DateTimeField(help_text=_("What had been counted by then is listed."))

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # A field cannot be called ``from`` in a class.
        span = {name: serializers.DateTimeField() for name in ("from", "to")}
        return {**super().get_fields(), **span}


class RejectionSerializer(serializers.Serializer[Any]):
    """An event that was refused."""

    index = serializers.IntegerField(min_value=0, max_value=5000)
    id = serializers.CharField(allow_null=True)
    field = serializers.CharField(allow_blank=True)
    code = serializers.CharField()
    message = serializers.CharField()


class QuarantinedSerializer(serializers.Serializer[Any]):
    """Accepted events that are counted once their campaign exists."""

    campaign = serializers.SlugField(max_length=100)
    count = serializers.IntegerField(min_value=1, max_value=5000)
    reason = serializers.ChoiceField(QuarantinedBatch.Reason.choices)


class ReceiptSerializer(serializers.Serializer[Any]):
    """What became of the events of a request."""

    accepted = serializers.IntegerField(min_value=0, max_value=5000)
    duplicates = serializers.IntegerField(
        min_value=0,
        max_value=5000,
        help_text=_("Of those accepted: how many repeat an id of their campaign in this request."),
    )
    quarantined = QuarantinedSerializer(
        many=True,
        allow_null=True,
        help_text=_(
            "Of those accepted: how many wait for which campaign, and why. `null` while the "
            "database is away: nobody knows yet."
        ),
    )
    rejected = RejectionSerializer(many=True)


class RefusedSerializer(ProblemSerializer):
    """No event was acceptable."""

    rejected = RejectionSerializer(many=True)


class ExecutionSerializer(serializers.ModelSerializer[Execution]):
    """One run of a recurring campaign."""

    class Meta:
        model = Execution
        fields = ("channel", "started_at", "last_event_at")


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    """A campaign, the channels it uses, and the latest of their runs in the last 24 hours."""

    channels = serializers.SlugRelatedField[Any]("channel", many=True, read_only=True)
    executions = ExecutionSerializer(many=True, read_only=True)
    last_event_at = serializers.DateTimeField(read_only=True, allow_null=True)

    class Meta:
        model = Campaign
        fields = ("slug", "name", "status", "channels", "executions", "last_event_at")


LEVELS = [level.value for level in Level]
VERDICT_LEVELS = [level.value for level in HARM]


class PartSerializer(serializers.Serializer[Any]):
    """A value of a dimension that makes up a share of what is wrong."""

    dimension = serializers.CharField()
    value = serializers.CharField()
    share = serializers.FloatField(min_value=0, max_value=1)


class VerdictSerializer(serializers.Serializer[Any]):
    """What is wrong with a rate in the current run of its channel."""

    level = serializers.ChoiceField(VERDICT_LEVELS)
    channel = serializers.CharField()
    metric = serializers.CharField()
    value = serializers.FloatField(min_value=0, help_text=_("The rate over the current run."))
    threshold = serializers.FloatField(min_value=0, max_value=1)
    usual = serializers.FloatField(
        allow_null=True, help_text=_("Of earlier runs at that age, where enough are known.")
    )
    since = serializers.DateTimeField()
    sample = serializers.IntegerField(min_value=0, help_text=_("What the rate divides by."))
    parts = PartSerializer(many=True)
    execution = serializers.DateTimeField(
        allow_null=True, help_text=_("The run; `null` if the channel’s events belong to none.")
    )
    lately = inline_serializer(
        "Lately",
        {
            "value": serializers.FloatField(min_value=0),
            "sample": serializers.IntegerField(min_value=0),
        },
        allow_null=True,
        help_text=_("The same of the last 15 minutes, where only they show it."),
    )
    actor = serializers.ChoiceField([actor.value for actor in Actor])
    retryable = serializers.BooleanField(
        help_text=_("Whether the same messages may pass if they are sent again.")
    )
    next_step = serializers.CharField()
    text = serializers.CharField()


class WorstSerializer(serializers.Serializer[Any]):
    """A rate of harm, by its metric and the channel that has it."""

    metric = serializers.CharField()
    value = serializers.FloatField(min_value=0, max_value=1)
    channel = serializers.CharField()


class OverviewRowSerializer(serializers.Serializer[Any]):
    """A campaign as it is now."""

    slug = serializers.SlugField()
    name = serializers.CharField()
    status = serializers.ChoiceField(Campaign.Status.choices)
    level = serializers.ChoiceField(LEVELS)
    verdict = VerdictSerializer(allow_null=True, help_text=_("The worst verdict, if there is any."))
    channels = serializers.ListField(child=serializers.CharField())
    events_per_minute = serializers.FloatField(
        min_value=0, help_text=_("The mean of the last five whole minutes.")
    )
    last_event_at = serializers.DateTimeField(allow_null=True)
    worst = WorstSerializer(
        allow_null=True,
        help_text=_(
            "The highest of its bad rates over the last 24 hours; `null` if none is defined."
        ),
    )


class OverviewSerializer(serializers.Serializer[Any]):
    """A page of the overview."""

    results = OverviewRowSerializer(many=True)
    next = serializers.CharField(
        allow_null=True, help_text=_("The `cursor` of the page that follows, if there is one.")
    )


_COUNTS = ("received", "accepted", "duplicates", "ignored", "quarantined")


class RefusalSerializer(serializers.Serializer[Any]):
    """Requests of a source, or events of pages, that were refused for one reason."""

    why = serializers.CharField(help_text=_("The code of the reason, which the answer had, too."))
    count = serializers.IntegerField(min_value=1)
    since = serializers.DateTimeField(help_text=_("The minute of the first of them."))
    last = serializers.DateTimeField(help_text=_("The minute of the last of them."))


class SourceSerializer(serializers.Serializer[Any]):
    """A source, and what came of it within the last 24 hours."""

    name = serializers.SlugField()
    provider = serializers.CharField(
        allow_null=True, help_text=_("`null` for a program that uses the API.")
    )
    active = serializers.BooleanField()
    last_event_at = serializers.DateTimeField(allow_null=True)
    silent_seconds = serializers.FloatField(allow_null=True)
    events_per_minute = serializers.FloatField(
        min_value=0, help_text=_("The mean of the last five whole minutes.")
    )
    events = inline_serializer(
        "SourceEvents", {name: serializers.IntegerField(min_value=0) for name in _COUNTS}
    )
    refused = serializers.IntegerField(
        min_value=0, help_text=_("Requests whose credentials were not good.")
    )
    refusals = RefusalSerializer(many=True, help_text=_("Why, the latest first."))
    lag_seconds = inline_serializer(
        "Lag", {name: serializers.FloatField(allow_null=True) for name in ("p50", "p95")}
    )


class SourceListSerializer(serializers.Serializer[Any]):
    """All sources."""

    results = SourceSerializer(many=True)


class TabNameSerializer(serializers.Serializer[Any]):
    """A tab."""

    slug = serializers.CharField()
    title = serializers.CharField()
    level = serializers.ChoiceField(LEVELS)


class SilentSerializer(serializers.Serializer[Any]):
    """A channel that rests on a source which has fallen silent, by its own rhythm."""

    channel = serializers.CharField()
    since = serializers.DateTimeField()


class HeadSerializer(serializers.Serializer[Any]):
    """What every resource of a report says first."""

    campaign = serializers.SlugField()
    window = inline_serializer(
        "Window",
        {
            "from": serializers.DateTimeField(),
            "to": serializers.DateTimeField(),
            "name": serializers.ChoiceField(
                list(WINDOWS), allow_null=True, help_text=_("`null` for a span that was chosen.")
            ),
            "step_seconds": serializers.ChoiceField(
                [step for _longest, step in STEPS],
                help_text=_("The seconds between two points of a series."),
            ),
        },
    )
    as_of = serializers.DateTimeField(
        help_text=_("Everything received before this is in the numbers.")
    )
    counted_at = serializers.DateTimeField(
        allow_null=True,
        help_text=_("When the last of them were counted: the `as_of` of the events behind them."),
    )
    lag_seconds = serializers.FloatField(help_text=_("The age of the numbers."))
    version = serializers.CharField(help_text=_("Changes when a number may have changed."))
    level = serializers.ChoiceField(LEVELS, help_text=_("The worst of all verdicts."))
    verdicts = VerdictSerializer(many=True, help_text=_("Worst first; none on a quiet day."))
    doubts = serializers.ListField(
        child=serializers.CharField(), help_text=_("Why it is not known how things stand.")
    )
    tabs = TabNameSerializer(many=True)
    silent = SilentSerializer(
        many=True, help_text=_("Channels of the tab of which a source has fallen silent.")
    )


class ColumnSerializer(serializers.Serializer[Any]):
    """A column of a frame."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    role = serializers.ChoiceField(ROLES)
    unit = serializers.CharField(required=False)


class EstimatesSerializer(serializers.Serializer[Any]):
    """Which values of a frame are estimates; all others are exact."""

    rows = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text=_("For each row, the metrics whose value in it is an estimate."),
    )
    totals = serializers.ListField(
        child=serializers.CharField(), help_text=_("The metrics whose total is an estimate.")
    )


class FrameSerializer(serializers.Serializer[Any]):
    """Columns and rows, the one shape of every widget's data."""

    columns = ColumnSerializer(many=True)
    rows = serializers.ListField(child=RowField())
    totals = RowField()
    approximate = serializers.ListField(
        child=serializers.CharField(), help_text=_("Metrics of which any value is an estimate.")
    )
    estimates = EstimatesSerializer()
    basis = serializers.ChoiceField(
        list(BASES),
        help_text=_(
            "What rates divide: what happened in the window, or in the 24 hours of the runs that "
            "have events in it."
        ),
    )
    verdict = serializers.ChoiceField(
        list(CHOSEN),
        help_text=_("Whose opens and clicks its numbers are of, where there are any to tell."),
    )
    incomplete = serializers.ListField(
        child=serializers.CharField(),
        help_text=_("Rates that may lack messages sent before what they divide began."),
    )
    partial = serializers.ListField(  # type: ignore[assignment]
        child=serializers.CharField(),
        help_text=_(
            "Executions that began before the window, which may lack some of their events."
        ),
    )
    folded = serializers.IntegerField(
        min_value=0,
        help_text=_(
            "Events whose values or executions were too many to be told apart, in `__other__`."
        ),
    )
    provisional = serializers.BooleanField(
        help_text=_("Whether it rests on a source that has fallen silent.")
    )


class WidgetSerializer(serializers.Serializer[Any]):
    """A widget with its data, or without any when building it failed."""

    slug = serializers.CharField()
    title = serializers.CharField()
    help = serializers.CharField()
    kind = serializers.ChoiceField(KINDS)
    kinds = serializers.ListField(child=serializers.ChoiceField(KINDS))
    frame = FrameSerializer(allow_null=True)


class TabSerializer(HeadSerializer):
    """A tab with its widgets."""

    tab = serializers.CharField()
    executions = serializers.ListField(child=serializers.DateTimeField())
    folded_executions = serializers.ListField(
        child=serializers.DateTimeField(),
        help_text=_(
            "Of the executions asked for, those that were too many to be counted apart: what "
            "happened in them is in `__other__` only."
        ),
    )
    widgets = WidgetSerializer(many=True)


class RuleSerializer(serializers.Serializer[Any]):
    """Up to where a rate of a channel is as it should be, in one campaign."""

    channel = serializers.CharField()
    metric = serializers.CharField()
    warn = serializers.FloatField(
        min_value=0, max_value=1, help_text=_("From here on it is a warning.")
    )
    critical = serializers.FloatField(
        min_value=0, max_value=1, help_text=_("From here on it is critical.")
    )
    min_sample = serializers.IntegerField(
        min_value=1,
        max_value=MOST,
        help_text=_("Of fewer than these, which the rate divides by, nobody judges."),
    )
    enabled = serializers.BooleanField()


class RuleChangeSerializer(RuleSerializer):
    """A rule, and what to change of it."""

    warn = serializers.FloatField(min_value=0, max_value=1, required=False)
    critical = serializers.FloatField(min_value=0, max_value=1, required=False)
    min_sample = serializers.IntegerField(min_value=1, max_value=MOST, required=False)
    enabled = serializers.BooleanField(required=False)


class OneWidgetSerializer(HeadSerializer, WidgetSerializer):
    """One widget of a tab."""

    tab = serializers.CharField()


class MetricSerializer(serializers.Serializer[Any]):
    """What a number of the report means."""

    key = serializers.CharField()
    channel = serializers.CharField(help_text=_("The channel's slug, or campaign."))
    label = serializers.CharField()  # type: ignore[assignment]
    definition = serializers.CharField()
    unit = serializers.CharField()
    formula = serializers.CharField()
    uniqueness = serializers.CharField(help_text=_("What is counted once, and what again."))
    basis = serializers.CharField(help_text=_("Which events the number is taken from."))


class DeclaredWidgetSerializer(serializers.Serializer[Any]):
    """A widget that a channel offers."""

    slug = serializers.CharField()
    title = serializers.CharField()
    help = serializers.CharField()
    kind = serializers.ChoiceField(KINDS)
    metrics = serializers.ListField(child=serializers.CharField())


class EventTypeSerializer(serializers.Serializer[Any]):
    """An event type, and the dimensions it may carry."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    dimensions = serializers.ListField(child=serializers.CharField())


class ChannelSerializer(serializers.Serializer[Any]):
    """An installed channel plugin."""

    slug = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    description = serializers.CharField(allow_blank=True)
    enabled = serializers.BooleanField()
    position = serializers.IntegerField()
    events = EventTypeSerializer(many=True)
    widgets = DeclaredWidgetSerializer(many=True)
