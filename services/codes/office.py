"""What the service's processes work with besides the database: settings, keys, foreign codes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.chassis.runtime import Runtime
from services.chassis.settings import Settings
from services.chassis.unit_of_work import UnitOfWork
from services.chassis.vault import Vault
from services.codes import cose, signing
from services.codes.cabinet import Cabinet
from services.codes.foreign import ForeignCodes
from services.codes.key_file import ALGORITHMS
from services.codes.ledger import SqlLedger
from services.codes.model import live
from services.codes.model.code import CodeKind
from services.codes.model.content import Content
from services.codes.model.key import SigningKey
from services.codes.model.live import PresentationNeeded
from services.codes.settings import CodesSettings, codes_settings
from services.codes.tables import signing_keys
from services.codes.use_cases.mint import Press
from services.codes.use_cases.visit import Seen, own_enterprise, registered_object

Read = TypeVar("Read")


class Reader(Protocol):
    """Reads a signed text with the keys that are known."""

    def __call__(self, text: str, decode: Callable[[str, cose.KeyBook], Read]) -> Read: ...


class Office:
    """One for each set of settings in a process.

    Args:
        settings: the service's own.
        key_file: seals the signing keys.
        hosts: whose codes are ours.
    """

    def __init__(self, settings: CodesSettings, key_file: Path, hosts: list[str]) -> None:
        self.settings = settings
        self._vault = Vault(key_file)
        self.cabinet = Cabinet(self._vault, hosts, ALGORITHMS[settings.algorithm])
        self.foreign = ForeignCodes(settings.foreign_schemes())
        self._book = self.cabinet.book([])

    @property
    def enterprise_codes_last(self) -> timedelta:
        """How long an enterprise code is good."""
        return timedelta(days=self.settings.enterprise_code_days)

    def press(self, session: Session) -> Press:
        """What codes are made with in a transaction."""
        return Press(SqlLedger(session), self.cabinet, self.settings.limits)

    def reader(self, session: Session) -> Reader:
        """Reads signed texts; when a key is unknown, keys are read again, once for all texts of a call."""
        may_read = True

        def read(text: str, decode: Callable[[str, cose.KeyBook], Read]) -> Read:
            nonlocal may_read
            try:
                return decode(text, self._book)
            except cose.UnknownKey:
                if not may_read:
                    raise
                self._book, may_read = self.cabinet.book(stored_keys(session)), False
                return decode(text, self._book)

        return read

    def check(self, text: str, read: Reader, now: datetime) -> Content:
        """What a genuine code says, printed or presented.

        Raises:
            InvalidArgument: it is foreign, malformed, signed by an unknown key, or forged.
            PresentationForged, PresentationStale: its live proof is not one of now.
        """
        static, proof = live.split(text)
        content = read(static, signing.decode_and_verify)
        if proof:
            live.check(self.live_secret(content.code_id), proof, now)
        return content

    def presented(self, text: str, session: Session, now: datetime) -> Content:
        """What a genuine code says that an inspector presents now.

        Raises:
            InvalidArgument: it is foreign, malformed, signed by an unknown key, or forged.
            PresentationForged, PresentationStale: its live proof is not one of now.
            PresentationNeeded: it has none.
        """
        content = self.check(text, self.reader(session), now)
        if content.kind != CodeKind.ENTERPRISE and self._must_be_live and not live.split(text)[1]:
            raise PresentationNeeded
        return content

    def live_secret(self, code_id: str) -> bytes:
        """The secret of a code's live proofs."""
        return live.secret_of(self._live_master, code_id)

    @cached_property
    def _live_master(self) -> bytes:
        return self._vault.derived("LM-LIVE-1")

    @property
    def _must_be_live(self) -> bool:
        return self.settings.live_proof == "required"

    def see(self, text: str, work: UnitOfWork, now: datetime) -> Seen:
        """The object of the enterprise code that was scanned: a foreign one, or one of ours."""
        found = self.foreign.recognize(text)
        if found is None:
            return own_enterprise(work, self.reader(work.session)(text, signing.decode_and_verify), now=now)
        object_id = self.foreign.object_of(found, lambda scheme, token: registered_object(work, scheme, token))
        return Seen(object_id, found.scheme.name)


def stored_keys(session: Session) -> list[SigningKey]:
    """All signing keys, oldest first."""
    return list(session.scalars(select(SigningKey).order_by(signing_keys.c.number)))


def office(runtime: Runtime) -> Office:
    """The office of a process."""
    return _office(runtime.settings.var_dir, runtime.settings.public_url)


@lru_cache(maxsize=256)
def _office(var_dir: Path, public_url: str) -> Office:
    settings = codes_settings()
    shared = Settings.model_construct(var_dir=var_dir, public_url=public_url)
    return Office(settings, settings.key_file or var_dir / "codes.key", settings.hosts(shared))
