"""The forms of files of events: which file, and how it is read."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from liveReport.channels.fields import REQUIRED
from liveReport.ingest.files import FileMapping, field_names
from liveReport.models import EventFile
from liveReport.site.uploads import SealedFile


class UploadForm(forms.ModelForm[EventFile]):
    """A file, and whose it is."""

    upload = forms.FileField(
        label=_("CSV file"),
        help_text=_("With a header. It is kept encrypted until it has been imported."),
        allow_empty_file=True,
        max_length=None,
    )

    class Meta:
        model = EventFile
        fields = ("source",)

    def clean_upload(self) -> SealedFile:
        """A file that is not too large: of others nothing was kept."""
        upload: SealedFile = self.cleaned_data["upload"]
        if (upload.size or 0) > settings.FILE_MAX_BYTES:
            most = filesizeformat(settings.FILE_MAX_BYTES)
            raise forms.ValidationError(_("Larger than %(most)s.") % {"most": most})
        return upload


class Row(NamedTuple):
    """A field of ours in the form: from which column, or what it is otherwise."""

    name: str
    is_required: bool
    column: forms.BoundField
    constant: forms.BoundField


class MappingForm(forms.Form):
    """How a file is read; ``mapping`` once it is valid."""

    zone = forms.CharField(
        label=_("Time zone"),
        required=False,
        help_text=_("Of times that say no offset, such as Europe/Paris."),
    )
    format = forms.CharField(
        label=_("Format of times"),
        required=False,
        help_text=_("Such as %d.%m.%Y, or epoch, epoch_ms. Empty: ISO 8601."),
    )
    words = forms.CharField(
        label=_("Words"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "The file's words and ours, one on a line: type: Zugestellt = delivered. Lines whose "
            "word has nothing behind the sign are ignored."
        ),
    )
    delimiter = forms.CharField(label=_("Delimiter"), required=False, strip=False, max_length=1)
    encoding = forms.CharField(
        label=_("Encoding"), required=False, help_text=_("Empty: as the file shows it.")
    )

    def __init__(self, header: list[str], known: FileMapping, data: Any = None) -> None:
        initial = {name: getattr(known, name) for name in ("zone", "format", "delimiter")}
        words = "\n".join(_lines(known.values))
        super().__init__(data, initial={**initial, "encoding": known.encoding, "words": words})
        names = dict.fromkeys([*filter(None, header), *known.columns.values()])
        columns = [("", "—"), *((name, name) for name in names)]
        for field in field_names():
            self.fields[f"column-{field}"] = forms.ChoiceField(
                label=_("Column of %(field)s") % {"field": field},
                required=False,
                choices=columns,
                initial=known.columns.get(field, ""),
            )
            self.fields[f"constant-{field}"] = forms.CharField(
                label=_("%(field)s otherwise") % {"field": field},
                required=False,
                disabled=field == "id",
                initial=known.constants.get(field, ""),
            )

    @property
    def rows(self) -> list[Row]:
        return [
            Row(name, name in REQUIRED[1:], self[f"column-{name}"], self[f"constant-{name}"])
            for name in field_names()
        ]

    @property
    def plain(self) -> list[forms.BoundField]:
        """What is not about one field."""
        return [self[name] for name in ("words", "zone", "format", "delimiter", "encoding")]

    def clean_words(self) -> dict[str, dict[str, str | None]]:
        """Our words by field and the file's."""
        values: dict[str, dict[str, str | None]] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["words"].splitlines())):
            field, colon, pair = line.partition(":")
            theirs, equals, ours = (part.strip() for part in pair.rpartition("="))
            if not (colon and equals and theirs):
                raise forms.ValidationError(
                    _("Write FIELD: THEIRS = OURS, not “%(line)s”.") % {"line": line}
                )
            values.setdefault(field.strip(), {})[theirs] = ours or None
        return values

    @property
    def mapping(self) -> FileMapping:
        """What was filled in. Raises ``MappingError``."""
        data = self.cleaned_data
        columns, constants = self._filled("column"), self._filled("constant")
        rest = {name: data[name] for name in ("zone", "format", "delimiter", "encoding")}
        return FileMapping(columns, data["words"], constants, **rest).checked()

    def _filled(self, part: str) -> dict[str, str]:
        found = {name: self.cleaned_data[f"{part}-{name}"] for name in field_names()}
        return {name: text for name, text in found.items() if text}


def _lines(values: Mapping[str, Mapping[str, str | None]]) -> Iterator[str]:
    for field, words in values.items():
        for theirs, ours in words.items():
            yield f"{field}: {theirs} = {ours or ''}".rstrip()
