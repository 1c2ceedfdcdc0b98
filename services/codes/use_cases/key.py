"""Signing keys: the first pair, and the change from one to the next."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from services.chassis.work import Work
from services.codes import cose
from services.codes.model import key
from services.codes.model.key import KeyState, SigningKey


class KeyMaker(Protocol):
    """What makes keys and seals them."""

    def make(self, number: int, state: KeyState, now: datetime) -> SigningKey:
        """A fresh key."""
        ...


class Cabinet(KeyMaker, Protocol):
    """Where keys are sealed."""

    @property
    def host(self) -> str:
        """The host that codes carry."""
        ...

    def signer(self, key: SigningKey) -> cose.Signer:
        """What signs with a key."""
        ...


def current_signer(work: Work, cabinet: Cabinet, *, now: datetime) -> cose.Signer:
    """What signs now."""
    return cabinet.signer(key.current(signing_keys(work, cabinet, now=now)))


def signing_keys(work: Work, maker: KeyMaker, *, now: datetime) -> list[SigningKey]:
    """All keys, oldest first; the first two are made when they are first asked for."""
    return _stored(work) or _first(work, maker, now)


def rotate_keys(work: Work, maker: KeyMaker, *, now: datetime) -> list[SigningKey]:
    """The next key signs from now on; the one before retires; another next one is made."""
    signing_keys(work, maker, now=now)
    _lock(work)
    keys = work.all(SigningKey, order_by=["number"])
    key.current(keys).retire(now)
    key.upcoming(keys).activate(now)
    work.add(maker.make(len(keys) + 1, KeyState.NEXT, now))
    return _stored(work)


def _first(work: Work, maker: KeyMaker, now: datetime) -> list[SigningKey]:
    _lock(work)
    if not _stored(work):
        work.add(maker.make(1, KeyState.CURRENT, now), maker.make(2, KeyState.NEXT, now))
    return _stored(work)


def _stored(work: Work) -> list[SigningKey]:
    return work.all(SigningKey, order_by=["number"])


def _lock(work: Work) -> None:
    """Whoever makes or changes keys waits here for whoever does so just now."""
    work.next_number("signing-keys")
