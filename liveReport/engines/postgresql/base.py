"""What ``DATABASES`` names; Django looks for it in a module of this name."""

import select
from time import monotonic

from django.db.backends.postgresql import base

BELIEVED_SECONDS = 5.0
"""How long a connection whose socket is silent is good after the server answered on it."""


class DatabaseWrapper(base.DatabaseWrapper):
    """Asks the kernel whether a connection is good, and only now and then the server.

    Django asks the server before every request. But one that ends or restarts says so on
    the socket, and one that vanished without a word is asked for again within seconds.
    """

    _answered = 0.0

    def connect(self) -> None:
        super().connect()
        self._answered = monotonic()

    def is_usable(self) -> bool:
        if self._is_believed():
            return True
        usable = bool(super().is_usable())
        self._answered = monotonic()
        return usable

    def _is_believed(self) -> bool:
        fresh = monotonic() < self._answered + BELIEVED_SECONDS
        return fresh and not self.errors_occurred and self._is_silent()

    def _is_silent(self) -> bool:
        """Whether nothing was received: no farewell, and no end."""
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0)
