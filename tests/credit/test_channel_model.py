"""Where a channel may lead, how long a delivery waits, and what a natural person's name becomes."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta

import pytest

from services.chassis.errors import InvalidArgument
from services.credit.model.channel import Channel, ChannelKind, is_public
from services.credit.model.delivery import (
    LEASE,
    Delivery,
    DeliveryAction,
    DeliveryState,
    NotPending,
    pause,
)
from services.credit.model.disclosure import masked
from services.credit.model.known import is_personal

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
NOW = datetime(2025, 6, 9, 1, tzinfo=UTC)


def violations(target: str, *, secret: str = SECRET, allowed: frozenset[str] = frozenset()) -> dict[str, str]:
    channel = Channel(name="n", kind=ChannelKind.WEBHOOK, target=target, secret=secret)
    try:
        channel.check(allowed)
    except InvalidArgument as refusal:
        return {violation.field: violation.rule for violation in refusal.violations}
    return {}


@pytest.mark.parametrize(
    "target",
    [
        "http://registry.example.com/hook",
        "ftp://registry.example.com/",
        "https://",
        "not a url",
        "https://user:password@registry.example.com/",
        "https://registry.example.com/#part",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://localhost/",
        "https://credit.local/",
        "https://intranet/",
        "https://registry.example.com:99999/",
    ],
)
def test_a_target_that_leads_inside_or_is_not_https_is_refused(target: str) -> None:
    assert violations(target) == {"channel.target": "UNSAFE_TARGET"}


@pytest.mark.parametrize(
    "target",
    ["https://registry.example.com/hook", "https://93.184.215.14:8443/hook?x=1", "https://[2606:2800:220:1::1]/hook"],
)
def test_a_public_https_target_is_taken(target: str) -> None:
    assert violations(target) == {}


def test_a_host_the_operator_allows_may_be_inside_and_plain() -> None:
    assert violations("http://127.0.0.1:9000/hook", allowed=frozenset({"127.0.0.1:9000"})) == {}
    assert violations("http://127.0.0.1:9001/hook", allowed=frozenset({"127.0.0.1:9000"})) != {}


@pytest.mark.parametrize("secret", ["", "secret", "whsec_???", "whsec_" + base64.b64encode(b"short").decode()])
def test_a_webhook_needs_a_real_secret(secret: str) -> None:
    assert violations("https://registry.example.com/", secret=secret) == {"channel.secret": "FORMAT"}


@pytest.mark.parametrize("name", ["", "..", "a/b", "/etc", "a" * 65, "名"])
def test_a_directory_has_a_plain_name(name: str) -> None:
    with pytest.raises(InvalidArgument):
        Channel(name="n", kind=ChannelKind.DIRECTORY, target=name).check(frozenset())


TUNNELS = ["64:ff9b::a00:1", "64:ff9b:1::1", "2002:a00:1::1", "::10.0.0.1", "::ffff:10.0.0.1", "::ffff:0:10.0.0.1"]
"""IPv6 that a gateway may lead to an IPv4 address inside."""


@pytest.mark.parametrize(
    "address", ["0.0.0.0", "100.64.0.1", "192.168.0.1", "224.0.0.1", "fe80::1", "fc00::1", "::", *TUNNELS]
)
def test_reserved_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


def delivery() -> Delivery:
    return Delivery(
        delivery_id="d1",
        channel_id="c1",
        channel_name="n",
        disclosure_id="x",
        authority_id="a1",
        action=DeliveryAction.SHARE,
        revision=1,
        payload="{}",
        queued_at=NOW,
        next_attempt_at=NOW,
        queued_on=date(2025, 6, 9),
        due_on=date(2025, 6, 12),
        due_provisional=False,
    )


def test_pauses_double_up_to_an_hour() -> None:
    assert [pause(n).total_seconds() for n in (1, 2, 3, 4)] == [15, 30, 60, 120]
    assert pause(1000) == timedelta(hours=1)


def test_an_attempt_that_nobody_concludes_is_repeated_after_its_lease() -> None:
    sent = delivery()
    sent.begin(NOW)
    assert sent.next_attempt_at == NOW + LEASE
    assert sent.may_have_arrived


def test_a_superseded_delivery_keeps_the_acknowledgement_that_comes_late() -> None:
    sent = delivery()
    sent.begin(NOW)
    sent.supersede()
    sent.acknowledge("r1", NOW)
    assert (sent.state, sent.receipt, sent.acknowledged_at) == (DeliveryState.SUPERSEDED, "r1", NOW)


def test_what_is_acknowledged_is_not_tried_again() -> None:
    sent = delivery()
    sent.acknowledge("", NOW)
    with pytest.raises(NotPending):
        sent.retry(NOW)
    assert not sent.is_overdue(date(2026, 1, 1))


def test_a_delivery_is_overdue_the_day_after_it_was_due() -> None:
    assert not delivery().is_overdue(date(2025, 6, 12))
    assert delivery().is_overdue(date(2025, 6, 13))


@pytest.mark.parametrize(("name", "shown"), [("张三", "张*"), ("欧阳某某", "欧***"), ("张", "张*"), ("", "")])
def test_a_persons_name_is_masked(name: str, shown: str) -> None:
    assert masked(name) == shown


def test_an_unknown_object_with_a_residents_number_is_taken_for_a_person() -> None:
    assert is_personal("110101199003078515", None)
    assert not is_personal("91500000202834455X", None)
