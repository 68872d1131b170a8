"""Sessions in the database, found with a plain query."""

from typing import Any

from django.contrib.sessions.backends import db
from django.db import connection
from django.utils import timezone

_DATA = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"


class SessionStore(db.SessionStore):
    """Django's own store in the database.

    A session is asked for with every poll: to build the query costs many times its answer.
    """

    def load(self) -> dict[str, Any]:
        found = None if "\0" in str(self.session_key) else self._found()
        if found is None:
            self._session_key = None
            return {}
        return dict(self.decode(found[0]))

    def _found(self) -> tuple[str] | None:
        """Its row. Of a key with a null, which a cookie may have, PostgreSQL makes an error."""
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        with connection.cursor() as cursor:
            cursor.execute(_DATA, [self.session_key, now])
            row: tuple[str] | None = cursor.fetchone()
        return row
