"""Foreign enterprise codes (渝企码, 山城有信 …): an address pattern says whose code it is, a resolver which object.

| resolver     | how the object is found                                                                |
|--------------|----------------------------------------------------------------------------------------|
| `NAMED`      | the pattern's group `object` is the object's id                                        |
| `REGISTERED` | the group `token` was registered here before (RegisterForeignCode)                     |
| `HTTP`       | `address` with `{token}` filled in answers JSON, whose member `member` is the object's id |
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from urllib.parse import quote

import httpx
from pydantic import BaseModel, model_validator

from services.chassis.errors import NotFound, Unavailable

LONGEST = 4296
"""Characters in the largest QR code there is."""
PATIENCE = 2.0
"""Seconds a foreign system is given to answer: an inspector stands at the door."""


class Resolver(StrEnum):
    """How a foreign code's object is found."""

    NAMED = "NAMED"
    REGISTERED = "REGISTERED"
    HTTP = "HTTP"


class Scheme(BaseModel):
    """A kind of foreign code.

    Args:
        name: as people call it, e.g. `渝企码`.
        pattern: of the whole text, with the group `object` or `token`; letters in any case.
        resolver: how the object is found.
        address: for HTTP: an https address with `{token}` in it.
        member: for HTTP: the member of the answer that holds the object's id, e.g. `data.uscc`.
    """

    name: str
    pattern: str
    resolver: Resolver = Resolver.NAMED
    address: str = ""
    member: str = "uscc"

    @model_validator(mode="after")
    def _is_usable(self) -> Scheme:
        try:
            groups = self._compiled.groupindex
        except re.error as error:
            raise ValueError(f"{self.name}: the pattern is not a regular expression: {error}") from None
        group = "object" if self.resolver is Resolver.NAMED else "token"
        if group not in groups:
            raise ValueError(f"{self.name}: the pattern lacks the group (?P<{group}>…)")
        if self.resolver is Resolver.HTTP and "{token}" not in self.address:
            raise ValueError(f"{self.name}: the address lacks {{token}}")
        return self

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.IGNORECASE)

    def token_in(self, text: str) -> str | None:
        """The object or token in a text; None: not such a code."""
        found = self._compiled.fullmatch(text)
        return found["object" if self.resolver is Resolver.NAMED else "token"] if found else None


class UnknownForeignCode(NotFound):
    """It is such a code, but nobody knows whose."""

    def __init__(self, scheme: str, token: str) -> None:
        super().__init__(
            f"{scheme}（{token}）未登记，无法识别企业", f"no object is known for {scheme} code {token!r}", scheme=scheme
        )


class ForeignSystemSilent(Unavailable):
    """The system that keeps the foreign codes does not answer."""

    def __init__(self, scheme: str) -> None:
        super().__init__(f"{scheme} 系统暂无响应，请稍后重试", f"the {scheme} system does not answer; try again")


@dataclass(frozen=True)
class Recognized:
    """A text that is a foreign code.

    Args:
        scheme: which.
        token: what it carries.
    """

    scheme: Scheme
    token: str


class ForeignCodes:
    """All foreign codes that are configured.

    Args:
        schemes: the first that matches counts.
        get: asks an address; for tests.
    """

    def __init__(self, schemes: Sequence[Scheme], get: Callable[[str], httpx.Response] | None = None) -> None:
        self._schemes = tuple(schemes)
        self._get = get or (lambda url: httpx.get(url, timeout=PATIENCE))
        self._answers: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._lock = threading.Lock()

    def recognize(self, text: str) -> Recognized | None:
        """The foreign code a text is; None: not one of these."""
        text = text.strip()
        if len(text) > LONGEST:
            return None
        for scheme in self._schemes:
            token = scheme.token_in(text)
            if token is not None:
                return Recognized(scheme, token)
        return None

    def ask(self, text: str) -> None:
        """Ask the foreign system whose code it is, if it takes that. It may be slow: do it before a transaction.

        Raises:
            ForeignSystemSilent: it does not answer.
            UnknownForeignCode: it knows no such code.
        """
        found = self.recognize(text)
        if found is None or found.scheme.resolver is not Resolver.HTTP or self.answer(found):
            return
        try:
            response = self._get(found.scheme.address.replace("{token}", quote(found.token, safe="")))
            response.raise_for_status()
            answer: object = response.json()
        except (httpx.HTTPError, ValueError):
            raise ForeignSystemSilent(found.scheme.name) from None
        for member in found.scheme.member.split("."):
            answer = answer.get(member) if isinstance(answer, dict) else None
        if not isinstance(answer, str) or not answer:
            raise UnknownForeignCode(found.scheme.name, found.token)
        self._keep(found, answer)

    def object_of(self, found: Recognized, registered: Callable[[str, str], str | None]) -> str:
        """The object a foreign code stands for.

        Args:
            registered: looks up what was registered here, by scheme and token.

        Raises:
            UnknownForeignCode: nobody knows whose it is.
        """
        name, token = found.scheme.name, found.token
        if found.scheme.resolver is Resolver.NAMED:
            return token.upper()
        object_id = self.answer(found) if found.scheme.resolver is Resolver.HTTP else registered(name, token)
        if not object_id:
            raise UnknownForeignCode(name, token)
        return object_id

    def answer(self, found: Recognized) -> str | None:
        """What the foreign system answered before."""
        return self._answers.get((found.scheme.name, found.token))

    def _keep(self, found: Recognized, object_id: str) -> None:
        with self._lock:
            self._answers[found.scheme.name, found.token] = object_id
            while len(self._answers) > 4096:
                self._answers.popitem(last=False)
