"""Refusals: the reason a client may test follows from the name of the rule."""

from __future__ import annotations

import pytest

from services.chassis.errors import InvalidArgument, NotFound, Refusal, StaleEtag


class NotAHash(InvalidArgument):
    """A rule whose name has a word of one letter."""


class URLNotAllowed(InvalidArgument):
    """A rule whose name has an abbreviation."""


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (NotFound, "NOT_FOUND"),
        (StaleEtag, "STALE_ETAG"),
        (NotAHash, "NOT_A_HASH"),
        (URLNotAllowed, "URL_NOT_ALLOWED"),
    ],
)
def test_a_reason_has_an_underscore_between_the_words_of_the_rules_name(rule: type[Refusal], reason: str) -> None:
    assert rule.reason == reason
