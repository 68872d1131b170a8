"""What the pages draw of a widget's frame: a module for each kind of widget, of its name.

A kind is a subclass of ``Widget`` in ``liveReport.channels``, and for each layer of the
pages a file that is found by the kind's name, without a list to add it to:

- ``pictures/<kind>.py``: its ``KIND``, which draws a frame for the template;
- ``templates/dashboards/widgets/_<kind>.html``: the body, complete without scripts;
- ``templates/dashboards/icons/_<picture>.html``: for each of its pictures;
- ``frontend/css/<kind>.css``: as far as it has rules of its own;
- ``frontend/js/<kind>.js``: for a chart, ``option`` to draw it and ``paper``, its size there.
"""

from collections.abc import Iterable
from importlib import import_module

from liveReport.channels import WIDGETS, Text
from liveReport.report.frames import WidgetInfo

from ..drawing import Kind

KINDS: dict[str, Kind] = {
    widget.kind: import_module(f"{__name__}.{widget.kind}").KIND for widget in WIDGETS
}
PICTURES = tuple(dict.fromkeys(name for kind in KINDS.values() for name in kind.pictures))
"""The names of all; kinds can share one."""


def pictures_of(widget: WidgetInfo) -> dict[str, Text]:
    """What a widget can be shown as: names and labels."""
    return {
        name: label
        for kind in map(KINDS.__getitem__, widget.kinds)
        for name, label in kind.pictures.items()
        if widget.has_rates or name not in kind.of_rates
    }


def kind_of(kinds: Iterable[str], picture: str) -> str:
    """The kind of which this is a picture."""
    return next(kind for kind in kinds if picture in KINDS[kind].pictures)
