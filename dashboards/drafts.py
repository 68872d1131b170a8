"""What an editor sends: the arrangement that a user wants to keep."""

from collections.abc import Container, Sequence
from typing import Annotated, Literal, Self

import msgspec
from django.utils.translation import gettext as _
from msgspec import Meta, Struct
from msgspec.structs import replace

from liveReport.report.frames import WidgetInfo

from .grid import COLUMNS, MAX_HEIGHT, MAX_ROWS, MIN_HEIGHT, MIN_WIDTH, Place
from .layouts import Arrangement, Placement, settled
from .models import MAX_HIDDEN, MAX_WIDGETS
from .pictures import pictures_of

Slug = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$", max_length=101)]

Key = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=50)]
Hidden = Annotated[tuple[Key, ...], Meta(max_length=MAX_HIDDEN)]
"""Metrics of a widget that are switched off."""


class BadDraft(ValueError):
    """Something that no layout can be; the text names the field and the reason."""


class Placed(Struct, frozen=True, forbid_unknown_fields=True):
    """A widget that stands somewhere, in cells of the grid, as some picture."""

    widget: Slug
    x: Annotated[int, Meta(ge=0, lt=COLUMNS)]
    y: Annotated[int, Meta(ge=0, lt=MAX_ROWS)]
    w: Annotated[int, Meta(ge=MIN_WIDTH, le=COLUMNS)]
    h: Annotated[int, Meta(ge=MIN_HEIGHT, le=MAX_HEIGHT)]
    picture: Annotated[str, Meta(max_length=10)]
    hidden: Hidden = ()

    def __post_init__(self) -> None:
        if self.x + self.w > COLUMNS:
            raise ValueError(f"`x` + `w` is more than {COLUMNS}")

    @property
    def standing(self) -> Placement:
        return Placement(Place(self.x, self.y, self.w, self.h), self.picture, in_order(self.hidden))


class Legend(Struct, frozen=True, forbid_unknown_fields=True):
    """The metrics that a widget is to leave out."""

    hidden: Hidden


class Draft(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole arrangement.

    ``removed`` are the widgets that are not to be shown; one that is not
    mentioned (its channel is off, it has no data) keeps what was saved for it,
    unless ``afresh``. ``based_on`` is the version of the layer that was changed. ``basis``
    is what rates divide, where the draft says that as well.
    """

    widgets: Annotated[tuple[Placed, ...], Meta(max_length=MAX_WIDGETS)]
    removed: Annotated[tuple[Slug, ...], Meta(max_length=MAX_WIDGETS)] = ()
    afresh: bool = False
    based_on: Annotated[str, Meta(max_length=20)] = ""
    basis: Literal["", "run", "window"] | None = None

    def __post_init__(self) -> None:
        mentioned = self.mentioned
        if len(set(mentioned)) < len(mentioned):
            raise ValueError("A widget is mentioned twice")

    @property
    def mentioned(self) -> list[str]:
        return [*(placed.widget for placed in self.widgets), *self.removed]

    @property
    def arrangement(self) -> Arrangement:
        return {placed.widget: placed.standing for placed in self.widgets}

    def about(self, known: Container[str]) -> Self:
        """What it says of some widgets."""
        widgets = tuple(placed for placed in self.widgets if placed.widget in known)
        return replace(
            self, widgets=widgets, removed=tuple(slug for slug in self.removed if slug in known)
        )


def in_order(keys: Sequence[str]) -> tuple[str, ...]:
    """Each once, so that the same choice is the same text."""
    return tuple(sorted(set(keys)))


def read_legend(body: bytes) -> tuple[str, ...]:
    """The metrics that are switched off, or ``BadDraft``."""
    try:
        return in_order(msgspec.json.decode(body, type=Legend).hidden)
    except msgspec.MsgspecError as error:
        raise BadDraft(str(error)) from error


def read_draft(body: bytes, offer: Sequence[WidgetInfo]) -> Draft:
    """The draft in a request, or ``BadDraft``."""
    try:
        draft = msgspec.json.decode(body, type=Draft)
    except msgspec.MsgspecError as error:
        raise BadDraft(str(error)) from error
    allowed = {widget.slug: pictures_of(widget) for widget in offer}
    for number, placed in enumerate(draft.widgets):
        if placed.picture not in allowed.get(placed.widget, (placed.picture,)):
            raise BadDraft(wrong_picture(placed.widget, placed.picture, f"widgets[{number}]."))
    for slug, standing in settled(draft.about(allowed).arrangement).items():
        if standing.place.y >= MAX_ROWS:
            raise BadDraft(_beyond_the_grid(slug, [placed.widget for placed in draft.widgets]))
    return draft


def _beyond_the_grid(widget: str, order: list[str]) -> str:
    return _("widgets[%(number)d].y: %(widget)s ends up below the %(rows)d rows of the grid.") % {
        "number": order.index(widget),
        "widget": widget,
        "rows": MAX_ROWS,
    }


def wrong_picture(widget: str, picture: str, where: str = "") -> str:
    """Why a widget is not shown so."""
    return _("%(where)spicture: %(widget)s cannot be shown as “%(picture)s”.") % {
        "where": where,
        "widget": widget,
        "picture": picture,
    }
