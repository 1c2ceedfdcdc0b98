from __future__ import annotations

from pathlib import Path

import pytest
from liangma.tasks.v1 import tasks_pb2

from services.chassis import policy
from services.chassis.identity import NOBODY, BadToken, NotYours, Principal, TokenVerifier
from tests.support.house import Issuer

LI = Principal("li", "李", frozenset({"planner"}), authority="a1", region="500000", certificate="c1")


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path)


@pytest.fixture
def verifier(issuer: Issuer) -> TokenVerifier:
    return TokenVerifier("liangma-embedded", "liangma", str(issuer.path))


def test_a_signed_token_proves_its_principal(issuer: Issuer, verifier: TokenVerifier) -> None:
    assert verifier.verify(issuer.token(LI)) == LI


@pytest.mark.parametrize(
    "bent", [{"iss": "somebody"}, {"aud": "something"}, {"sub": None}, {"exp": 1}], ids=lambda bent: next(iter(bent))
)
def test_a_token_for_others_or_out_of_date_proves_nothing(
    issuer: Issuer, verifier: TokenVerifier, bent: dict[str, object]
) -> None:
    with pytest.raises(BadToken):
        verifier.verify(issuer.token(LI, **bent))  # type: ignore[arg-type]


def test_a_forged_or_mangled_token_proves_nothing(issuer: Issuer, verifier: TokenVerifier, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for token in (Issuer(elsewhere).token(LI), issuer.token(LI)[:-4] + "AAAA", "x.y.z", ""):
        with pytest.raises(BadToken):
            verifier.verify(token)


def test_a_key_published_later_is_found(issuer: Issuer, verifier: TokenVerifier, tmp_path: Path) -> None:
    verifier.verify(issuer.token(LI))
    other = tmp_path / "other"
    other.mkdir()
    following = Issuer(other)
    issuer.path.write_text(following.path.read_text().replace('"test"', '"following"'))
    token = following.token(LI)
    with pytest.raises(BadToken):
        verifier.verify(token)  # signed with kid "test", which by now is the old key


def test_only_the_own_authority_passes() -> None:
    LI.require(authority="a1")
    for authority in ("a2", ""):
        with pytest.raises(NotYours):
            LI.require(authority=authority)


def test_the_rule_in_the_contract_decides_who_may_call() -> None:
    methods = tasks_pb2.DESCRIPTOR.services_by_name["TasksService"].methods_by_name
    create = methods["CreateTask"]
    with pytest.raises(policy.SignInNeeded):
        policy.check(create, NOBODY)
    with pytest.raises(policy.RoleNeeded):
        policy.check(create, Principal("x", roles=frozenset({"enterprise"})))
    policy.check(create, Principal("x", roles=frozenset({"task_manager"})))
