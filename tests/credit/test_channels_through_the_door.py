"""What is shared is acknowledged or tried again; what is withdrawn is withdrawn from whoever may have got it."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from liangma.credit.v1 import channels_pb2, events_pb2

from services.chassis.vault import Vault
from services.credit.channels import NotAcknowledged, Webhook, senders
from services.credit.courier import Courier
from services.credit.model.channel import Channel, ChannelKind
from services.credit.model.delivery import LEASE, DeliveryAction
from services.credit.queries.delivery import NextDelivery
from services.credit.settings import vault_of
from services.credit.use_cases.delivery import Parcel, begin_attempt
from tests.credit.people import (
    ADMIN,
    CITY,
    DISTRICT_OFFICER,
    FIRM,
    OFFICER,
    PERSON,
    PLANNER,
    SUPERVISOR,
    accepted,
    correct,
    disclosed_result,
    know_objects,
    next_days,
    publish,
)
from tests.credit.receiver import (
    SECRET,
    Receiver,
    a_list,
    acknowledge,
    acknowledge_another,
    drip,
    fail,
    flood,
    garbage,
    hang,
    hang_up,
    receiving,
    redirect,
    refuse_withdrawals,
    wait_until,
)
from tests.support.house import MONDAY, House, Refused, houses

house_after = houses("credit")


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving() as made:
        monkeypatch.setenv("LIANGMA_CREDIT_CHANNEL_HOSTS", f"127.0.0.1:9, {made.host.upper()}")
        yield made


@pytest.fixture
def house(receiver: Receiver, house_after: House) -> House:
    """Started after the receiver, whose port it must allow."""
    return house_after


def courier(house: House, receiver: Receiver, *, seconds: float = 0.5) -> Courier:
    """As a worker has it, only less patient."""
    vault = vault_of(house.runtimes["credit"])
    ways = senders([receiver.host, "127.0.0.1:9"], house.directory / "channels", vault)
    ways[ChannelKind.WEBHOOK] = Webhook([receiver.host, "127.0.0.1:9"], vault, (seconds, seconds, seconds))
    return Courier(house.runtimes["credit"], ways)


def webhook(house: House, receiver: Receiver, **changes: Any) -> Any:
    values = {"name": "信用中国", "kind": "CHANNEL_KIND_WEBHOOK", "target": receiver.url, "secret": SECRET}
    return house.call("credit", "CreateChannel", {"channel": values | changes}, by=ADMIN)


def directory(house: House, target: str = "gsxt", **changes: Any) -> Any:
    values = {"name": f"目录 {target}", "kind": "CHANNEL_KIND_DIRECTORY", "target": target}
    return house.call("credit", "CreateChannel", {"channel": values | changes}, by=ADMIN)


def deliveries(house: House, **filters: Any) -> list[channels_pb2.Delivery]:
    """Oldest first."""
    request = {"order_by": "create_time"} | filters
    return list(house.call("credit", "ListDeliveries", request, by=SUPERVISOR).deliveries)


def said(deliveries: list[channels_pb2.Delivery]) -> list[tuple[str, str, int]]:
    return [
        (
            channels_pb2.DeliveryAction.Name(item.action).removeprefix("DELIVERY_ACTION_"),
            channels_pb2.DeliveryState.Name(item.state).removeprefix("DELIVERY_STATE_"),
            item.attempts,
        )
        for item in deliveries
    ]


def grant(house: House, repair: Any) -> None:
    house.call("credit", "GrantRepair", {"repair_id": repair.repair_id}, by=OFFICER)


def test_a_result_is_shared_signed_and_its_acknowledgement_kept(house: House, receiver: Receiver) -> None:
    channel = webhook(house, receiver)
    publish(house)
    courier(house, receiver).deliver_due()
    (parcel,) = receiver.got
    assert (parcel["action"], parcel["revision"]) == ("SHARE", 1)
    assert parcel["result"]["object_name"] == "甲公司"
    assert parcel["result"]["facts"]["finding"] == "PROBLEM_PENDING"
    (kept,) = deliveries(house)
    assert said([kept]) == [("SHARE", "ACKNOWLEDGED", 1)]
    assert (kept.receipt, kept.delivery_id, kept.due_on) == ("R-1", receiver.ids[0], "2025-06-12")
    assert (kept.channel_id, kept.channel_name) == (channel.channel_id, "信用中国")
    assert not kept.HasField("next_attempt_at")


def test_what_is_acknowledged_is_not_sent_again(house: House, receiver: Receiver) -> None:
    webhook(house, receiver)
    publish(house)
    publish(house)
    for _ in range(3):
        courier(house, receiver).deliver_due()
        house.pass_time(hours=2)
    assert len(receiver.got) == 1


def test_the_timer_sends_in_the_background(house: House, receiver: Receiver) -> None:
    webhook(house, receiver)
    publish(house)
    house.fire("credit", "send_deliveries")
    wait_until(lambda: said(deliveries(house)) == [("SHARE", "ACKNOWLEDGED", 1)])
    for thread in threading.enumerate():
        if thread.name.startswith("credit-"):
            thread.join()


@pytest.mark.parametrize(
    "behaviour",
    [fail, garbage, acknowledge_another, a_list, redirect, flood, drip, hang, hang_up],
    ids=lambda behaviour: behaviour.__name__,
)
def test_whatever_is_no_acknowledgement_is_tried_again_with_the_same_id(
    house: House, receiver: Receiver, behaviour: Any
) -> None:
    webhook(house, receiver)
    receiver.behaviour = behaviour
    publish(house)
    courier(house, receiver).deliver_due()
    (failed,) = deliveries(house)
    assert said([failed]) == [("SHARE", "PENDING", 1)]
    assert failed.last_error
    assert failed.next_attempt_at.ToDatetime() - failed.last_attempt_at.ToDatetime() == timedelta(seconds=15)
    receiver.behaviour = acknowledge
    courier(house, receiver).deliver_due()
    assert said(deliveries(house)) == [("SHARE", "PENDING", 1)]
    house.pass_time(seconds=15)
    courier(house, receiver).deliver_due()
    assert said(deliveries(house)) == [("SHARE", "ACKNOWLEDGED", 2)]
    assert len(set(receiver.ids)) == 1


def test_a_channel_nobody_answers_holds_up_no_other_and_is_tried_once_a_round(house: House, receiver: Receiver) -> None:
    webhook(house, receiver, name="无人", target="http://127.0.0.1:9/hook")
    webhook(house, receiver)
    for n in range(3):
        publish(house, f"i{n}")
    courier(house, receiver).deliver_due()
    assert len(receiver.got) == 3
    assert sorted(item.attempts for item in deliveries(house)) == [0, 0, 1, 1, 1, 1]


def test_a_crash_on_the_way_loses_nothing(house: House, receiver: Receiver) -> None:
    """Whoever dies between the transactions leaves a lease; after it the delivery goes out again, with the same id."""
    channel = webhook(house, receiver)
    publish(house)
    with house.work("credit") as work:
        begun = begin_attempt(work, channel.channel_id, NextDelivery(work.session), now=house.now)
    assert begun
    courier(house, receiver).deliver_due()
    assert receiver.got == []
    house.now += LEASE
    courier(house, receiver).deliver_due()
    assert receiver.ids == [begun.delivery_id]
    assert said(deliveries(house)) == [("SHARE", "ACKNOWLEDGED", 2)]


def test_two_couriers_do_not_send_the_same_twice(house: House, receiver: Receiver) -> None:
    channel = webhook(house, receiver)
    publish(house)
    with house.work("credit") as work:
        assert begin_attempt(work, channel.channel_id, NextDelivery(work.session), now=house.now)
    with house.work("credit") as work:
        assert begin_attempt(work, channel.channel_id, NextDelivery(work.session), now=house.now) is None


def test_the_administrator_may_have_it_tried_at_once(house: House, receiver: Receiver) -> None:
    webhook(house, receiver)
    receiver.behaviour = fail
    publish(house)
    courier(house, receiver).deliver_due()
    receiver.behaviour = acknowledge
    (failed,) = deliveries(house)
    house.call("credit", "RetryDelivery", {"delivery_id": failed.delivery_id}, by=ADMIN)
    courier(house, receiver).deliver_due()
    assert said(deliveries(house)) == [("SHARE", "ACKNOWLEDGED", 2)]
    with pytest.raises(Refused) as refusal:
        house.call("credit", "RetryDelivery", {"delivery_id": failed.delivery_id}, by=ADMIN)
    assert (refusal.value.reason, refusal.value.metadata["state"]) == ("NOT_PENDING", "ACKNOWLEDGED")


# withdrawal


def test_a_granted_repair_is_withdrawn_from_every_channel_that_got_the_result(house: House, receiver: Receiver) -> None:
    webhook(house, receiver)
    directory(house)
    repair = accepted(house)
    courier(house, receiver).deliver_due()
    file = house.directory / "channels" / "gsxt" / f"{repair.disclosure_id}.json"
    assert json.loads(file.read_text())["result"]["object_name"] == "甲公司"
    assert receiver.shown() == {repair.disclosure_id}
    grant(house, repair)
    courier(house, receiver).deliver_due()
    assert not file.exists()
    assert receiver.shown() == set()
    assert set(receiver.got[1]) == {"action", "delivery_id", "disclosure_id", "revision"}
    assert said(deliveries(house, action="DELIVERY_ACTION_WITHDRAW")) == [("WITHDRAW", "ACKNOWLEDGED", 1)] * 2
    log = [json.loads(line)["action"] for line in (file.parent / "log.jsonl").read_text().splitlines()]
    assert log == ["SHARE", "WITHDRAW"]


def test_what_was_never_sent_needs_no_withdrawal(house: House, receiver: Receiver) -> None:
    webhook(house, receiver)
    repair = accepted(house)
    grant(house, repair)
    courier(house, receiver).deliver_due()
    assert said(deliveries(house)) == [("SHARE", "SUPERSEDED", 0)]
    assert receiver.got == []


def test_what_may_have_arrived_is_withdrawn_although_nobody_acknowledged_it(house: House, receiver: Receiver) -> None:
    webhook(house, receiver)
    receiver.behaviour = hang_up
    repair = accepted(house)
    courier(house, receiver).deliver_due()
    grant(house, repair)
    receiver.behaviour = acknowledge
    courier(house, receiver).deliver_due()
    assert said(deliveries(house)) == [("SHARE", "SUPERSEDED", 1), ("WITHDRAW", "ACKNOWLEDGED", 1)]
    assert receiver.shown() == set()


def test_a_withdrawal_does_not_overtake_the_result_it_withdraws(house: House, receiver: Receiver) -> None:
    channel = webhook(house, receiver)
    repair = accepted(house)
    with house.work("credit") as work:  # an attempt is under way, nobody knows how it ends
        assert begin_attempt(work, channel.channel_id, NextDelivery(work.session), now=house.now)
    grant(house, repair)
    courier(house, receiver).deliver_due()
    assert receiver.got == []
    house.now += LEASE
    courier(house, receiver).deliver_due()
    assert [parcel["action"] for parcel in receiver.got] == ["WITHDRAW"]


def test_a_withdrawal_nobody_acknowledges_is_tried_for_ever_and_raised_when_overdue(
    house: House, receiver: Receiver
) -> None:
    webhook(house, receiver)
    receiver.behaviour = refuse_withdrawals
    repair = accepted(house)
    courier(house, receiver).deliver_due()
    grant(house, repair)
    for _ in range(8):
        courier(house, receiver).deliver_due()
        house.pass_time(hours=1)
    assert said(deliveries(house))[1] == ("WITHDRAW", "PENDING", 8)
    house.fire("credit", "raise_overdue_deliveries")
    assert house.announced("credit", events_pb2.DeliveryOverdue) == []
    next_days(house, 4)
    house.fire("credit", "raise_overdue_deliveries")
    house.fire("credit", "raise_overdue_deliveries")
    (raised,) = house.announced("credit", events_pb2.DeliveryOverdue)
    assert (raised.action, raised.due_on, raised.disclosure_id) == ("WITHDRAW", "2025-06-12", repair.disclosure_id)
    assert (raised.authority_id, raised.channel_name) == (CITY, "信用中国")
    assert (raised.inspection_id, raised.object_id, raised.object_name) == ("i1", FIRM, "甲公司")
    (late,) = deliveries(house, overdue=True)
    assert late.overdue


def test_a_retired_channel_gets_no_new_results_but_its_withdrawals(house: House, receiver: Receiver) -> None:
    channel = webhook(house, receiver)
    repair = accepted(house)
    courier(house, receiver).deliver_due()
    update(house, channel, receiver, state="CHANNEL_STATE_RETIRED")
    publish(house, "i2")
    grant(house, repair)
    courier(house, receiver).deliver_due()
    assert [parcel["action"] for parcel in receiver.got] == ["SHARE", "WITHDRAW"]


def test_a_channel_for_adverse_results_is_told_to_stop_when_a_correction_clears_one(
    house: House, receiver: Receiver
) -> None:
    webhook(house, receiver, scope="CHANNEL_SCOPE_ADVERSE")
    publish(house, "i2", adverse=False, finding="NO_PROBLEM")
    publish(house)
    courier(house, receiver).deliver_due()
    correct(house, adverse=False, finding="NO_PROBLEM")
    courier(house, receiver).deliver_due()
    assert [(parcel["action"], parcel["revision"]) for parcel in receiver.got] == [("SHARE", 1), ("WITHDRAW", 2)]
    correct(house, version=3)
    courier(house, receiver).deliver_due()
    assert receiver.got[-1]["action"] == "SHARE"


def test_a_correction_takes_the_place_of_what_was_not_delivered_yet(house: House, receiver: Receiver) -> None:
    webhook(house, receiver)
    publish(house)
    correct(house, summary="已改正")
    courier(house, receiver).deliver_due()
    (parcel,) = receiver.got
    assert (parcel["revision"], parcel["result"]["facts"]["summary"]) == (2, "已改正")
    assert said(deliveries(house)) == [("SHARE", "SUPERSEDED", 0), ("SHARE", "ACKNOWLEDGED", 1)]


def test_what_is_about_a_natural_person_is_not_shared(house: House, receiver: Receiver) -> None:
    know_objects(house)
    webhook(house, receiver)
    publish(house, object_id=PERSON, object_name="张三")
    assert deliveries(house) == []


def test_a_directory_shows_the_newest_version(house: House, receiver: Receiver) -> None:
    directory(house)
    publish(house)
    courier(house, receiver).deliver_due()
    correct(house, summary="已改正")
    courier(house, receiver).deliver_due()
    file = house.directory / "channels" / "gsxt" / f"{disclosed_result(house).disclosure_id}.json"
    assert json.loads(file.read_text())["result"]["facts"]["summary"] == "已改正"
    assert [path.name for path in file.parent.glob("*.part")] == []


def test_a_directory_that_cannot_be_written_is_a_channel_nobody_answers(house: House, receiver: Receiver) -> None:
    directory(house)
    (house.directory / "channels").write_text("in the way")
    publish(house)
    courier(house, receiver).deliver_due()
    (failed,) = deliveries(house)
    assert said([failed]) == [("SHARE", "PENDING", 1)]
    assert "Error" in failed.last_error


# who and how


def test_a_secret_is_never_shown(house: House, receiver: Receiver) -> None:
    channel = webhook(house, receiver)
    assert channel.secret == ""
    assert house.call("credit", "GetChannel", {"channel_id": channel.channel_id}, by=ADMIN).secret == ""
    assert [each.secret for each in house.call("credit", "ListChannels", {}, by=ADMIN).channels] == [""]


def update(house: House, channel: Any, receiver: Receiver, **changes: Any) -> Any:
    values = {"channelId": channel.channel_id, "name": channel.name, "kind": "CHANNEL_KIND_WEBHOOK"}
    request = {"channel": values | {"target": receiver.url} | changes, "etag": channel.etag}
    return house.call("credit", "UpdateChannel", request, by=ADMIN)


def test_an_update_without_a_secret_keeps_it(house: House, receiver: Receiver) -> None:
    channel = webhook(house, receiver)
    changed = update(house, channel, receiver, name="信用中国（重庆）")
    assert (changed.name, changed.etag) == ("信用中国（重庆）", "2")
    publish(house)
    courier(house, receiver).deliver_due()
    assert said(deliveries(house)) == [("SHARE", "ACKNOWLEDGED", 1)]
    with pytest.raises(Refused) as refusal:
        update(house, channel, receiver)
    assert refusal.value.code is grpc.StatusCode.ABORTED


@pytest.mark.parametrize(
    ("changes", "violations"),
    [
        ({"name": ""}, {"channel.name": "REQUIRED"}),
        ({"name": "名" * 201}, {"channel.name": "LENGTH"}),
        ({"target": "http://10.0.0.1/"}, {"channel.target": "UNSAFE_TARGET"}),
        ({"secret": "weak"}, {"channel.secret": "FORMAT"}),
        ({"kind": "CHANNEL_KIND_DIRECTORY", "target": "../up"}, {"channel.target": "FORMAT"}),
        ({"kind": "CHANNEL_KIND_UNSPECIFIED"}, {"channel.kind": "REQUIRED"}),
    ],
)
def test_a_bad_channel_is_refused_by_field(
    house: House, receiver: Receiver, changes: dict[str, str], violations: dict[str, str]
) -> None:
    with pytest.raises(Refused) as refusal:
        webhook(house, receiver, **changes)
    assert refusal.value.violations == violations


def test_the_kind_of_a_channel_stays_and_its_name_is_its_own(house: House, receiver: Receiver) -> None:
    channel = webhook(house, receiver)
    with pytest.raises(Refused) as refusal:
        update(house, channel, receiver, kind="CHANNEL_KIND_DIRECTORY", target="x")
    assert refusal.value.violations == {"channel.kind": "IMMUTABLE"}
    with pytest.raises(Refused) as refusal:
        webhook(house, receiver)
    assert refusal.value.reason == "CHANNEL_NAME_TAKEN"


def test_only_administrators_touch_channels_and_officers_see_their_own_deliveries(
    house: House, receiver: Receiver
) -> None:
    webhook(house, receiver)
    publish(house)
    for by, count in ((ADMIN, 1), (SUPERVISOR, 1), (OFFICER, 1), (DISTRICT_OFFICER, 0)):
        assert len(house.call("credit", "ListDeliveries", {}, by=by).deliveries) == count
    with pytest.raises(Refused) as refusal:
        house.call("credit", "ListDeliveries", {}, by=PLANNER)
    assert refusal.value.code is grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(Refused) as refusal:
        house.call("credit", "CreateChannel", {"channel": {"name": "x"}}, by=SUPERVISOR)
    assert refusal.value.code is grpc.StatusCode.PERMISSION_DENIED


# sealed


def kept_secrets(house: House) -> list[tuple[str, bytes | None]]:
    with house.work("credit") as work:
        return [(channel.secret, channel.sealed_secret) for channel in work.all(Channel)]


def test_a_secret_lies_sealed_in_the_database(house: House, receiver: Receiver) -> None:
    channel = webhook(house, receiver)
    ((in_the_open, sealed),) = kept_secrets(house)
    assert in_the_open == ""
    assert sealed
    assert SECRET.encode() not in sealed
    assert (house.directory / "credit.key").stat().st_mode & 0o077 == 0
    publish(house)
    courier(house, receiver).deliver_due()
    assert said(deliveries(house)) == [("SHARE", "ACKNOWLEDGED", 1)]
    another = update(house, channel, receiver, secret="whsec_" + base64.b64encode(b"n" * 32).decode())
    assert another.secret == ""
    ((in_the_open, new),) = kept_secrets(house)
    assert (in_the_open, new == sealed) == ("", False)


def test_what_was_kept_in_the_open_is_read_and_then_sealed(house: House, receiver: Receiver) -> None:
    webhook(house, receiver)
    with house.work("credit") as work:
        (channel,) = work.all(Channel)
        channel.secret, channel.sealed_secret = SECRET, None
    publish(house)
    courier(house, receiver).deliver_due()
    house.fire("credit", "seal_secrets")
    ((in_the_open, sealed),) = kept_secrets(house)
    assert (in_the_open, bool(sealed)) == ("", True)
    publish(house, "i2")
    courier(house, receiver).deliver_due()
    assert said(deliveries(house)) == [("SHARE", "ACKNOWLEDGED", 1)] * 2


def test_a_lost_key_file_is_named_and_a_new_secret_mends_it(house: House, receiver: Receiver) -> None:
    channel = webhook(house, receiver)
    (kept,) = [sealed for _, sealed in kept_secrets(house)]
    with house.work("credit") as work:
        (found,) = work.all(Channel)
        found.sealed_secret = Vault(house.directory / "another.key").seal(SECRET.encode(), b"c")
    publish(house)
    courier(house, receiver).deliver_due()
    (failed,) = deliveries(house)
    assert (said([failed]), receiver.got) == ([("SHARE", "PENDING", 1)], [])
    assert "another key file" in failed.last_error
    current = house.call("credit", "GetChannel", {"channel_id": channel.channel_id}, by=ADMIN)
    update(house, current, receiver, secret=SECRET)
    house.pass_time(seconds=15)
    courier(house, receiver).deliver_due()
    assert said(deliveries(house)) == [("SHARE", "ACKNOWLEDGED", 2)]
    assert kept not in [sealed for _, sealed in kept_secrets(house)]


def test_a_secret_serves_no_other_channel(house: House, receiver: Receiver) -> None:
    webhook(house, receiver)
    webhook(house, receiver, name="信用中国（二）")
    with house.work("credit") as work:
        one, other = work.all(Channel, order_by=["channel_id"])
        other.sealed_secret = one.sealed_secret
    publish(house)
    courier(house, receiver).deliver_due()
    assert sorted(said(deliveries(house))) == [("SHARE", "ACKNOWLEDGED", 1), ("SHARE", "PENDING", 1)]


# where a name leads


NO_VAULT = Vault(Path("absent"))


def parcel(target: str) -> Parcel:
    return Parcel(
        delivery_id="d1",
        disclosure_id="x",
        action=DeliveryAction.SHARE,
        revision=1,
        payload="{}",
        kind=ChannelKind.WEBHOOK,
        target=target,
        channel_id="c1",
        secret=SECRET,
        sealed_secret=None,
        attempted_at=MONDAY,
    )


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["::1"], []])
def test_a_name_that_leads_inside_is_not_called(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(NotAcknowledged, match="not public"):
        Webhook([], NO_VAULT).send(parcel("https://registry.example.com/hook"))


def test_a_name_without_an_address_is_a_channel_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror("unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(NotAcknowledged) as error:
        Webhook([], NO_VAULT).send(parcel("https://registry.example.com/hook"))
    assert error.value.is_unreachable


def test_the_address_that_was_checked_is_the_one_that_is_called() -> None:
    """A name that leads elsewhere the second time it is looked up (DNS rebinding) gains nothing by it."""
    calls = []

    def lookup(host: str, port: int, **_: object) -> Any:
        calls.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", port))]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lookup)
        url, headers, extensions = Webhook([], NO_VAULT)._route("https://registry.example.com:8443/hook?x=1")
    assert url == "https://93.184.215.14:8443/hook?x=1"
    assert headers["host"] == "registry.example.com:8443"
    assert extensions == {"sni_hostname": "registry.example.com"}
    assert calls == ["registry.example.com"]


def test_a_host_that_is_allowed_no_longer_is_not_called() -> None:
    with pytest.raises(NotAcknowledged, match="neither https nor allowed"):
        Webhook([], NO_VAULT).send(parcel("http://127.0.0.1:9/hook"))
