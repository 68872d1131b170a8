"""Shipped layout ← the organisation's ← mine: each layer says only what it changes."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

from django.contrib.auth.models import User
from django.db import transaction

from liveReport.report.frames import WidgetInfo
from liveReport.report.window import BASES

from .grid import Place, flow, settle, within
from .models import MAX_WIDGETS, Layout, WidgetChange
from .pictures import pictures_of


@dataclass(frozen=True)
class Placement:
    """Where one widget stands, as which picture, and which of its metrics that leaves out."""

    place: Place
    picture: str
    hidden: tuple[str, ...] = ()

    def values(self) -> dict[str, object]:
        """By the names of the fields of a change."""
        return asdict(self.place) | {"picture": self.picture, "hidden": list(self.hidden)}


Arrangement = Mapping[str, Placement]
"""By widget, in reading order."""


@dataclass(frozen=True)
class Layers:
    """What a user's page of one tab is made of."""

    default: Layout | None
    mine: Layout | None

    @classmethod
    def load(cls, user: User, tab: str) -> "Layers":
        rows = {row.owner_id: row for row in Layout.objects.layers(user, tab)}
        return cls(rows.get(None), rows.get(user.pk))

    @property
    def version(self) -> str:
        """Differs whenever one of the layers does."""
        return f"{version_of(self.default)}-{version_of(self.mine)}"

    @property
    def basis(self) -> str:
        """What rates divide for me; empty where no layer says so."""
        return basis_of(self.mine) or basis_of(self.default)

    def base(self, widgets: Sequence[WidgetInfo]) -> Arrangement:
        """How some widgets stand for me before I change anything."""
        return overlay(shipped(widgets), self.default, widgets)

    def arrangement(self, widgets: Sequence[WidgetInfo]) -> Arrangement:
        """How some widgets stand for me."""
        return overlay(self.base(widgets), self.mine, widgets)

    @property
    def removed(self) -> set[str]:
        """The widgets that somebody removed and I did not bring back."""
        return removed_by(self.default, self.mine)

    def shows(self, widget: WidgetInfo) -> bool:
        """Whether it is on my page."""
        return self._said.get(widget.slug, widget.by_default)

    @cached_property
    def _said(self) -> dict[str, bool]:
        return said_by(self.default, self.mine)


def said_by(*layers: Layout | None) -> dict[str, bool]:
    """Of the widgets that some layers, the last of them above, add or remove: is it there?"""
    changes = [change for layer in layers if layer for change in layer.changes.all()]
    return {change.widget: change.shown for change in changes if change.shown is not None}


def removed_by(*layers: Layout | None) -> set[str]:
    """The widgets that some layers take away."""
    return {slug for slug, is_there in said_by(*layers).items() if not is_there}


def left_out(widgets: Iterable[WidgetInfo], *layers: Layout | None) -> set[str]:
    """Those of some widgets that are not shown with some layers: removed, or never added."""
    said = said_by(*layers)
    return {widget.slug for widget in widgets if not said.get(widget.slug, widget.by_default)}


def basis_of(layer: Layout | None) -> str:
    """What a layer says that rates divide, if that makes sense."""
    return layer.basis if layer and layer.basis in BASES else ""


def version_of(layout: Layout | None) -> str:
    """Names one state of a layer; ``0`` while there is none."""
    return f"{layout.saved_at.timestamp() * 1_000_000:.0f}" if layout else "0"


def shipped(widgets: Sequence[WidgetInfo]) -> Arrangement:
    """As the channel declares them: in order, line by line, in their own sizes."""
    places = flow(widget.size for widget in widgets)
    return {
        widget.slug: Placement(place, next(iter(pictures_of(widget))))
        for widget, place in zip(widgets, places, strict=True)
    }


def overlay(below: Arrangement, layer: Layout | None, widgets: Sequence[WidgetInfo]) -> Arrangement:
    """With a layer's changes. One that makes no sense (any more) changes nothing."""
    allowed = {widget.slug: pictures_of(widget) for widget in widgets}
    above = dict(below)
    for change in layer.changes.all() if layer else ():
        if change.widget in above:
            above[change.widget] = _changed(above[change.widget], change, allowed[change.widget])
    return settled(above)


def _changed(standing: Placement, change: WidgetChange, pictures: Container[str]) -> Placement:
    given = {name: getattr(change, name) for name in "xywh" if getattr(change, name) is not None}
    picture = change.picture if change.picture in pictures else standing.picture
    hidden = standing.hidden if change.hidden is None else tuple(change.hidden)
    return Placement(within(replace(standing.place, **given)), picture, hidden)


def settled(wishes: Arrangement) -> Arrangement:
    """The same without overlaps and gaps, in reading order."""
    places = settle({slug: wish.place for slug, wish in wishes.items()})
    return {slug: replace(wishes[slug], place=place) for slug, place in places.items()}


def difference(
    wanted: Arrangement, removed: Iterable[str], below: Arrangement, absent: Container[str]
) -> list[WidgetChange]:
    """What a layer has to say to turn the layer below into what is wanted.

    ``below`` is how the wanted widgets stand without it, ``absent`` what is not shown
    without it: of that it says everything, for there is no place that it differs from.
    """
    changes = []
    for slug, standing in settled(wanted).items():
        known = below[slug].values() if slug in below and slug not in absent else {}
        fields = {k: v for k, v in standing.values().items() if known.get(k) != v}
        if slug in absent:
            fields["shown"] = True
        if fields:
            changes.append(WidgetChange(widget=slug, **fields))
    gone = [slug for slug in removed if slug not in absent]
    return changes + [WidgetChange(widget=slug, shown=False) for slug in gone]


def store(owner: User | None, tab: str, changes: Sequence[WidgetChange], basis: str = "") -> str:
    """Replace one layer; its new version. A layer that says nothing is none.

    Of more than ``MAX_WIDGETS`` changes the first are kept.
    """
    with transaction.atomic():
        if not changes and not basis:
            Layout.objects.filter(owner=owner, tab=tab).delete()
            return version_of(None)
        layout, _created = Layout.objects.update_or_create({"basis": basis}, owner=owner, tab=tab)
        layout.changes.all().delete()
        WidgetChange.objects.bulk_create(_copy(change, layout) for change in changes[:MAX_WIDGETS])
        return version_of(layout)


def _copy(change: WidgetChange, layout: Layout) -> WidgetChange:
    change.pk, change.layout = None, layout
    return change
