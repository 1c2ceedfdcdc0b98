"""A house to test in: services behind a real gRPC server on a loopback port, a clock that tests set, facts delivered
at once and in order, on SQLite or PostgreSQL."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from jwt.algorithms import OKPAlgorithm

from services.chassis import bus, outbox, worker
from services.chassis.bus.cloudevents import body_of
from services.chassis.grpc_server import GrpcServer, attachments
from services.chassis.identity import NOBODY, Principal
from services.chassis.runtime import Runtime, Service
from services.chassis.service import find
from services.chassis.servicing import descriptor_of
from services.chassis.settings import Settings, load
from tests.support.databases import STOCK, databases
from tests.support.envelopes import envelope

M = TypeVar("M", bound=Message)

MONDAY = datetime(2025, 6, 9, 1, 0, tzinfo=UTC)
"""Monday 9 June 2025, nine o'clock in Shanghai: where the clock of a new house stands."""


class Refused(Exception):
    """What a caller was told, unpacked."""

    def __init__(self, error: Any) -> None:
        self.code: grpc.StatusCode = error.code()
        self.reason = ""
        self.message = error.details()
        self.zh = ""
        self.metadata: dict[str, str] = {}
        self.violations: dict[str, str] = {}
        status = rpc_status.from_call(error)
        for packed in status.details if status else ():
            self._take(packed)
        super().__init__(f"{self.code.name} {self.reason}: {self.zh or self.message} {self.violations or ''}")

    def _take(self, packed: Any) -> None:
        info, text, bad = (
            error_details_pb2.ErrorInfo(),
            error_details_pb2.LocalizedMessage(),
            error_details_pb2.BadRequest(),
        )
        if packed.Unpack(info):
            self.reason, self.metadata = info.reason, dict(info.metadata)
        elif packed.Unpack(text):
            self.zh = text.message if text.locale == "zh-CN" else self.zh
        elif packed.Unpack(bad):
            self.violations = {violation.field: violation.reason for violation in bad.field_violations}


class Issuer:
    """Signs tokens as an identity provider does, and publishes its key."""

    def __init__(self, directory: Path) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.path = directory / "jwks.json"
        public = json.loads(OKPAlgorithm.to_jwk(self._key.public_key()))
        self.path.write_text(json.dumps({"keys": [public | {"kid": "test", "use": "sig", "alg": "EdDSA"}]}))

    def token(self, principal: Principal, *, expires_in: float = 3600, **changes: object) -> str:
        """A token for a principal; `changes` bend its claims."""
        claims: dict[str, object] = {
            "iss": "liangma-embedded",
            "aud": "liangma",
            "sub": principal.subject,
            "name": principal.name,
            "roles": sorted(principal.roles),
            "exp": datetime.now(UTC) + timedelta(seconds=expires_in),
        }
        claims |= {key: getattr(principal, key) for key in ("authority", "region", "certificate", "object")}
        return jwt.encode(claims | changes, self._key, algorithm="EdDSA", headers={"kid": "test"})


