"""Writes tests/vectors/lm-code-1, lm-live-1, lm-receipt-1: `python -m tests.codes.make_vectors`. Run it when the
specification grows, and read the difference: what stands there already never changes."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import gmalg

from services.codes import cose, receipt, signing
from services.codes.cose import Ed25519Signer, Signer
from services.codes.key_file import EDDSA, SM2
from services.codes.model import live
from services.codes.model.content import Content
from services.codes.model.receipt import Receipt
from services.codes.sm2 import IDENTITY, Sm2Signer

VECTORS = Path(__file__).parents[1] / "vectors"
HOST = "LIANGMA.EXAMPLE.CN"
SECRET, RETIRED, FOREIGN = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
NOW = "2025-06-10T02:00:00+00:00"
KEYS = {
    "spec": "LM-CODE-1",
    "hosts": [HOST, "OLD.EXAMPLE.CN"],
    "keys": [
        EDDSA.jwk(Ed25519Signer(RETIRED).public, "retired"),
        EDDSA.jwk(Ed25519Signer(SECRET).public, "current"),
    ],
}


SM2_SECRET = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
"""The private key of the example in GM/T 0003.5, annex A."""
SM2_KEYS = {
    "spec": "LM-CODE-1",
    "hosts": [HOST],
    "keys": [
        EDDSA.jwk(Ed25519Signer(RETIRED).public, "retired"),
        SM2.jwk(Sm2Signer(SM2_SECRET).public, "current"),
    ],
}


def sm2_signer() -> Sm2Signer:
    """SM2 with the same random number each time, as only a maker of vectors may have it."""
    signer = Sm2Signer(SM2_SECRET)
    signer._key = gmalg.SM2(SM2_SECRET, IDENTITY, b"\x04" + signer.public, rnd_fn=lambda _: 0x59276E27D506861A)
    return signer


def content(**changes: Any) -> Content:
    """A code's content, with changes."""
    common: dict[str, Any] = {
        "code_id": "01975234-5f00-7abc-8def-0123456789ab",
        "kind": "SINGLE",
        "status_index": 0,
        "valid_from": datetime(2025, 6, 8, 16, tzinfo=UTC),
        "valid_to": datetime(2025, 6, 20, 16, tzinfo=UTC),
        "object_id": "91500105MACDMPYK94",
        "task_number": "渝司专查〔2025〕27号",
        "authorities": ("11500000009275787B",),
        "matters": ("330631004000",),
        "certificates": ("50010012345", "50010012346"),
    }
    return Content(**(common | changes))


def genuine(name: str, said: Content, *, secret: bytes = SECRET, host: str = HOST, text: str = "") -> dict[str, Any]:
    """A case that passes; with the secret, so that signers can be tested as well."""
    signer = Ed25519Signer(secret)
    case = passes(name, said, text or signing.encode(said, signer, host), signer)
    return {"name": name, "secret": secret.hex(), "host": host} | case


def passes(name: str, said: Content, text: str, signer: Signer) -> dict[str, Any]:
    """A case that passes."""
    shown = asdict(said) | {"key_id": cose.key_name(signer.key_id)}
    shown |= {key: shown[key].isoformat() for key in ("valid_from", "valid_to")}
    payload = cbor2.loads(_raw(text)).value[2]
    return {
        "name": name,
        "payload": payload.hex(),
        "text": text,
        "now": NOW,
        "verdict": "AUTHENTIC",
        "content": shown,
    }


def wrong(name: str, text: str, verdict: str, now: str = NOW) -> dict[str, Any]:
    """A case that is refused."""
    return {"name": name, "text": text, "now": now, "verdict": verdict}


def _raw(text: str) -> bytes:
    body = text.upper().rpartition("/")[2]
    return base64.b32decode(body + "=" * (-len(body) % 8))


def _text(raw: bytes) -> str:
    return f"HTTPS://{HOST}/V/{base64.b32encode(raw).decode().rstrip('=')}"


def _bent(raw: bytes, place: int) -> str:
    changed = bytearray(raw)
    changed[place] ^= 1
    return _text(bytes(changed))


