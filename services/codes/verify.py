"""`liangma verify-code` and `verify-receipt`: check a text or a picture with the published keys alone."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from services.chassis.errors import InvalidArgument, Violation
from services.codes import receipt, signing, status_list
from services.codes.key_file import key_book
from services.codes.model import live
from services.codes.model.content import Content
from services.codes.model.receipt import Receipt


class NoCodeInPicture(InvalidArgument):
    """The picture shows no QR code that can be read."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            Violation(
                "text", "NO_CODE_IN_PICTURE", f"图片 {path} 中没有可识别的二维码", f"no readable QR code in {path}"
            )
        )


class PictureSupportMissing(Exception):
    """Reading pictures needs the optional extra."""

    def __init__(self) -> None:
        super().__init__("reading a picture needs the extra `pictures`: pip install 'liangma[pictures]'")


def verify_code(source: str, keys: Path, *, now: datetime | None = None, status: Path | None = None) -> Content:
    """What a genuine code says.

    Args:
        source: the text of a code, or the path of a picture that shows it.
        keys: a published `liangma-keys.json`.
        now: also check that the code is good at this instant.
        status: also check a published status list, kept in this file.

    Raises:
        Refusal: one of those in `signing`, `CodeRevoked`, or `NoCodeInPicture`.
        PictureSupportMissing: the extra for pictures is not installed.
        ValueError: the key file or the status list is no such file.
    """
    book = key_book(json.loads(keys.read_text(encoding="utf-8")))
    static, _ = live.split(_text_of(source))  # a live proof shows only to the platform that it is one of now
    content = signing.decode_and_verify(static, book)
    if status is not None:
        status_list.decode(status.read_bytes(), book).check(content.status_index)
    if now is not None:
        content.check_time(now)
    return content


def verify_receipt(source: str, keys: Path) -> Receipt:
    """What a genuine receipt says.

    Args:
        source: the text of a receipt, or the path of a picture that shows it.
        keys: a published `liangma-keys.json`.

    Raises:
        Refusal: one of those in `cose`, or `NoCodeInPicture`.
        PictureSupportMissing: the extra for pictures is not installed.
        ValueError: the key file is no such file.
    """
    return receipt.decode_and_verify(_text_of(source), key_book(json.loads(keys.read_text(encoding="utf-8"))))


def _text_of(source: str) -> str:
    """The text itself, or what the picture of this path shows."""
    path = Path(source)
    try:
        is_picture = "://" not in source and path.is_file()
    except OSError:  # a text longer than a path may be
        is_picture = False
    return read_picture(path) if is_picture else source


def read_picture(path: Path) -> str:
    """The text of the QR code in a picture.

    Raises:
        NoCodeInPicture: there is none.
        PictureSupportMissing: the extra for pictures is not installed.
    """
    try:
        import zxingcpp
        from PIL import Image, UnidentifiedImageError
    except ImportError:
        raise PictureSupportMissing from None
    try:
        with Image.open(path) as image:
            found = zxingcpp.read_barcodes(
                image.convert("L"), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
            )
    except (UnidentifiedImageError, OSError):
        raise NoCodeInPicture(path) from None
    if not found:
        raise NoCodeInPicture(path)
    return str(found[0].text)
