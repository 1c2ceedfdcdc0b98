"""DevicesService."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable
from typing import Any

from liangma.codes.v1 import devices_pb2 as pb
from liangma.codes.v1 import devices_pb2_grpc as grpc

from services.chassis.clock import today
from services.chassis.convert import from_proto, to_proto
from services.chassis.errors import malformed
from services.chassis.servicing import Call, Servicer, read, write
from services.codes import cose, scan
from services.codes.foreign import UnknownForeignCode
from services.codes.model.code import CodeState
from services.codes.model.device import Device
from services.codes.office import Office, office
from services.codes.queries.code import CodeFilter, Sheet, list_codes
from services.codes.queries.device import list_devices
from services.codes.servicer.requests import day, info
from services.codes.servicer.shown import shown_codes
from services.codes.use_cases.device import register_device, retire_device, whose_devices
from services.codes.use_cases.offline import Reading, take_scans
from services.codes.use_cases.visit import check_certificate

MOST_STATEMENTS = 100

Answer = pb.SubmitOfflineScansResponse
Handler = Callable[["DevicesServicer", pb.SubmitOfflineScansRequest, Any], Answer]


def asking_first(handle: Handler) -> Handler:
    """Foreign codes' own systems are asked before the transaction: they may be slow."""

    @functools.wraps(handle)
    def ask(
        self: DevicesServicer, request: pb.SubmitOfflineScansRequest, context: Any
    ) -> pb.SubmitOfflineScansResponse:
        if len(request.statements) > MOST_STATEMENTS:
            zh, en = f"一次最多提交 {MOST_STATEMENTS} 条", f"at most {MOST_STATEMENTS} statements at once"
            raise malformed("statements", "TOO_MANY", zh, en)
        _ask_foreign_systems(office(self.runtime), request.statements)
        return handle(self, request, context)

    return ask


class DevicesServicer(Servicer, grpc.DevicesServiceServicer):
    @write
    def RegisterDevice(self, request: pb.RegisterDeviceRequest, call: Call) -> pb.Device:
        scan.check_proof(request.public_key, request.proof, call.principal.subject)
        key_id = cose.key_name(cose.key_id_of(request.public_key))
        return _shown(register_device(call.work, request.public_key, key_id, request.name, by=call.principal))

    @read
    def ListDevices(self, request: pb.ListDevicesRequest, call: Call) -> pb.ListDevicesResponse:
        subject = whose_devices(request.subject, by=call.principal)
        page = list_devices(call.work.session, subject, from_proto(request, Sheet))
        return pb.ListDevicesResponse(devices=map(_shown, page.items), page=info(page))

    @write
    def RetireDevice(self, request: pb.RetireDeviceRequest, call: Call) -> pb.Device:
        device_id, reason, by = request.device_id, request.reason, call.principal
        return _shown(retire_device(call.work, device_id, reason, etag=request.etag, by=by, now=call.now))

    @read
    def GetOfflineKit(self, request: pb.GetOfflineKitRequest, call: Call) -> pb.GetOfflineKitResponse:
        check_certificate(call.work, call.principal, call.now)
        on = day("valid_on", request.valid_on) or today(call.now)
        filter = CodeFilter(certificate=call.principal.certificate, state=CodeState.ISSUED, valid_on=on)
        page = list_codes(call.work.session, filter, from_proto(request, Sheet), by=call.principal, objects=[])
        codes = shown_codes(call.work.session, page.items)
        for code in codes:
            code.live_secret = cose.to_base32(office(self.runtime).live_secret(code.code_id))
        return pb.GetOfflineKitResponse(codes=codes, page=info(page))

    @asking_first
    @write
    def SubmitOfflineScans(self, request: pb.SubmitOfflineScansRequest, call: Call) -> Answer:
        reading = _reading(office(self.runtime), call)
        taken = take_scans(call.work, request.statements, reading, now=call.now)
        return Answer(scans=[to_proto(one, pb.OfflineScan) for one in taken])


def _shown(device: Device) -> pb.Device:
    return to_proto(device, pb.Device)


def _reading(desk: Office, call: Call) -> Reading:
    """How statements are read in a transaction."""
    return Reading(
        signer_of=scan.signer_of,
        scan=scan.decode_and_verify,
        presented=lambda text, at: desk.presented(text, call.work.session, at),
        seen=lambda text, at: desk.see(text, call.work, at),
        cabinet=desk.cabinet,
        days=desk.settings.offline_days,
    )


def _ask_foreign_systems(desk: Office, statements: Iterable[bytes]) -> None:
    """Ask whose foreign codes were scanned; a code nobody knows is refused later, with its statement."""
    for statement in statements:
        text = scan.peek(statement)
        if text:
            with contextlib.suppress(UnknownForeignCode):
                desk.foreign.ask(text)
