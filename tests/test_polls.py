"""Polls: nothing where there is no news, else only what differs."""

import re
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from tests.support import pages
from tests.support.pages import MORNING, NOW, TAB, Send, html, pigeon, values, widget

at_noon = pages.at_noon
alices = pages.alices
flights = pages.flights


def poll(client: Client, page: str) -> Any:
    """What the page's script asks for: what is new since ``page``."""
    version = re.search(r'data-version="([\w-]+)"', page)
    assert version
    shown = re.findall(r'id="([\w-]+)" data-digest="(\w+)"', page)
    query = {"version": version[1], "shown": [f"{id_}:{digest}" for id_, digest in shown]}
    return client.get(f"{TAB}changes/", query)


@pytest.mark.usefixtures("flights")
def test_a_poll_without_news_has_no_content_but_an_age(alices: Client) -> None:
    response = poll(alices, html(alices))
    assert response.status_code == 204
    assert response.content == b""
    assert datetime.fromisoformat(response.headers["X-Report-As-Of"]) == NOW
    assert response.headers["X-Report-Lag"] == "0.0"


@pytest.mark.usefixtures("flights")
def test_a_poll_without_news_asks_for_little(
    alices: Client, bob: User, django_assert_num_queries: Any
) -> None:
    """Session, user, rights, campaign, state and layout."""
    page = html(alices)
    with django_assert_num_queries(5):  # a superuser may everything
        assert poll(alices, page).status_code == 204
    alices.force_login(bob)
    with django_assert_num_queries(6):
        assert poll(alices, page).status_code == 204


@pytest.mark.usefixtures("flights")
def test_a_poll_brings_only_what_differs(alices: Client, send: Send) -> None:
    page = html(alices)
    send(pigeon("lost", reason="hawk", execution=MORNING))
    response = poll(alices, page)
    ids = re.findall(r'id="(lr-[\w-]+)" data-digest', response.content.decode())
    assert ids == ["lr-pigeon-outcome-donut", "lr-pigeon-reasons-donut", "lr-pigeon-course-line"]
    assert values(response.content.decode(), "lost")[0] == "5"


@pytest.mark.usefixtures("flights")
def test_a_new_version_of_equal_numbers_replaces_nothing(alices: Client) -> None:
    page = html(alices)
    with time_machine.travel(NOW.replace(minute=8), tick=False):
        response = poll(alices, page)
    assert re.findall(r'id="(lr-[\w-]+)" data-digest', response.content.decode()) == ["lr-title"]


@pytest.mark.usefixtures("flights")
def test_a_widget_that_appears_is_put_in_its_place(alices: Client, send: Send) -> None:
    page = html(alices)
    send(pigeon("gift"))
    answer = poll(alices, page).content.decode()
    assert 'hx-swap-oob="afterend:#lr-pigeon-course-line-widget"' in answer
    assert values(widget(answer, "gifts"), "gifts") == ["1"]


@pytest.mark.usefixtures("flights")
def test_a_widget_that_is_gone_is_taken_away(alices: Client) -> None:
    page = html(alices) + '<div id="lr-pigeon-past" data-digest="0">'
    answer = poll(alices, page.replace('data-version="', 'data-version="0')).content.decode()
    assert '<div id="lr-pigeon-past-widget" hx-swap-oob="delete">' in answer
