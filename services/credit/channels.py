"""How a parcel reaches its receiver: a signed webhook, or files in a directory.

A webhook follows Standard Webhooks (https://www.standardwebhooks.com): `webhook-id` is equal in every attempt, so a
receiver can drop repeats; `webhook-signature` is HMAC-SHA256 over `<id>.<timestamp>.<body>`. Only the receiver's own
words `{"acknowledged": "<id>"}` count as an acknowledgement: a proxy in between may answer 200 to anything.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import socket
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from services.credit.model.channel import ChannelKind, Vault, host_of, is_public, secret_key
from services.credit.model.delivery import DeliveryAction
from services.credit.use_cases.delivery import Parcel

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5.0, 10.0, 30.0
GREATEST_ANSWER = 64 * 1024
GREATEST_RECEIPT = 200


class NotAcknowledged(Exception):
    """The receiver has not said that it has the parcel; it may have it all the same.

    Args:
        why: for people.
        is_unreachable: nobody answered, so the channel's other parcels would fare no better now.
    """

    def __init__(self, why: str, *, is_unreachable: bool = False) -> None:
        super().__init__(why)
        self.is_unreachable = is_unreachable


class Sender(Protocol):
    """A way to deliver."""

    def send(self, parcel: Parcel) -> str:
        """Deliver once; the receiver's own number for it, which may be empty.

        Raises:
            NotAcknowledged: the receiver has not said that it has it.
        """
        ...


def senders(allowed_hosts: Collection[str], directories: Path, vault: Vault) -> dict[ChannelKind, Sender]:
    """A sender for each kind of channel."""
    return {ChannelKind.WEBHOOK: Webhook(allowed_hosts, vault), ChannelKind.DIRECTORY: Directory(directories)}


class Webhook:
    """POSTs JSON. Its target's name is looked up before each call, and the very address that was checked is called.

    Args:
        allowed_hosts: hosts that need be neither public nor https.
        vault: opens the secrets, which lie sealed until here.
        seconds: for connecting, for each read, in total.
    """

    def __init__(
        self,
        allowed_hosts: Collection[str],
        vault: Vault,
        seconds: tuple[float, float, float] = (CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS),
    ) -> None:
        self._allowed_hosts, self._vault = allowed_hosts, vault
        self._connect, self._read, self._total = seconds

    def send(self, parcel: Parcel) -> str:
        body = parcel.payload.encode()
        url, headers, extensions = self._route(parcel.target)
        headers |= signature(self._secret(parcel), parcel.delivery_id, int(parcel.attempted_at.timestamp()), body)
        try:
            with self._client.stream("POST", url, content=body, headers=headers, extensions=extensions) as response:
                return self._receipt(parcel, response)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise NotAcknowledged(f"{type(error).__name__}: {error}", is_unreachable=True) from error

    def _secret(self, parcel: Parcel) -> str:
        if not parcel.sealed_secret:
            return parcel.secret
        opened = self._vault.open(parcel.sealed_secret, parcel.channel_id.encode())
        if opened is None:
            raise NotAcknowledged("the channel's secret was sealed with another key file", is_unreachable=True)
        return opened.decode()

    @cached_property
    def _client(self) -> httpx.Client:
        """One for all calls, since its trust store is slow to load. No connection is used twice: it is kept by address,
        and two hosts may share one."""
        return httpx.Client(
            timeout=httpx.Timeout(self._read, connect=self._connect),
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
            follow_redirects=False,
        )

    def _route(self, target: str) -> tuple[str, dict[str, str], dict[str, Any]]:
        """URL, headers and options of a call that reaches an address which may be reached, and no other."""
        headers = {"content-type": "application/json; charset=utf-8", "user-agent": "liangma"}
        parts = urlsplit(target)
        if host_of(target) in self._allowed_hosts:
            return target, headers, {}
        host = parts.hostname or ""
        if parts.scheme != "https":
            raise NotAcknowledged(f"{host} is neither https nor allowed by the operator")
        address = _public_address(host, parts.port or 443)
        literal = f"[{address}]" if ":" in address else address
        url = parts._replace(netloc=f"{literal}:{parts.port or 443}").geturl()
        return url, headers | {"host": parts.netloc}, {"sni_hostname": host}

    def _receipt(self, parcel: Parcel, response: httpx.Response) -> str:
        if not response.is_success:
            raise NotAcknowledged(f"answered {response.status_code}")
        answer = _parse(b"".join(self._limited(response)))
        if answer.get("acknowledged") != parcel.delivery_id:
            raise NotAcknowledged(f"answered {response.status_code} without acknowledging {parcel.delivery_id}")
        return str(answer.get("receipt") or "")[:GREATEST_RECEIPT]

    def _limited(self, response: httpx.Response) -> Iterator[bytes]:
        size, until = 0, time.monotonic() + self._total
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > GREATEST_ANSWER or time.monotonic() > until:
                raise NotAcknowledged("the answer is too long or takes too long")
            yield chunk


class Directory:
    """Writes and removes JSON files: a receiver for whoever has none yet.

    Args:
        root: its channels have their directories under it.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def send(self, parcel: Parcel) -> str:
        directory = self._root / parcel.target
        file = directory / f"{parcel.disclosure_id}.json"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            if parcel.action is DeliveryAction.SHARE:
                self._show(file, parcel)
            else:
                self._hide(file, parcel)
        except OSError as error:
            raise NotAcknowledged(f"{type(error).__name__}: {error}", is_unreachable=True) from error
        return f"{parcel.target}/{file.name}"

    def _show(self, file: Path, parcel: Parcel) -> None:
        if file.exists() and file.read_text(encoding="utf-8") == parcel.payload:
            return
        self._log(file, parcel)
        part = file.with_suffix(f".{parcel.delivery_id}.part")
        part.write_text(parcel.payload, encoding="utf-8")
        os.replace(part, file)  # noqa: PTH105 (whole or not at all)

    def _hide(self, file: Path, parcel: Parcel) -> None:
        if file.exists():
            self._log(file, parcel)
            with suppress(FileNotFoundError):
                file.unlink()

    def _log(self, file: Path, parcel: Parcel) -> None:
        entry = {
            "at": parcel.attempted_at.isoformat(),
            "delivery_id": parcel.delivery_id,
            "action": parcel.action.value,
            "disclosure_id": parcel.disclosure_id,
            "revision": parcel.revision,
        }
        with (file.parent / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(entry) + "\n")


def signature(secret: str, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers by which a receiver knows who sent a body, and when."""
    signed = b".".join((id.encode(), str(timestamp).encode(), body))
    digest = hmac.new(secret_key(secret), signed, hashlib.sha256).digest()
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _public_address(host: str, port: int) -> str:
    """An address of a host, all of whose addresses are public: none of them leads inside."""
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise NotAcknowledged(f"{host} has no address: {error}", is_unreachable=True) from error
    inside = [address for address in found if not is_public(address)]
    if inside or not found:
        raise NotAcknowledged(f"{host} leads to {', '.join(inside) or 'nowhere'}, which is not public")
    return found[0]


def _parse(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
