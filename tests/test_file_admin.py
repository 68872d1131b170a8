"""Files of events in the administration: uploaded sealed, tried, taken in by the slow queue."""

import re
from datetime import timedelta
from tempfile import SpooledTemporaryFile
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from liveReport import rollup, tasks
from liveReport.engines import files as stored
from liveReport.ingest.files import importing, waiting
from liveReport.models import Campaign, EventBatch, EventFile, EventFilePart, Source
from liveReport.site import uploads
from tests.support.factories import UserFactory

pytestmark = pytest.mark.django_db

ADD = "/admin/livereport/eventfile/add/"


def content(lines: int = 3, type_: str = "sent") -> bytes:
    at = timezone.now().isoformat()
    rows = [f"{type_};{at};person-{n}@example.com;x\n" for n in range(lines)]
    return "".join(["Zustand;Zeit;E-Mail;Nummer\n", *rows]).encode()


MAPPED = {
    "column-type": "Zustand",
    "column-occurred_at": "Zeit",
    "column-profile": "E-Mail",
    "constant-channel": "email",
    "constant-campaign": "summer",
    "words": "type: losgeschickt = sent\ntype: egal =",
}


@pytest.fixture(autouse=True)
def rings(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was sent to the slow queue, which nobody works on here."""
    sent: list[Any] = []
    monkeypatch.setattr(tasks.files, "apply_async", lambda **how: sent.append(how))
    return sent


@pytest.fixture
def admin(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def upload(client: Client, source: Source, body: bytes, name: str = "brief.csv") -> EventFile:
    form = {"source": source.pk, "upload": SimpleUploadedFile(name, body)}
    response = client.post(ADD, form)
    assert response.status_code == 302, response.context["adminform"].form.errors
    file = EventFile.objects.latest("changed_at")
    assert response.headers["Location"] == page(file)
    return file


def page(file: EventFile) -> str:
    return reverse("admin:livereport_eventfile_change", args=[file.pk])


def text(response: Any) -> str:
    assert response.status_code == 200
    found: str = response.content.decode()
    return found


def progress(client: Client, file: EventFile) -> str:
    return text(client.get(reverse("admin:livereport_eventfile_progress", args=[file.pk])))


def test_a_file_is_uploaded_tried_and_imported(
    admin: Client, source: Source, campaign: Campaign
) -> None:
    file = upload(admin, source, content(3))
    shown = text(admin.get(page(file)))
    assert "Nothing says" in shown
    shown = text(admin.post(page(file), {**MAPPED, "try": "1"}))
    assert "3 accepted" in shown
    assert "type: sent" in shown
    assert "person-" not in shown
    assert not EventBatch.objects.exists()
    file.refresh_from_db()
    assert file.state == "draft"
    assert admin.post(page(file), {**MAPPED, "import": "1"}).status_code == 302
    assert 'hx-get="' in progress(admin, file)
    tasks.files()
    done = progress(admin, file)
    assert 'hx-get="' not in done
    assert 'value="100"' in done
    assert EventBatch.objects.get().count == 3
    assert not EventFilePart.objects.exists()
    source.refresh_from_db()
    assert source.file_mapping["constants"]["channel"] == "email"


def test_the_next_file_of_the_source_needs_one_press(
    admin: Client, source: Source, campaign: Campaign
) -> None:
    first = upload(admin, source, content(3))
    admin.post(page(first), {**MAPPED, "import": "1"})
    tasks.files()
    second = upload(admin, source, content(2, "losgeschickt"))
    shown = text(admin.get(page(second)))
    assert "2 accepted" in shown
    form = {name: value for name, value in fields_of(shown).items() if value}
    admin.post(page(second), {**form, "import": "1"})
    tasks.files()
    second.refresh_from_db()
    assert (second.state, second.accepted) == ("done", 2)


def fields_of(shown: str) -> dict[str, str]:
    """What the form of a page holds."""
    inputs = re.findall(r'<input type="text" name="([^"]+)" value="([^"]*)"', shown)
    chosen = re.findall(r'<select name="([^"]+)".*?</select>', shown, re.DOTALL)
    found = dict(inputs)
    for name in chosen:
        body = re.search(rf'<select name="{name}".*?</select>', shown, re.DOTALL)
        assert body
        option = re.search(r'<option value="([^"]*)" selected>', body[0])
        found[name] = option[1] if option else ""
    words = re.search(r"<textarea.*?>\s*(.*?)</textarea>", shown, re.DOTALL)
    assert words
    return {**found, "words": words[1]}


def test_the_same_file_again_counts_nothing_twice(
    admin: Client, source: Source, campaign: Campaign
) -> None:
    body = content(4)
    for _ in range(2):
        file = upload(admin, source, body)
        admin.post(page(file), {**MAPPED, "import": "1"})
        tasks.files()
    assert EventFile.objects.count() == 1
    rollup.fold_pending()
    assert sum(batch.count - batch.duplicates for batch in EventBatch.objects.all()) == 4


def test_a_file_on_its_way_is_left_alone(admin: Client, source: Source, campaign: Campaign) -> None:
    body = content(4)
    file = upload(admin, source, body)
    admin.post(page(file), {**MAPPED, "import": "1"})
    assert upload(admin, source, body).pk == file.pk
    file.refresh_from_db()
    assert file.state == "waiting"
    assert admin.post(page(file), {**MAPPED, "try": "1"}).status_code == 200
    tasks.files()
    assert EventBatch.objects.get().count == 4


def test_refused_lines_are_shown_without_anybody_s_address(
    admin: Client, source: Source, campaign: Campaign
) -> None:
    file = upload(admin, source, content(2) + b"sent;gestern;x@example.com;1\n")
    wrong = {**MAPPED, "column-type": "E-Mail"}
    shown = text(admin.post(page(file), {**wrong, "try": "1"}))
    assert "email has no type" in shown
    assert "@example.com" not in shown
    admin.post(page(file), {**MAPPED, "import": "1"})
    tasks.files()
    done = progress(admin, file)
    assert "Not an ISO 8601 time" in done
    assert "@example.com" not in done
    file.refresh_from_db()
    assert (file.accepted, file.refused) == (2, 1)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"words": "nonsense"}, "Write FIELD"),
        ({"zone": "Mars"}, "zone: "),
        ({"column-type": "Farbe"}, "Select a valid choice"),
        ({"words": "colour: a = b"}, "no field is called"),
        ({"encoding": "klingon"}, "none that is known"),
    ],
)
def test_what_is_wrong_with_a_mapping_is_said(
    admin: Client, source: Source, campaign: Campaign, change: dict[str, str], complaint: str
) -> None:
    file = upload(admin, source, content())
    assert complaint in text(admin.post(page(file), {**MAPPED, **change, "import": "1"}))
    file.refresh_from_db()
    assert file.state == "draft"


def test_whoever_works_on_it_is_rung(
    admin: Client, source: Source, campaign: Campaign, rings: list[Any], monkeypatch: Any
) -> None:
    file = upload(admin, source, content())
    admin.post(page(file), {**MAPPED, "try": "1"})
    assert rings == []
    admin.post(page(file), {**MAPPED, "import": "1"})
    assert len(rings) == 1

    def away(**how: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(tasks.files, "apply_async", away)
    other = upload(admin, source, content(5))
    assert admin.post(page(other), {**MAPPED, "import": "1"}).status_code == 302
    tasks.files()
    assert EventFile.objects.filter(state="done").count() == 2


def test_a_slice_ends_and_the_next_goes_on(
    admin: Client, source: Source, campaign: Campaign, monkeypatch: Any
) -> None:
    monkeypatch.setattr(importing, "BATCH", 2)
    file = upload(admin, source, content(7))
    admin.post(page(file), {**MAPPED, "import": "1"})
    seen = []
    while file.state != "done":
        waiting.import_waiting(seconds=0)
        file.refresh_from_db()
        seen.append(file.records)
        assert len(seen) < 10
    assert seen == [2, 4, 6, 7, 7]
    assert file.accepted == sum(batch.count for batch in EventBatch.objects.all()) == 7


def test_what_is_overloaded_waits(
    admin: Client, source: Source, campaign: Campaign, settings: Any
) -> None:
    file = upload(admin, source, content())
    admin.post(page(file), {**MAPPED, "import": "1"})
    settings.INGEST_MAX_PENDING = -1
    tasks.files()
    file.refresh_from_db()
    assert (file.state, file.records) == ("waiting", 0)


def test_a_file_whose_key_is_gone_fails_and_says_so(
    admin: Client, source: Source, campaign: Campaign, settings: Any
) -> None:
    file = upload(admin, source, content())
    admin.post(page(file), {**MAPPED, "import": "1"})
    settings.SEALING_KEYS = ["another-key-another-key-another-key-01"]
    tasks.files()
    assert "Sealed with a key" in progress(admin, file)
    file.refresh_from_db()
    assert file.state == "failed"


def test_parts_are_sealed_anew(
    admin: Client, source: Source, campaign: Campaign, settings: Any
) -> None:
    file = upload(admin, source, content())
    admin.post(page(file), {**MAPPED, "import": "1"})
    settings.SEALING_KEYS = ["another-key-another-key-another-key-01", *settings.SEALING_KEYS]
    call_command("reseal")
    settings.SEALING_KEYS = settings.SEALING_KEYS[:1]
    tasks.files()
    assert EventBatch.objects.get().count == 3


def test_a_source_that_is_switched_off_waits(
    admin: Client, source: Source, campaign: Campaign
) -> None:
    file = upload(admin, source, content())
    source.account.is_active = False
    source.account.save()
    assert "switched off" in text(admin.post(page(file), {**MAPPED, "import": "1"}))
    EventFile.objects.update(state="waiting")
    tasks.files()
    assert not EventBatch.objects.exists()


def test_nothing_of_it_lies_in_clear(
    admin: Client, source: Source, campaign: Campaign, monkeypatch: Any
) -> None:
    monkeypatch.setattr(uploads, "PART", 1_000)
    monkeypatch.setattr(uploads, "IN_MEMORY", 1)
    stores: list[Any] = []
    plain = SpooledTemporaryFile

    def kept(size: int) -> Any:
        stores.append(plain(size))
        return stores[-1]

    monkeypatch.setattr(uploads, "SpooledTemporaryFile", kept)

    def looked_at(part: bytes) -> bytes:
        for store in stores:
            store.seek(0)
            assert b"example.com" not in store.read()
        return stored.sealed(part)

    monkeypatch.setattr(uploads, "sealed", looked_at)
    file = upload(admin, source, content(300))
    assert stores
    parts = [bytes(part.sealed) for part in EventFilePart.objects.filter(file=file)]
    assert not [part for part in parts if b"example.com" in part]
    assert b"".join(stored.parts(file)).count(b"@example.com") == 300
    admin.post(page(file), {**MAPPED, "import": "1"})
    tasks.files()
    row = EventFile.objects.values().get()
    assert "example.com" not in str(row)


def test_a_file_that_is_too_large_is_not_taken(
    admin: Client, source: Source, settings: Any
) -> None:
    settings.FILE_MAX_BYTES = 100
    form = {"source": source.pk, "upload": SimpleUploadedFile("a.csv", content(300))}
    assert "Larger than 100\xa0bytes." in text(admin.post(ADD, form))
    assert not EventFile.objects.exists()


@pytest.mark.parametrize("body", [b"", b"\n", b"Zustand;Zeit;E-Mail;Nummer\n"])
def test_an_empty_file_is_no_mistake(
    admin: Client, source: Source, campaign: Campaign, body: bytes
) -> None:
    file = upload(admin, source, body)
    mapped = MAPPED if b";" in body else {}
    assert admin.post(page(file), {**mapped, "import": "1"}).status_code == 302
    tasks.files()
    file.refresh_from_db()
    assert (file.state, file.accepted) == ("done", 0)


def test_only_who_may_add_files_sees_how_they_are_read(
    client: Client, admin: Client, source: Source, campaign: Campaign, bob: User
) -> None:
    file = upload(admin, source, content())
    client.force_login(bob)
    shown = text(client.get(page(file)))
    assert "file-mapping" not in shown
    client.post(page(file), {**MAPPED, "import": "1"})
    file.refresh_from_db()
    assert file.state == "draft"
    client.force_login(UserFactory(username="dora", is_staff=True))
    assert client.get(page(file)).status_code == 403
    address = reverse("admin:livereport_eventfile_progress", args=[file.pk])
    assert client.get(address).status_code == 403
    client.force_login(User.objects.get(username="alice"))
    assert client.get(address.replace(str(file.pk), "999")).status_code == 404
    assert client.head(address).status_code == 200


def test_a_file_that_is_deleted_is_imported_by_nobody(
    admin: Client, source: Source, campaign: Campaign
) -> None:
    file = upload(admin, source, content())
    admin.post(page(file), {**MAPPED, "import": "1"})
    delete = reverse("admin:livereport_eventfile_delete", args=[file.pk])
    assert admin.post(delete, {"post": "yes"}).status_code == 302
    tasks.files()
    assert not EventFilePart.objects.exists()
    assert not EventBatch.objects.exists()


def test_old_files_go_with_their_parts(admin: Client, source: Source) -> None:
    upload(admin, source, content())
    EventFile.objects.update(changed_at=timezone.now() - timedelta(days=8))
    rollup.prune()
    assert not EventFilePart.objects.exists()


def test_the_list_and_the_source_lead_there(
    admin: Client, source: Source, campaign: Campaign
) -> None:
    file = upload(admin, source, content())
    assert page(file) in text(admin.get("/admin/livereport/eventfile/"))
    change = reverse("admin:livereport_source_change", args=[source.pk])
    assert f"{ADD}?source={source.pk}" in text(admin.get(change))
    assert f'<option value="{source.pk}" selected' in text(admin.get(f"{ADD}?source={source.pk}"))