class _Calls(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Adds the token to every call and unpacks refusals."""

    def __init__(self, token: str) -> None:
        self._metadata = [("authorization", f"Bearer {token}")] if token else []

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        answer = continuation(self._with_token(details), request)
        if answer.code() is not grpc.StatusCode.OK:
            raise Refused(answer)
        return answer

    def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(self._with_token(details), request)

    def _with_token(self, details: Any) -> Any:
        return details._replace(metadata=[*(details.metadata or ()), *self._metadata])


class House:
    """Some services, started.

    Args:
        names: which, e.g. `plans`.
        database: `sqlite` or `postgresql`.
        directory: an empty folder for files.
    """

    def __init__(self, *names: str, database: str, directory: Path) -> None:
        self.now = MONDAY
        self.directory = directory
        self._lent = ExitStack()
        self.issuer = Issuer(directory)
        self.settings = load(Settings, var_dir=directory, oidc_jwks=str(self.issuer.path), grpc_listen="127.0.0.1:0")
        self.runtimes: dict[str, Runtime] = {name: self._runtime(find(name), database) for name in names}
        servicers = {name: runtime.service.servicers(runtime) for name, runtime in self.runtimes.items()}
        self._methods = {
            f"{name}.{method.name}": method
            for name, group in {"attachments": [attachments(self.settings)], **servicers}.items()
            for servicer in group
            for method in descriptor_of(servicer).methods
        }
        self._server = GrpcServer([each for group in servicers.values() for each in group], self.settings)
        self.address = f"127.0.0.1:{self._server.port}"
        self._channels: dict[Principal, grpc.Channel] = {}
        self._announcements = 0

    def __enter__(self) -> House:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        for channel in self._channels.values():
            channel.close()
        self._server.stop(0)
        self._lent.close()

    def pass_time(self, **amount: float) -> None:
        """Let the clock run, e.g. `days=2`."""
        self.now += timedelta(**amount)

    def stub(self, kind: Any, by: Principal = NOBODY) -> Any:
        """A generated stub that calls as `by`; a refusal raises `Refused`."""
        return kind(self.channel(by))

    def call(
        self, service: str, method: str, request: Mapping[str, Any] | Message | None = None, *, by: Principal
    ) -> Any:
        """Call a method by its name; a mapping is read as proto3 JSON.

        Raises:
            Refused: the answer is not OK.
        """
        descriptor = self._methods[f"{service}.{method}"]
        kind = GetMessageClass(descriptor.input_type)
        message = request if isinstance(request, Message) else json_format.ParseDict(dict(request or {}), kind())
        path = f"/{descriptor.containing_service.full_name}/{method}"
        answer = GetMessageClass(descriptor.output_type)
        if descriptor.server_streaming:
            send: Any = self.channel(by).unary_stream(path, kind.SerializeToString, answer.FromString)
            return list(send(message))
        send = self.channel(by).unary_unary(path, kind.SerializeToString, answer.FromString)
        return send(message)

    def channel(self, by: Principal) -> grpc.Channel:
        """A channel whose calls carry a token of `by`."""
        if by not in self._channels:
            token = self.issuer.token(by) if by.subject else ""
            self._channels[by] = grpc.intercept_channel(grpc.insecure_channel(self.address), _Calls(token))
        return self._channels[by]

    def settle(self) -> None:
        """Deliver every fact announced so far, and those that follow from them, in order."""
        moved = True
        while moved:
            moved = False
            for name in self.runtimes:
                moved |= self._deliver_outbox(name)

    def announce(self, message: Message, *, id: str = "") -> None:
        """Deliver a fact of a service that is not here; with the id of an earlier one it is a repeat."""
        self._announcements += 1
        came = envelope(message, id=id or str(uuid.uuid4()), occurred_at=self.now, sequence=self._announcements)
        self._deliver(came)

    def announced(self, service: str, kind: type[M]) -> list[M]:
        """All facts of a kind that a service has announced, oldest first."""
        table = self.runtimes[service].service.metadata.tables["outbox"]
        with self.runtimes[service].database.transaction(read_only=True) as session:
            facts = outbox.history(session, table, outbox.type_of(kind), after=0)
        return [json_format.Parse(fact.payload, kind()) for fact in facts]

    def fire(self, service: str, timer: str) -> None:
        """Let a timer of a service strike now."""
        runtime = self.runtimes[service]
        worker.strike(runtime.service.subscriptions(runtime), runtime, timer)

    def work(self, service: str, by: Principal = NOBODY) -> Any:
        """A unit of work on a service's database, for looking behind the door."""
        return self.runtimes[service].unit_of_work(principal=by, now=self.now)

    def _runtime(self, service: Service, database: str) -> Runtime:
        runtime = Runtime(service, self.settings, clock=lambda: self.now)
        runtime.database = self._lent.enter_context(STOCK.lent(service.metadata, database))
        return runtime

    def _deliver_outbox(self, name: str) -> bool:
        runtime = self.runtimes[name]
        table = runtime.service.metadata.tables["outbox"]
        with runtime.database.transaction() as session:
            facts = outbox.facts(session, table)
            session.execute(table.update().where(table.c.id.in_([fact.id for fact in facts])).values(sent_at=self.now))
        for fact in facts:
            self._deliver(bus.Envelope.parse(body_of(fact)))
        return bool(facts)

    def _deliver(self, fact: bus.Envelope) -> None:
        for runtime in self.runtimes.values():
            kind = runtime.service.subscriptions(runtime)
            for subscription in worker.subscriptions_of(kind):
                if subscription.message.DESCRIPTOR.full_name == fact.type:
                    worker.deliver(kind, runtime, subscription, fact)


def houses(*names: str) -> Any:
    """A fixture of houses with these services, on every database."""

    @pytest.fixture(params=databases())
    def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
        with House(*names, database=request.param, directory=tmp_path) as made:
            yield made

    return house
