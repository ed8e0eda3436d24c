"""``Authorization: Bearer …`` for the API. Pages do not know it: they are opened by a session alone."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts import api_tokens
from accounts.models import ApiToken, User

SCHEME = b"bearer"
#: Our own have 49; nothing longer is worth a hash.
LONGEST = 200


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The owner, narrowed to the token's region. One that does not work is refused, also beside a good cookie."""
        kind, _space, text = get_authorization_header(request).partition(b" ")
        if kind.lower() != SCHEME:
            return None
        token = None
        if text.isascii() and 0 < len(text) <= LONGEST:
            token = api_tokens.use(text.strip().decode("ascii"))
        if token is None:
            raise AuthenticationFailed
        return token.owner, token

    def authenticate_header(self, request: Request) -> str | None:
        """401 for who came with a token; a phone without its session is told 403, as ever."""
        kind = get_authorization_header(request).partition(b" ")[0]
        return "Bearer" if kind.lower() == SCHEME else None


class TokensOnlyRead(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return not isinstance(request.auth, ApiToken) or request.method in SAFE_METHODS


class _TokenInDocument(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "Made at /akun/token/. Reads, and nothing else."}
