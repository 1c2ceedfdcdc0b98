"""KeysService."""

from __future__ import annotations

import json

from google.api.httpbody_pb2 import HttpBody
from liangma.codes.v1 import keys_pb2 as pb
from liangma.codes.v1 import keys_pb2_grpc as grpc

from services.chassis import telemetry
from services.chassis.errors import NoSuchThing
from services.chassis.servicing import Call, Servicer, read, write
from services.codes import status_list
from services.codes.model import key
from services.codes.model.key import SigningKey
from services.codes.office import office, stored_keys
from services.codes.queries.code import revoked_on, status_lists
from services.codes.use_cases.key import rotate_keys, signing_keys
from services.codes.wire.key import key_to_proto

log = telemetry.logger("codes")


class KeysServicer(Servicer, grpc.KeysServiceServicer):
    @read
    def GetKeys(self, _: pb.GetKeysRequest, call: Call) -> HttpBody:
        keys = stored_keys(call.work.session) or self._first_keys(call)
        published = office(self.runtime).cabinet.published(keys)
        return HttpBody(content_type="application/json", data=json.dumps(published).encode())

    @read
    def GetStatusList(self, request: pb.GetStatusListRequest, call: Call) -> HttpBody:
        number, session = request.list_id, call.work.session
        if not 0 <= number < status_lists(session):
            raise NoSuchThing("StatusList", str(number))
        signer = office(self.runtime).cabinet.signer(key.current(stored_keys(session)))
        url = f"{call.runtime.settings.public_url}/v1/status-lists/{number}"
        data = status_list.encode(number, revoked_on(session, number), signer, url=url, now=call.now)
        return HttpBody(content_type=status_list.MEDIA_TYPE, data=data)

    @write
    def RotateKeys(self, request: pb.RotateKeysRequest, call: Call) -> pb.KeySet:
        keys = rotate_keys(call.work, office(self.runtime).cabinet, now=call.now)
        log.info("keys rotated", by=call.principal.subject, reason=request.reason, current=key.current(keys).key_id)
        return pb.KeySet(keys=map(key_to_proto, keys))

    def _first_keys(self, call: Call) -> list[SigningKey]:
        """Whoever asks first has the keys made, in a transaction of their own."""
        with self.runtime.unit_of_work(principal=call.principal, now=call.now) as work:
            return signing_keys(work, office(self.runtime).cabinet, now=call.now)
