"""Who may call what: the rule each RPC carries in the contract."""

from __future__ import annotations

from google.protobuf.descriptor import MethodDescriptor
from liangma.type.v1 import access_pb2

from services.chassis.errors import PermissionDenied, Unauthenticated
from services.chassis.identity import Principal


class SignInNeeded(Unauthenticated):
    """The call needs somebody to answer for it."""

    def __init__(self) -> None:
        super().__init__("请先登录", "sign in first: this call needs a bearer token")


class RoleNeeded(PermissionDenied):
    """The caller has none of the roles that may do this."""

    def __init__(self, method: str, roles: list[str]) -> None:
        super().__init__(
            f"您的账号没有执行此操作的权限（需要角色：{'、'.join(roles)}）",
            f"{method} needs one of the roles {', '.join(roles)}",
            method=method,
            roles=",".join(roles),
        )


def rule_of(method: MethodDescriptor) -> access_pb2.Access | None:
    """The rule in the contract, None where one is missing (a test allows no such RPC)."""
    options = method.GetOptions()
    return options.Extensions[access_pb2.access] if options.HasExtension(access_pb2.access) else None


def check(method: MethodDescriptor, caller: Principal) -> None:
    """Refuse a caller whom the rule does not allow; without a rule nobody is.

    Raises:
        SignInNeeded: nobody is signed in.
        RoleNeeded: none of the caller's roles may do this.
    """
    rule = rule_of(method)
    if rule is not None and rule.public:
        return
    if not caller.subject:
        raise SignInNeeded
    if rule is None or not (rule.signed_in or caller.roles & set(rule.roles)):
        raise RoleNeeded(method.full_name, list(rule.roles) if rule else [])
