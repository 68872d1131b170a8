"""Files of events: uploaded, mapped and tried, then taken in while one looks on."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from liveReport import tasks
from liveReport.engines import files
from liveReport.engines.files import COUNTS
from liveReport.events.sealing import Unsealable
from liveReport.ingest.files import (
    FileError,
    FileMapping,
    MappingError,
    Parts,
    field_names,
    mapping_of,
    masked,
    opened,
    proposal,
    survey,
    try_out,
)
from liveReport.models import EventFile
from liveReport.site.uploads import SealedFile

from .base import NoChanging, begin_now
from .file_forms import MappingForm, UploadForm

TRIED = 10_000
"""Lines that are tried before a file is taken in: what one waits for."""
SHOWN = 5
"""Events that are shown as they would go in."""

UNREADABLE = (FileError, MappingError, Unsealable)


class Trial(NamedTuple):
    """What would become of the first lines of a file."""

    events: list[tuple[int, list[tuple[str, str]]]]
    counts: Mapping[str, int]
    errors: list[tuple[int, str, str]]
    is_all: bool

    @classmethod
    def of(cls, file: EventFile, mapping: FileMapping) -> "Trial":
        """Nothing is stored. Raises what ``opened`` does."""
        plain = mapping.as_json()
        counts: Counter[str] = Counter()
        errors: list[tuple[int, str, str]] = []
        is_all = True
        for step in opened(file, plain).steps(try_out):
            counts.update(step.counts)
            errors += step.errors
            if step.records >= TRIED:
                is_all = False
                break
        events = [(line, _cells(event)) for line, event in opened(file, plain).preview(SHOWN)]
        return cls(events, counts, errors[: files.ERRORS], is_all)


def _cells(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    """An event as it would go in; addresses and numbers are nobody's to see."""
    return [
        (name, found.isoformat() if isinstance(found, datetime) else masked(found))
        for name in field_names()[1:]
        if (found := event.get(name))
    ]


@admin.register(EventFile)
class EventFileAdmin(NoChanging, admin.ModelAdmin[EventFile]):
    """CSV files of any vendor. What they are to be read by is remembered for their source."""

    form = UploadForm
    list_display = ("name", "source", "state", "progress", "accepted", "refused", "changed_at")
    list_filter = ("state", "source")
    list_select_related = ("source",)
    fields = ("source", "upload")
    show_full_result_count = False

    def save_model(self, request: HttpRequest, obj: EventFile, form: Any, change: Any) -> None:
        upload: SealedFile = form.cleaned_data["upload"]
        stream: Any = Parts(map(files.unsealed, upload.parts()))
        found = survey(stream)
        obj.name = (upload.name or "")[-200:]
        obj.size, obj.checksum, obj.encoding = found.size, found.checksum, found.encoding
        if not files.keep(obj, upload.parts()):
            text = _("This file is being imported already.")
            self.message_user(request, text, messages.WARNING)

    def response_add(
        self, request: HttpRequest, obj: EventFile, post_url_continue: str | None = None
    ) -> HttpResponse:
        """On to how it is read."""
        return redirect("admin:livereport_eventfile_change", obj.pk)

    def get_urls(self) -> list[URLPattern]:
        name = "livereport_eventfile_progress"
        view = self.admin_site.admin_view(self.progress_view)
        return [path("<int:pk>/progress/", view, name=name), *super().get_urls()]

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part of the page that changes while a file is taken in."""
        file = self.get_object(request, str(pk))
        if not self.has_view_permission(request, file):
            raise PermissionDenied
        if file is None:
            raise Http404
        context = {"file": file, "counts": _counts(file)}
        return TemplateResponse(request, "admin/livereport/eventfile/_progress.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """How a file is read, while that can be said; else how far it has come."""
        file = self.get_object(request, unquote(object_id))
        if file is None or not self.has_view_permission(request, file):
            return super().change_view(request, object_id, form_url, extra_context)
        context = self.admin_site.each_context(request) | {
            "title": file.name,
            "opts": self.opts,
            "file": file,
            "counts": _counts(file),
            "may_delete": self.has_delete_permission(request, file),
            "is_off": not file.source.account.is_active,
        }
        if file.state == EventFile.State.DRAFT and self.has_add_permission(request):
            answer = self._mapped(request, file, context)
            if answer is not None:
                return answer
        return TemplateResponse(request, "admin/livereport/eventfile/file.html", context)

    def _mapped(
        self, request: HttpRequest, file: EventFile, context: dict[str, Any]
    ) -> HttpResponse | None:
        """Fill the page of a file that is not taken in yet; or an answer, if it is to be now."""
        try:
            known = mapping_of(file.source.file_mapping)
            header, guess = _read(file, known)
        except UNREADABLE as error:
            context["failure"] = str(error)
            return None
        form = MappingForm(header, guess, request.POST or None)
        context["form"] = form
        try:
            if form.is_bound and not form.is_valid():
                return None
            mapping = form.mapping if form.is_bound else guess
            context["trial"] = Trial.of(file, mapping)
        except UNREADABLE as error:
            context["failure"] = str(error)
            return None
        if "import" in request.POST and not context["is_off"]:
            files.begin(file, mapping.as_json())
            self.log_change(request, file, "Imported")
            begin_now(tasks.files)
            return HttpResponseRedirect(
                reverse("admin:livereport_eventfile_change", args=[file.pk])
            )
        return None

    @admin.display(description=_("progress"))
    def progress(self, file: EventFile) -> str:
        return f"{file.percent} %"


def _read(file: EventFile, known: FileMapping) -> tuple[list[str], FileMapping]:
    """The columns of a file, and what of its mapping is known or can be guessed."""
    stream: Any = Parts(files.parts(file))
    return proposal(file.source, stream, file.encoding, known)


def _counts(file: EventFile) -> list[tuple[Any, int]]:
    """What became of the lines, by what that is called."""
    return [
        (EventFile._meta.get_field(name).verbose_name, getattr(file, name))  # type: ignore[union-attr]
        for name in COUNTS
    ]
