"""Who speaks for an object, and its own code (企业码)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Protocol

from services.chassis.clock import today
from services.chassis.errors import InvalidArgument, NoSuchThing, Violation
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.codes import signing
from services.codes.events import BindingChanged, BindingState
from services.codes.model.code import CodeState
from services.codes.model.directory import KnownObject
from services.codes.model.enterprise_code import (
    AccountBoundAlready,
    Binding,
    BindingKind,
    EnterpriseCode,
    ForeignCode,
    NoIdentityProof,
    OwnerNeeded,
)
from services.codes.model.visit import NotTheObject
from services.codes.use_cases.key import Cabinet, current_signer

MOST_IN_A_FACT = 500


class Places(Protocol):
    """Places on the status list."""

    def take_status_indexes(self, number: int) -> int:
        """The first of so many consecutive free places on the status list."""
        ...


def speaks_for(work: Work, by: Principal, object_id: str, day: date) -> bool:
    """Whether an account speaks for an object: by its identity proof, or by a binding that holds."""
    if "enterprise" not in by.roles or not object_id:
        return False
    if by.object == object_id:
        return True
    return any(b.holds_on(day) for b in work.all(Binding, subject=by.subject, object_id=object_id))


def objects_of(work: Work, by: Principal, day: date) -> list[str]:
    """All objects an account speaks for, that of its identity proof first."""
    bound = [b.object_id for b in work.all(Binding, subject=by.subject, order_by=["binding_id"]) if b.holds_on(day)]
    return list(dict.fromkeys([*([by.object] if by.object else []), *bound]))


def object_for(work: Work, by: Principal, object_id: str, day: date) -> str:
    """The object a request is for: the one named, else the account's own.

    Raises:
        NotTheObject: the account does not speak for it.
        NoIdentityProof: none is named and the account has none.
    """
    if object_id:
        if not speaks_for(work, by, object_id, day):
            raise NotTheObject(object_id)
        return object_id
    own = objects_of(work, by, day)
    if not own:
        raise NoIdentityProof
    return own[0]


def bind_account(work: Work, *, by: Principal, now: datetime) -> Binding:
    """An account whose sign-in proves its object is bound to it; a repeat changes nothing.

    Raises:
        NoIdentityProof: the sign-in proves none.
    """
    if not by.object:
        raise NoIdentityProof
    work.get(KnownObject, by.object)
    standing = [b for b in work.all(Binding, subject=by.subject, object_id=by.object) if b.holds_on(today(now))]
    owner = next((b for b in standing if b.kind is BindingKind.OWNER), None)
    if owner is None:
        owner = Binding(
            binding_id=work.new_id(),
            object_id=by.object,
            subject=by.subject,
            name=by.name,
            kind=BindingKind.OWNER,
        )
        work.add(owner)
        work.emit(BindingChanged(work.new_id(), (_state(owner, now),)))
    return owner


def delegate_account(
    work: Work, object_id: str, subject: str, name: str, ends_on: date | None, *, by: Principal, now: datetime
) -> Binding:
    """The owner lets another account speak for the object.

    Raises:
        OwnerNeeded: the caller is not the owner.
        AccountBoundAlready: the account speaks for it already.
    """
    object_id = object_for(work, by, object_id, today(now))
    _check_owner(work, by, object_id, today(now))
    if ends_on is not None and ends_on < today(now):
        raise InvalidArgument(Violation("ends_on", "RANGE", "ends_on 已过", "ends_on is in the past"))
    if any(b.holds_on(today(now)) for b in work.all(Binding, subject=subject, object_id=object_id)):
        raise AccountBoundAlready(subject, object_id)
    binding = Binding(
        binding_id=work.new_id(),
        object_id=object_id,
        subject=subject,
        name=name,
        kind=BindingKind.DELEGATE,
        ends_on=ends_on,
    )
    work.add(binding)
    work.emit(BindingChanged(work.new_id(), (_state(binding, now),)))
    return binding


def end_binding(work: Work, binding_id: str, *, etag: str, by: Principal, now: datetime) -> Binding:
    """The owner ends a binding, a delegate his own.

    Raises:
        NoSuchThing: there is none, or it is of an object the caller does not speak for.
        OwnerNeeded: another delegate's.
        BindingEnded: it had ended already.
    """
    binding = work.get(Binding, binding_id, etag=etag, lock=True)
    if binding.subject != by.subject:
        if not speaks_for(work, by, binding.object_id, today(now)):
            raise NoSuchThing("Binding", binding_id)
        _check_owner(work, by, binding.object_id, today(now))
    binding.end(now)
    work.emit(BindingChanged(work.new_id(), (_state(binding, now),)))
    return binding


def announce_bindings(work: Work, *, now: datetime) -> None:
    """Announce all bindings, once: those of before they were announced at all are known to nobody else."""
    if work.next_number("bindings-announced") > 1:
        return
    names = ("binding_id", "object_id", "subject", "kind", "created_at", "ends_on", "ended_at")
    for batch in work.row_batches(Binding, names, MOST_IN_A_FACT):
        work.emit(BindingChanged(work.new_id(), tuple(_state(row, now) for row in batch)))


def issue_enterprise_code(
    work: Work, object_id: str, cabinet: Cabinet, places: Places, lasts: timedelta, *, by: Principal, now: datetime
) -> EnterpriseCode:
    """The code of an object; the earlier one is revoked.

    Raises:
        NoSuchThing: no such object.
        NotTheObject: the account does not speak for it.
    """
    if not ("administrator" in by.roles and object_id):
        object_id = object_for(work, by, object_id, today(now))
    work.get(KnownObject, object_id)
    for earlier in work.all(EnterpriseCode, object_id=object_id, state=CodeState.ISSUED):
        earlier.state = CodeState.REVOKED
    since = now.replace(microsecond=0)
    code = EnterpriseCode(
        code_id=work.new_id(),
        object_id=object_id,
        status_index=places.take_status_indexes(1),
        valid_from=since,
        valid_to=since + lasts,
    )
    signer = current_signer(work, cabinet, now=now)
    code.text = signing.encode(code.content(), signer, cabinet.host)
    work.add(code)
    return code


def enterprise_code_of(work: Work, object_id: str, *, by: Principal, now: datetime) -> EnterpriseCode:
    """The code of an object that stands now.

    Raises:
        NoSuchThing: there is none.
        NotTheObject: the account does not speak for the object.
    """
    if "administrator" not in by.roles:
        object_for(work, by, object_id, today(now))
    code = work.find(EnterpriseCode, object_id=object_id, state=CodeState.ISSUED)
    if code is None:
        raise NoSuchThing("EnterpriseCode", object_id)
    return code


def register_foreign_code(
    work: Work, scheme: str, token: str, object_id: str, *, by: Principal, now: datetime
) -> ForeignCode:
    """A foreign code is known to stand for an object from now on.

    Raises:
        NoSuchThing: no such object.
    """
    work.get(KnownObject, object_id)
    row = {"scheme": scheme, "token": token, "object_id": object_id, "created_at": now, "created_by": by.subject}
    work.upsert(ForeignCode, [row])
    return ForeignCode(scheme=scheme, token=token, object_id=object_id, created_at=now, created_by=by.subject)


def _check_owner(work: Work, by: Principal, object_id: str, day: date) -> None:
    if by.object == object_id:
        return
    own = work.all(Binding, subject=by.subject, object_id=object_id)
    if not any(binding.kind is BindingKind.OWNER and binding.holds_on(day) for binding in own):
        raise OwnerNeeded(object_id)


def _state(binding: Any, now: datetime) -> BindingState:
    """A binding, or a row of one, as it is told."""
    ended = binding.ended_at is not None
    return BindingState(
        binding_id=binding.binding_id,
        version=2 if ended else 1,
        object_id=binding.object_id,
        subject=binding.subject,
        kind=binding.kind,
        starts_on=today(binding.created_at or now),
        ends_on=binding.ends_on,
        ended=ended,
    )
