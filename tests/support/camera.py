"""An independent reader of pictures: what a phone's camera would make of them."""

from __future__ import annotations

import io

import zxingcpp
from PIL import Image


def seen(picture: bytes) -> str:
    """The text of the one QR code in a picture.

    Only QR codes are looked for: the bars of a large one now and then read as Codabar or ITF as well.
    """
    with Image.open(io.BytesIO(picture)) as image:
        (found,) = zxingcpp.read_barcodes(
            image.convert("L"), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
        )
    return str(found.text)
