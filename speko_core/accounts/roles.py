"""What each role may do. Keys and grants never hold more than their creator's role."""

from collections.abc import Mapping

from speko_core.principal import ALL_SCOPES

_READ = frozenset(scope for scope in ALL_SCOPES if scope.endswith(":read"))

ROLE_SCOPES: Mapping[str, frozenset[str]] = {
    "owner": ALL_SCOPES,
    "admin": ALL_SCOPES,
    "member": ALL_SCOPES - {"account:write", "keys:write", "audit:read"},
    "viewer": _READ - {"audit:read", "keys:read"},
}
ROLES = tuple(ROLE_SCOPES)
