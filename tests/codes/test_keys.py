"""Keys are published, rotated and sealed; revoked codes show on a list that anybody can carry along."""

from __future__ import annotations

import base64
import io
import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
import zxingcpp
from liangma.codes.v1 import keys_pb2
from PIL import Image

from services.chassis.errors import Refusal
from services.chassis.vault import KeyFileProblem, Vault
from services.codes import cose, key_file, signing, status_list
from services.codes.cabinet import Cabinet
from services.codes.model.content import CodeRevoked
from services.codes.model.key import KeyState
from services.codes.office import office
from services.codes.picture import PictureFormat, draw
from services.codes.status_list import BITS, BadStatusList
from services.codes.verify import NoCodeInPicture, read_picture, verify_code
from tests.codes import city
from tests.support.house import House, Refused, houses

house = houses("codes")
NOW = datetime(2025, 6, 9, 1, tzinfo=UTC)


def published(house: House) -> Any:
    body = house.call("codes", "GetKeys", {}, by=city.PUBLIC)
    assert body.content_type == "application/json"
    return json.loads(body.data)


def rotate(house: House) -> Any:
    return house.call("codes", "RotateKeys", {"reason": "季度轮换"}, by=city.ADMINISTRATOR)


def status(house: House, number: int = 0) -> Any:
    body = house.call("codes", "GetStatusList", {"list_id": number}, by=city.PUBLIC)
    assert body.content_type == "application/statuslist+cwt"
    return body.data


def test_keys_are_made_when_first_asked_for_and_stay(house: House) -> None:
    first = published(house)
    assert (first["spec"], first["hosts"]) == ("LM-CODE-1", ["127.0.0.1:8080"])
    assert [key["status"] for key in first["keys"]] == ["current", "next"]
    assert "d" not in first["keys"][0]
    assert published(house) == first


def test_rotation_makes_the_next_key_current_and_old_codes_stay_good(house: House) -> None:
    city.settle_in(house)
    (old,) = city.issue(house)
    before = published(house)
    after = rotate(house)
    assert [key.state for key in after.keys] == [
        keys_pb2.KEY_STATE_RETIRED,
        keys_pb2.KEY_STATE_CURRENT,
        keys_pb2.KEY_STATE_NEXT,
    ]
    assert after.keys[1].key_id == before["keys"][1]["kid"]
    (new,) = city.issue(house)
    book = key_file.key_book(published(house))
    assert signing.decode_and_verify(old.text, book).key_id == after.keys[0].key_id
    assert signing.decode_and_verify(new.text, book).key_id == after.keys[1].key_id
    assert city.verify(house, old.text).code_id == old.code_id


def test_only_administrators_rotate_and_must_say_why(house: House) -> None:
    with pytest.raises(Refused) as caught:
        house.call("codes", "RotateKeys", {"reason": "x"}, by=city.SUPERVISOR)
    assert caught.value.code is grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(Refused) as caught:
        house.call("codes", "RotateKeys", {}, by=city.ADMINISTRATOR)
    assert caught.value.violations == {"reason": "REQUIRED"}


def test_the_secrets_lie_sealed_in_the_database_and_the_key_file_is_private(house: House) -> None:
    rotate(house)
    file = house.directory / "codes.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with house.work("codes") as work:
        rows = work.session.execute(work.tables["signing_keys"].select()).all()
    cabinet = office(house.runtimes["codes"]).cabinet
    for row in rows:
        secret = cabinet._vault.open(row.sealed, row.public)
        assert secret is not None
        assert cose.Ed25519Signer(secret).public == row.public
        assert secret not in row.sealed


def test_the_wrong_key_file_is_named(tmp_path: Path) -> None:
    made = Cabinet(Vault(tmp_path / "a"), ["H"]).make(1, KeyState.CURRENT, NOW)
    with pytest.raises(KeyFileProblem, match="not the file"):
        Cabinet(Vault(tmp_path / "b"), ["H"]).signer(made)
    (tmp_path / "c").write_text("not base64!")
    with pytest.raises(KeyFileProblem, match="32 bytes in base64"):
        Cabinet(Vault(tmp_path / "c"), ["H"]).signer(made)


