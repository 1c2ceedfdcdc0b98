"""Signing keys → protobuf."""

from __future__ import annotations

import base64

from liangma.codes.v1 import keys_pb2 as pb

from services.chassis.convert import to_proto
from services.codes.model.key import SigningKey


def key_to_proto(key: SigningKey) -> pb.SigningKey:
    """A key without its secret."""
    public = base64.urlsafe_b64encode(key.public).decode().rstrip("=")
    return to_proto(key, pb.SigningKey, public_key=public)