def main() -> None:
    """Write all files."""
    joint = content(
        kind="JOINT",
        status_index=131_072,
        authorities=("11500000009275787B", "11500000009275788C"),
        matters=("330631004000", "330631004001"),
        certificates=("50010012345", "50010012346", "50020012345", "50020012346"),
    )
    nothing: dict[str, Any] = {"authorities": (), "matters": (), "certificates": (), "task_number": ""}
    passing = [
        genuine("single", content()),
        genuine("joint", joint),
        genuine("survey", content(kind="SURVEY", object_id="", certificates=())),
        genuine("external", content(kind="EXTERNAL", task_number="食安〔2025〕9号", status_index=4_294_967_296)),
        genuine("enterprise", content(kind="ENTERPRISE", status_index=23, **nothing)),
        genuine("retired key and former host", content(), secret=RETIRED, host="OLD.EXAMPLE.CN"),
    ]
    raw = _raw(passing[0]["text"])
    body = passing[0]["text"].rpartition("/")[2]
    reading = [
        genuine("lower case", content(), text=passing[0]["text"].lower()),
        genuine("only the part after the path", content(), text=body),
    ]
    for case in reading:
        del case["secret"]
    stranger = signing.encode(content(), Ed25519Signer(FOREIGN), HOST)
    protected, unprotected, payload, signature = cbor2.loads(raw).value
    refused = [
        wrong("expired", passing[0]["text"], "CODE_EXPIRED", "2025-06-20T16:00:00+00:00"),
        wrong("not yet valid", passing[0]["text"], "CODE_NOT_YET_VALID", "2025-06-08T15:59:59+00:00"),
        wrong("another host", passing[0]["text"].replace(HOST, "EVIL.EXAMPLE"), "FOREIGN_CODE"),
        wrong("not https", passing[0]["text"].replace("HTTPS", "HTTP"), "FOREIGN_CODE"),
        wrong("another path", passing[0]["text"].replace("/V/", "/W/"), "FOREIGN_CODE"),
        wrong("unknown key", stranger, "UNKNOWN_KEY"),
        wrong("payload changed", _bent(raw, 40), "FORGED_CODE"),
        wrong("signature changed", _bent(raw, len(raw) - 1), "FORGED_CODE"),
        wrong("cut off", passing[0]["text"][:-8], "MALFORMED_CODE"),
        wrong("not base32", f"HTTPS://{HOST}/V/1890", "MALFORMED_CODE"),
        wrong("empty", f"HTTPS://{HOST}/V/", "MALFORMED_CODE"),
        wrong("bytes after the end", _text(raw + b"\0"), "MALFORMED_CODE"),
        wrong("without the tag", _text(cbor2.dumps([protected, unprotected, payload, signature])), "MALFORMED_CODE"),
        wrong(
            "unprotected header",
            _text(cbor2.dumps(cbor2.CBORTag(18, [protected, {4: b"x"}, payload, signature]))),
            "MALFORMED_CODE",
        ),
        wrong("length not in its shortest form", _text(b"\xd2\x84\x58\x0a" + raw[3:]), "MALFORMED_CODE"),
    ]
    for name, cases in (("genuine", passing), ("reading", reading), ("refused", refused)):
        write("LM-CODE-1", name, {"keys": KEYS, "cases": cases})
    write("LM-CODE-1", "sm2", {"keys": SM2_KEYS, "cases": sm2_cases()})
    write("LM-RECEIPT-1", "receipts", {"keys": KEYS, "cases": receipts(passing[0]["text"])})
    write("LM-LIVE-1", "proofs", {"platform_secret": SECRET.hex(), "cases": list(map(proof, (0, 14, 15, 3600)))})


def sm2_cases() -> list[dict[str, Any]]:
    """Codes signed with SM2, beside one of the algorithm before."""
    signer = sm2_signer()
    text = signing.encode(content(), signer, HOST)
    raw = _raw(text)
    posing = cbor2.loads(_raw(signing.encode(content(), Ed25519Signer(RETIRED), HOST))).value
    header = cose.protected_header(signer.algorithm, Ed25519Signer(RETIRED).key_id)
    return [
        passes("sm2", content(), text, signer),
        genuine("the algorithm before", content(), secret=RETIRED),
        wrong("sm2: payload changed", _bent(raw, 44), "FORGED_CODE"),
        wrong("sm2: signature changed", _bent(raw, len(raw) - 1), "FORGED_CODE"),
        wrong("sm2: signature of nothing but zeros", _text(raw[:-64] + bytes(64)), "FORGED_CODE"),
        wrong(
            "the key of one algorithm under the number of the other",
            _text(cbor2.dumps(cbor2.CBORTag(18, [header, *posing[1:]]))),
            "UNKNOWN_KEY",
        ),
    ]


def receipts(code: str) -> list[dict[str, Any]]:
    """A genuine receipt, and what is none."""
    said = Receipt(
        visit_id="01975234-5f00-7abc-8def-0123456789ac",
        code_id="01975234-5f00-7abc-8def-0123456789ab",
        object_id="91500105MACDMPYK94",
        task_number="渝司专查〔2025〕27号",
        authorities=("11500000009275787B", "11500000009275788C"),
        certificate="50010012345",
        scheme="渝企码",
        enterprise_scanned_at=datetime(2025, 6, 10, 2, tzinfo=UTC),
        inspector_scanned_at=datetime(2025, 6, 10, 2, 1, tzinfo=UTC),
    )
    text = receipt.encode(said, Ed25519Signer(SECRET), HOST)
    raw = _raw(text)
    shown = asdict(said) | {"key_id": cose.key_name(Ed25519Signer(SECRET).key_id)}
    shown |= {key: shown[key].isoformat() for key in ("enterprise_scanned_at", "inspector_scanned_at")}
    payload = cbor2.loads(raw).value[2].hex()
    return [
        {"name": "genuine", "secret": SECRET.hex(), "payload": payload, "text": text, "verdict": "AUTHENTIC"}
        | {"receipt": shown},
        {"name": "a code under the path of receipts", "text": code.replace("/V/", "/R/"), "verdict": "FORGED_CODE"},
        {"name": "a code", "text": code, "verdict": "FOREIGN_CODE"},
        {"name": "payload changed", "text": _bent(raw, 40).replace("/V/", "/R/"), "verdict": "FORGED_CODE"},
        {"name": "cut off", "text": text[:-8], "verdict": "MALFORMED_CODE"},
    ]


def proof(seconds: int) -> dict[str, Any]:
    """What is shown behind a code some seconds after an instant."""
    code_id = "01975234-5f00-7abc-8def-0123456789ab"
    at = datetime(2025, 6, 10, 2, tzinfo=UTC) + timedelta(seconds=seconds)
    secret = live.secret_of(SECRET, code_id)
    return {"code_id": code_id, "secret": secret.hex(), "at": at.isoformat(), "proof": live.proof_at(secret, at)}


def write(spec: str, name: str, content: dict[str, Any]) -> None:
    """A file of vectors."""
    directory = VECTORS / spec.lower()
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"spec": spec} | content, ensure_ascii=False, indent=1)
    (directory / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