def test_a_revoked_code_shows_on_the_status_list(house: House) -> None:
    city.settle_in(house)
    with pytest.raises(Refused) as caught:
        status(house)
    assert caught.value.code is grpc.StatusCode.NOT_FOUND
    good, bad = city.issue(house, city.inspection(), city.inspection(city.FARM))
    house.call("codes", "RevokeCode", {"code_id": bad.code_id, "reason": "误发"}, by=city.MANAGER)
    book = key_file.key_book(published(house))
    listed = status_list.decode(status(house), book)
    listed.check(signing.decode_and_verify(good.text, book).status_index)
    with pytest.raises(CodeRevoked):
        listed.check(signing.decode_and_verify(bad.text, book).status_index)
    for number in (-1, 1):
        with pytest.raises(Refused):
            status(house, number)


def test_codes_are_verified_offline_from_text_picture_and_status_list(house: House) -> None:
    city.settle_in(house)
    (issued,) = city.issue(house)
    keys, picture, revoked = (house.directory / name for name in ("keys.json", "code.png", "status.cwt"))
    keys.write_text(json.dumps(published(house)))
    picture.write_bytes(draw(issued.text, PictureFormat.PNG, 4).data)
    assert verify_code(issued.text, keys, now=NOW).code_id == issued.code_id
    assert verify_code(str(picture), keys, now=NOW).object_id == city.SHOP
    revoked.write_bytes(status(house))
    verify_code(issued.text, keys, status=revoked)
    house.call("codes", "RevokeCode", {"code_id": issued.code_id, "reason": "误发"}, by=city.MANAGER)
    revoked.write_bytes(status(house))
    with pytest.raises(CodeRevoked):
        verify_code(issued.text, keys, status=revoked)
    with pytest.raises(Refusal):
        verify_code(issued.text[:-1], keys)
    (house.directory / "blank.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(NoCodeInPicture):
        verify_code(str(house.directory / "blank.png"), keys)


def test_other_bars_in_a_picture_are_not_taken_for_the_code(tmp_path: Path) -> None:
    bars = Image.fromarray(zxingcpp.create_barcode("6901234567892", zxingcpp.BarcodeFormat.EAN13).to_image(scale=4))
    photo = Image.new("L", (1000, 1000), 255)
    photo.paste(bars, (40, 40))
    bars.save(tmp_path / "bars.png")
    with pytest.raises(NoCodeInPicture):
        read_picture(tmp_path / "bars.png")
    with Image.open(io.BytesIO(draw("LM-TEXT", PictureFormat.PNG, 4).data)) as code:
        photo.paste(code.convert("L"), (300, 700))
    photo.save(tmp_path / "photo.png")
    assert read_picture(tmp_path / "photo.png") == "LM-TEXT"


SIGNER = cose.Ed25519Signer(b"\x03" * 32)
BOOK = cose.KeyBook(frozenset(), (cose.Ed25519Verifier(SIGNER.public),))


def test_a_status_list_keeps_every_bit() -> None:
    chosen = {3 * BITS, 3 * BITS + 1, 3 * BITS + 7, 3 * BITS + 8, 4 * BITS - 1}
    data = status_list.encode(3, chosen, SIGNER, url="https://h/v1/status-lists/3", now=NOW)
    listed = status_list.decode(data, BOOK)
    assert (listed.number, listed.issued_at, len(data) < 300) == (3, NOW, True)
    for index in range(3 * BITS - 3, 3 * BITS + 20):
        if index in chosen:
            with pytest.raises(CodeRevoked):
                listed.check(index)
        else:
            listed.check(index)


def test_a_status_list_that_was_changed_or_is_none_is_refused() -> None:
    data = status_list.encode(0, [5], SIGNER, url="https://h/v1/status-lists/0", now=NOW)
    for place in range(0, len(data), 7):
        bent = bytearray(data)
        bent[place] ^= 1
        with pytest.raises(BadStatusList):
            status_list.decode(bytes(bent), BOOK)
    for nonsense in (b"", b"\x00", os.urandom(40), data[:-1]):
        with pytest.raises(BadStatusList):
            status_list.decode(nonsense, BOOK)


def test_the_key_file_is_given_by_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text(base64.b64encode(b"\x09" * 32).decode())
    monkeypatch.setenv("LIANGMA_CODES_KEY_FILE", str(secret))
    monkeypatch.setenv("LIANGMA_CODES_HOST", "liangma.cq.gov.cn")
    monkeypatch.setenv("LIANGMA_CODES_FORMER_HOSTS", '["old.cq.gov.cn"]')
    with House("codes", database="sqlite", directory=tmp_path) as house:
        assert published(house)["hosts"] == ["LIANGMA.CQ.GOV.CN", "OLD.CQ.GOV.CN"]
        assert not (tmp_path / "codes.key").exists()
