"""AttachmentsService, which every api server offers: files are kept before any request names them."""

from __future__ import annotations

import mimetypes

import grpc
from google.api.httpbody_pb2 import HttpBody
from liangma.attachments.v1 import attachments_pb2 as pb
from liangma.attachments.v1 import attachments_pb2_grpc
from liangma.type.v1 import attachment_pb2

from services.chassis import validation
from services.chassis.attachments import AttachmentStore
from services.chassis.convert import to_proto
from services.chassis.errors import InvalidArgument, required

_NAMELESS = "attachment"
_SHOWN = ("image/png", "image/jpeg", "image/webp", "application/pdf", "video/mp4")
"""What may be sent as what its name says it is; all else is just bytes, so that no browser makes anything of it."""


class AttachmentsServicer(attachments_pb2_grpc.AttachmentsServiceServicer):
    """Keeps files and gives them back.

    There is no unit of work: the store is no database, and keeping the same bytes again changes nothing, so that an
    upload needs no memory of its `request_id` either.

    Args:
        store: where they are kept.
    """

    def __init__(self, store: AttachmentStore) -> None:
        self._store = store

    def UploadAttachment(
        self, request: pb.UploadAttachmentRequest, _context: grpc.ServicerContext
    ) -> attachment_pb2.Attachment:
        validation.check(request)
        if not request.file.data:
            raise InvalidArgument(required("file"))
        kept = self._store.put(request.file.data, request.name or _NAMELESS, request.file.content_type)
        return to_proto(kept, attachment_pb2.Attachment)

    def GetAttachment(self, request: pb.GetAttachmentRequest, _context: grpc.ServicerContext) -> HttpBody:
        validation.check(request)
        content = self._store.get(request.sha256)
        guessed = mimetypes.guess_type(request.name)[0]
        body = HttpBody(data=content, content_type=guessed if guessed in _SHOWN else "application/octet-stream")
        named = attachment_pb2.Attachment(
            sha256=request.sha256,
            name=request.name or request.sha256,
            content_type=body.content_type,
            size=len(content),
        )
        body.extensions.add().Pack(named)  # a file with a name is saved, never shown in the page
        return body
