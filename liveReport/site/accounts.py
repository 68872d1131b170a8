"""Users, their passwords, and their permissions, found with plain queries."""

import re
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _

_USER = "SELECT * FROM auth_user WHERE id = %s"
_PERMISSIONS = """
SELECT app_label, codename FROM auth_permission
JOIN django_content_type AS type ON type.id = content_type_id
WHERE auth_permission.id IN (
    SELECT permission_id FROM auth_user_user_permissions WHERE user_id = %s
    UNION
    SELECT permission_id FROM auth_group_permissions
    JOIN auth_user_groups USING (group_id) WHERE user_id = %s
)
"""


SITE_WORDS = re.compile("live|report|rapport|campaign|campagne|admin|demo")
"""What whoever guesses at our passwords tries first."""
_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")


class NotObvious(CommonPasswordValidator):
    """Refuses a common password, and words of this site, with digits and signs around them.

    ``Summer2026!`` and ``livereport1`` are guessed as fast as what they are made from.
    """

    def validate(self, password: str, user: Any = None) -> None:
        core = _AROUND.sub("", password).lower()
        rest = re.sub(r"[\W\d_]", "", SITE_WORDS.sub("", core))
        if core and (core in self.passwords or not rest):
            raise ValidationError(self.get_help_text(), code="password_too_obvious")

    def get_help_text(self) -> str:
        return _("Your password can’t be a common word, or words of this site, with digits around.")


class Accounts(ModelBackend):
    """Django's own users, read anew for every request.

    They are asked for with every poll: to build the queries costs many times their answers.
    """

    def get_user(self, user_id: int) -> User | None:
        for user in User.objects.raw(_USER, [user_id]):
            return user if self.user_can_authenticate(user) else None
        return None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """All that a user may do, directly and by groups, as ``app.codename``."""
        asks = user_obj.is_active and not user_obj.is_superuser and obj is None
        if asks and not hasattr(user_obj, "_perm_cache"):
            user_obj._perm_cache = _permissions(user_obj.pk)
        return set(super().get_all_permissions(user_obj, obj))


def _permissions(user: int) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_PERMISSIONS, [user, user])
        return {f"{app}.{codename}" for app, codename in cursor.fetchall()}
