"""Slow work at its worst."""

import logging
import socket

from celery import shared_task

logger = logging.getLogger(__name__)


@shared_task(name="tests.hang", ignore_result=True)
def hang() -> None:
    """Wait for a peer that never says anything."""
    ours, _theirs = socket.socketpair()
    logger.warning("Waiting for ever.")
    ours.recv(1)
