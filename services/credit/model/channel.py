"""A channel (渠道) through which results are shared with another system, and withdrawn from it (TJ 13)."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Protocol
from urllib.parse import urlsplit

from services.chassis.errors import AlreadyExists, InvalidArgument, Violation
from services.credit.model.texts import NAME, URL, too_long

SECRET_PREFIX = "whsec_"  # noqa: S105 (the prefix of secrets, not one)


class Vault(Protocol):
    """What seals secrets."""

    def seal(self, secret: bytes, bound_to: bytes) -> bytes:
        """A secret as the database keeps it, good for this owner only."""
        ...

    def open(self, sealed: bytes, bound_to: bytes) -> bytes | None:
        """The secret; None: it was sealed with another file."""
        ...


class ChannelKind(StrEnum):
    """How a channel delivers."""

    WEBHOOK = "WEBHOOK"
    DIRECTORY = "DIRECTORY"


class ChannelScope(StrEnum):
    """What a channel is given."""

    ALL = "ALL"
    ADVERSE = "ADVERSE"


class ChannelState(StrEnum):
    """State of a channel."""

    ACTIVE = "ACTIVE"
    RETIRED = "RETIRED"


class ChannelNameTaken(AlreadyExists):
    """Two channels of one name could not be told apart."""

    def __init__(self, name: str, channel_id: str) -> None:
        super().__init__(
            f"已有名为“{name}”的渠道", f"channel {channel_id} is called {name!r} already", channel_id=channel_id
        )


class KindChanged(InvalidArgument):
    """A channel delivers one way for good."""

    def __init__(self, kind: ChannelKind) -> None:
        zh, en = f"渠道的类型（{kind}）不能修改", f"the kind of a channel ({kind}) cannot be changed"
        super().__init__(Violation("channel.kind", "IMMUTABLE", zh, en))


@dataclass(eq=False, kw_only=True)
class Channel:
    """A channel.

    Args:
        target: the URL of a WEBHOOK; the plain name of a DIRECTORY.
        secret: key of a webhook's signature in the open, while it comes in or where it was kept before it was sealed.
        sealed_secret: the same as the database keeps it; never shown.
    """

    channel_id: str = ""
    name: str
    kind: ChannelKind
    target: str
    scope: ChannelScope = ChannelScope.ALL
    state: ChannelState = ChannelState.ACTIVE
    secret: str = ""
    sealed_secret: bytes | None = None
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def check(self, allowed_hosts: Collection[str]) -> None:
        """Refuse a channel that could not deliver, or would where nobody may.

        Raises:
            InvalidArgument: names every field that is wrong.
        """
        check = _webhook_violations if self.kind is ChannelKind.WEBHOOK else _directory_violations
        lengths = too_long("channel.name", self.name, NAME), too_long("channel.target", self.target, URL)
        violations = [*check(self, allowed_hosts), *chain(*lengths)]
        if violations:
            raise InvalidArgument(*violations)

    def revise(self, wanted: Channel, allowed_hosts: Collection[str]) -> None:
        """Replace what it says; an empty secret keeps the one it has."""
        if wanted.kind is not self.kind:
            raise KindChanged(self.kind)
        self.name, self.target, self.scope, self.state = wanted.name, wanted.target, wanted.scope, wanted.state
        if wanted.secret:
            self.secret, self.sealed_secret = wanted.secret, None
        self.check(allowed_hosts)

    def seal(self, vault: Vault) -> None:
        """Keep the secret sealed, and no longer in the open."""
        if self.secret:
            self.sealed_secret = vault.seal(self.secret.encode(), self.channel_id.encode())
            self.secret = ""

    def wants(self, *, adverse: bool) -> bool:
        """Whether a new result is shared through it."""
        return self.state is ChannelState.ACTIVE and self.covers(adverse=adverse)

    def covers(self, *, adverse: bool) -> bool:
        """Whether such a result is what it shows, be it still given new ones or not."""
        return adverse or self.scope is ChannelScope.ALL


def host_of(url: str) -> str:
    """Host and port of a URL as an operator allows them: `registry.example:8443`; without the usual port."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.hostname or ''}{port}".lower()


def is_public(address: str) -> bool:
    """Whether an address lies outside: neither loopback, private, link-local, multicast nor otherwise reserved."""
    ip = ipaddress.ip_address(address)
    mapped = getattr(ip, "ipv4_mapped", None) or ip
    if any(ip.version == net.version and ip in net for net in _LEADING_IN):
        return False
    is_unicast = mapped.version == 4 or mapped in _UNICAST
    return is_unicast and mapped.is_global and not mapped.is_multicast


_UNICAST = ipaddress.ip_network("2000::/3")
"""What of IPv6 is given out; all else, IPv4 in IPv6 and NAT64 among it, may be led inside by a gateway."""
_LEADING_IN = tuple(map(ipaddress.ip_network, ("2002::/16", "192.88.99.0/24", "3fff::/20")))
"""6to4 names an IPv4 address that may lie inside; its relays; addresses for documents."""


def secret_key(secret: str) -> bytes:
    """The key a secret stands for.

    Raises:
        ValueError: it is not `whsec_` and base64 of 24 to 64 bytes.
    """
    if not secret.startswith(SECRET_PREFIX):
        raise ValueError("it does not start with whsec_")
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    if not 24 <= len(key) <= 64:
        raise ValueError(f"it has {len(key)} bytes, 24 to 64 are needed")
    return key


def _webhook_violations(channel: Channel, allowed_hosts: Collection[str]) -> Iterator[Violation]:
    if not channel.sealed_secret:
        yield from _secret_violations(channel.secret)
    why = _unsafe(channel.target, allowed_hosts)
    if why:
        zh = "地址应为 https，且主机为公网地址或经运维人员允许"
        yield Violation("channel.target", "UNSAFE_TARGET", zh, f"the target is not allowed: {why}")


def _secret_violations(secret: str) -> Iterator[Violation]:
    try:
        secret_key(secret)
    except (ValueError, binascii.Error) as error:
        zh = "密钥应为 whsec_ 加 24 至 64 字节的 base64"
        yield Violation("channel.secret", "FORMAT", zh, f"the secret is whsec_ and base64 of 24 to 64 bytes: {error}")


def _unsafe(url: str, allowed_hosts: Collection[str]) -> str:
    """Why a URL must not be called; empty when it may (its name is looked up and checked again before each call)."""
    try:
        parts, host = urlsplit(url), host_of(url)
    except ValueError as error:
        return str(error)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "it is no http(s) URL with a host"
    if parts.username or parts.password or parts.fragment:
        return "it carries credentials or a fragment"
    if host in allowed_hosts:
        return ""
    if parts.scheme != "https":
        return "it is not https, and the operator has not allowed its host"
    return "its host is not public, and the operator has not allowed it" if _names_inside(parts.hostname) else ""


def _names_inside(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host


def _directory_violations(channel: Channel, _: Collection[str]) -> Iterator[Violation]:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", channel.target):
        zh = "目录名只能由字母、数字、下划线和连字符组成（最多 64 个字符）"
        yield Violation("channel.target", "FORMAT", zh, "a directory's name has 1 to 64 letters, digits, _ or -")
