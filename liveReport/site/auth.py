"""Who calls: an API token, or the session of somebody on the staff."""

from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from liveReport.models import ApiToken

Scope = ApiToken.Scope


class BearerAuthentication(TokenAuthentication):
    """``Authorization: Bearer TOKEN``, found by its digest in one query."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        digest = hash_token(token.decode("latin-1"))
        try:
            found = ApiToken.objects.usable().select_related("user", "source").get(pk=digest)
        except ApiToken.DoesNotExist as error:
            raise AuthenticationFailed(_("The token is unknown or has expired.")) from error
        return found.user, found


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes the token."""

    target_class = BearerAuthentication
    name = "bearer"
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API token, from the admin or `manage.py issue_token`.",
        }


class MaySend(BasePermission):
    """Only tokens of scope ingest."""

    message = _("This needs a token of scope ingest.")

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, ApiToken) and request.auth.scope == Scope.INGEST


class MayRead(BasePermission):
    """Tokens of scope read, and sessions of the staff."""

    message = _("This needs a token of scope read, or a session of the staff.")

    def has_permission(self, request: Request, view: Any) -> bool:
        if isinstance(request.auth, ApiToken):
            return request.auth.scope == Scope.READ
        return bool(request.user and request.user.is_active and request.user.is_staff)


class MayListEvents(MayRead):
    """Of those the tokens that were issued for it, and staff with the right to."""

    message = _("This needs a token of scope read that lists events, or the right to list them.")

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        if isinstance(request.auth, ApiToken):
            return request.auth.events
        return request.user.has_perm("livereport.view_events")
