"""A withdrawal outlives kill -9 at every step: decided once, sent until it is acknowledged, with one id, never lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from liangma.credit.v1 import channels_pb2, disclosures_pb2, repairs_pb2

from services.credit.channels import senders
from services.credit.courier import Courier
from services.credit.model.delivery import LEASE
from services.credit.settings import vault_of
from tests.credit.mortal import ON_THE_WAY
from tests.credit.people import ADMIN, OFFICER, PUBLIC, SUPERVISOR, accepted, disclosed
from tests.credit.receiver import SECRET, Receiver, acknowledge, hang, receiving, wait_until
from tests.support.house import House, Refused, houses

house_after = houses("credit")


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving() as made:
        monkeypatch.setenv("LIANGMA_CREDIT_CHANNEL_HOSTS", made.host)
        yield made


@pytest.fixture
def house(receiver: Receiver, house_after: House) -> House:
    """Started after the receiver, whose port it must allow."""
    return house_after


@pytest.fixture
def shared(house: House, receiver: Receiver) -> Any:
    """An accepted repair of a result that a channel shows."""
    channel = {"name": "信用中国", "kind": "CHANNEL_KIND_WEBHOOK", "target": receiver.url, "secret": SECRET}
    house.call("credit", "CreateChannel", {"channel": channel}, by=ADMIN)
    repair = accepted(house)
    carry(house, receiver)
    assert receiver.shown() == {repair.disclosure_id}
    return repair


def carry(house: House, receiver: Receiver) -> None:
    """A round of a worker that lives."""
    vault = vault_of(house.runtimes["credit"])
    Courier(house.runtimes["credit"], senders([receiver.host], house.directory / "channels", vault)).deliver_due()


def killed_at(step: str, house: House, receiver: Receiver, repair: Any) -> None:
    """A process of its own comes to the step and is killed there."""
    url = house.runtimes["credit"].database.engine.url.render_as_string(hide_password=False)
    own = {"LIANGMA_VAR_DIR": str(house.directory), "LIANGMA_CREDIT_DATABASE_URL": url}
    receiver.behaviour = hang if step == "SENT" else acknowledge
    came_before = len(receiver.got)
    told = [step, repair.repair_id, repair.authority_id, house.now.isoformat()]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.credit.mortal", *told], env=os.environ | own
    )
    try:
        if step == "SENT":
            wait_until(lambda: len(receiver.got) > came_before, seconds=30)
            process.kill()
        assert process.wait(60) == -signal.SIGKILL
    finally:
        process.kill()
        process.wait()
    receiver.behaviour = acknowledge


def grant(house: House, repair: Any) -> None:
    house.call("credit", "GrantRepair", {"repair_id": repair.repair_id}, by=OFFICER)


def withdrawals(house: House) -> list[channels_pb2.Delivery]:
    request = {"action": "DELIVERY_ACTION_WITHDRAW"}
    return list(house.call("credit", "ListDeliveries", request, by=SUPERVISOR).deliveries)


def is_withdrawn_everywhere(house: House, receiver: Receiver, repair: Any) -> bool:
    """Public copy, channel and record agree, and the receiver was only ever told by one id."""
    (kept,) = withdrawals(house)
    told = {parcel["delivery_id"] for parcel in receiver.got if parcel["action"] == "WITHDRAW"}
    is_acknowledged = kept.state == channels_pb2.DELIVERY_STATE_ACKNOWLEDGED and bool(kept.receipt)
    return is_acknowledged and told == {kept.delivery_id} and receiver.shown() == set() and is_hidden(house, repair)


def is_hidden(house: House, repair: Any) -> bool:
    with pytest.raises(Refused) as refusal:
        house.call("credit", "GetDisclosure", {"disclosure_id": repair.disclosure_id}, by=PUBLIC)
    found = disclosed(house, kind="DISCLOSURE_KIND_RESULT")
    return refusal.value.code is grpc.StatusCode.NOT_FOUND and found == []


def state(house: House, repair: Any) -> int:
    return int(house.call("credit", "GetRepair", {"repair_id": repair.repair_id}, by=OFFICER).state)


def test_a_decision_that_dies_before_its_commit_has_never_been(house: House, receiver: Receiver, shared: Any) -> None:
    killed_at("DECIDING", house, receiver, shared)
    assert state(house, shared) == repairs_pb2.REPAIR_STATE_ACCEPTED
    assert [found.state for found in disclosed(house, kind="DISCLOSURE_KIND_RESULT")] == [
        disclosures_pb2.DISCLOSURE_STATE_DISCLOSED
    ]
    assert withdrawals(house) == []
    grant(house, shared)
    carry(house, receiver)
    assert is_withdrawn_everywhere(house, receiver, shared)


def test_with_the_decision_the_public_copy_is_gone_and_the_withdrawal_queued(
    house: House, receiver: Receiver, shared: Any
) -> None:
    killed_at("DECIDED", house, receiver, shared)
    assert state(house, shared) == repairs_pb2.REPAIR_STATE_GRANTED
    assert is_hidden(house, shared)
    (queued,) = withdrawals(house)
    assert (queued.attempts, queued.due_on) == (0, "2025-06-12")
    carry(house, receiver)
    assert is_withdrawn_everywhere(house, receiver, shared)


@pytest.mark.parametrize("step", ON_THE_WAY)
def test_a_courier_killed_on_the_way_leaves_the_withdrawal_to_the_next(
    house: House, receiver: Receiver, shared: Any, step: str
) -> None:
    grant(house, shared)
    killed_at(step, house, receiver, shared)
    (begun,) = withdrawals(house)
    assert (begun.state, begun.attempts) == (channels_pb2.DELIVERY_STATE_PENDING, 1)
    carry(house, receiver)
    assert not is_withdrawn_yet(house), "an attempt that may still live is left alone until its lease is over"
    house.now += LEASE
    carry(house, receiver)
    assert is_withdrawn_everywhere(house, receiver, shared)


def is_withdrawn_yet(house: House) -> bool:
    return any(each.state == channels_pb2.DELIVERY_STATE_ACKNOWLEDGED for each in withdrawals(house))
