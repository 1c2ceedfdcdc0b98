"""Receipts → protobuf."""

from __future__ import annotations

from liangma.codes.v1 import receipts_pb2 as pb

from services.chassis.convert import to_proto
from services.codes.queries.receipt import ReceiptCheck, SeenReceipt


def receipt_to_proto(seen: SeenReceipt, text: str = "") -> pb.Receipt:
    """A receipt; in public answers without its text."""
    names = {"object_name": seen.object_name, "authority_names": seen.authority_names}
    return to_proto(seen.receipt, pb.Receipt, authority_ids=seen.receipt.authorities, text=text, **names)


def check_to_proto(said: ReceiptCheck) -> pb.ReceiptCheck:
    """What a check of a receipt says."""
    return to_proto(said, pb.ReceiptCheck, receipt=said.seen and receipt_to_proto(said.seen))
