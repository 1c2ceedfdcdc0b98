"""What surrounds every gRPC call: identity and policy, refusals as rich statuses, one log line, metrics, a span."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import grpc
import structlog
from google.protobuf import any_pb2
from google.protobuf.descriptor import MethodDescriptor
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from sqlalchemy.exc import InterfaceError, OperationalError

from services.chassis import errors, policy, telemetry
from services.chassis.identity import NOBODY, Principal, TokenVerifier
from services.chassis.servicing import caller

log = telemetry.logger("grpc")

CODES: dict[type[errors.Refusal], grpc.StatusCode] = {
    errors.InvalidArgument: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    errors.Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.Conflict: grpc.StatusCode.ABORTED,
    errors.ResourceExhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
}
DOMAIN = "liangma"
SILENT = ("/grpc.health.", "/grpc.reflection.")


class DatabaseDown(errors.Unavailable):
    """The database does not answer."""

    def __init__(self) -> None:
        super().__init__("服务暂时不可用，请稍后重试", "the service cannot reach its database; try again")


class Surround(grpc.ServerInterceptor):
    """Wraps every call of the given services.

    Args:
        methods: what the contract says of each, by full path `/package.Service/Method`.
        verifier: of bearer tokens.
    """

    def __init__(self, methods: dict[str, MethodDescriptor], verifier: TokenVerifier) -> None:
        self._methods = methods
        self._verifier = verifier

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler[Any, Any] | None],
        details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        handler: Any = continuation(details)
        path = details.method
        if handler is None or path.startswith(SILENT):
            return handler  # type: ignore[no-any-return]
        kind = "unary_stream" if handler.response_streaming else "unary_unary"
        behaviour = getattr(handler, kind)
        if behaviour is None:
            return handler  # type: ignore[no-any-return]

        def surrounded(request: Any, context: grpc.ServicerContext) -> Any:
            with _observed(path, context) as seen:
                try:
                    self._admit(path, context)
                    answer = behaviour(request, context)
                    return _guarded(answer, context) if handler.response_streaming else answer
                except Exception as error:  # noqa: BLE001 (turned into a status)
                    seen.refuse(error)
                    _abort(context, error)

        make = getattr(grpc, f"{kind}_rpc_method_handler")
        return make(surrounded, handler.request_deserializer, handler.response_serializer)  # type: ignore[no-any-return]

    def _admit(self, path: str, context: grpc.ServicerContext) -> None:
        principal = self._principal(context)
        caller.set(principal)
        method = self._methods.get(path)
        if method is not None:
            policy.check(method, principal)

    def _principal(self, context: grpc.ServicerContext) -> Principal:
        metadata = dict(context.invocation_metadata())
        scheme, _, token = str(metadata.get("authorization", "")).partition(" ")
        return self._verifier.verify(token) if scheme.lower() == "bearer" and token else NOBODY


class _observed:  # noqa: N801 (used as a `with` word)
    """One span, one log line and one count for a call."""

    def __init__(self, path: str, context: grpc.ServicerContext) -> None:
        self._path = path
        self._metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        self._code = "OK"
        self._reason = ""

    def __enter__(self) -> _observed:
        caller.set(NOBODY)
        self._began = time.perf_counter()
        parent = self._metadata.get("traceparent", "")
        self._span = telemetry.server_span(self._path, parent)
        self._span.__enter__()
        structlog.contextvars.bind_contextvars(request_id=self._metadata.get("x-request-id", ""))
        return self

    def refuse(self, error: Exception) -> None:
        """Note how the call ended."""
        refusal = _refusal(error)
        self._code = code_of(refusal).name if refusal else "INTERNAL"
        self._reason = refusal.reason if refusal else type(error).__name__
        if refusal is None:
            log.error("unexpected", method=self._path, exc_info=error)

    def __exit__(self, *_: object) -> None:
        seconds = time.perf_counter() - self._began
        telemetry.rpc_finished(self._path, self._code, seconds)
        log.info("call", method=self._path, code=self._code, reason=self._reason, ms=round(seconds * 1e3, 1))
        self._span.__exit__(None, None, None)
        structlog.contextvars.clear_contextvars()


def _guarded(answers: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
    try:
        yield from answers
    except Exception as error:  # noqa: BLE001 (turned into a status)
        _abort(context, error)


def code_of(refusal: errors.Refusal) -> grpc.StatusCode:
    """The status code of a refusal's kind."""
    return next(code for kind, code in CODES.items() if isinstance(refusal, kind))


def _refusal(error: Exception) -> errors.Refusal | None:
    if isinstance(error, errors.Refusal):
        return error
    if isinstance(error, (OperationalError, InterfaceError)):
        return DatabaseDown()
    return None


def _abort(context: grpc.ServicerContext, error: Exception) -> NoReturn:
    refusal = _refusal(error)
    if refusal is None:
        context.abort(grpc.StatusCode.INTERNAL, f"internal error (trace {telemetry.current_trace_id()})")
        raise AssertionError("abort does not return")
    context.abort_with_status(rpc_status.to_status(_status(refusal)))
    raise AssertionError("abort does not return")


def _status(refusal: errors.Refusal) -> status_pb2.Status:
    details: list[Any] = [
        error_details_pb2.ErrorInfo(reason=refusal.reason, domain=DOMAIN, metadata=refusal.metadata),
        error_details_pb2.LocalizedMessage(locale="zh-CN", message=refusal.zh),
        error_details_pb2.LocalizedMessage(locale="en-US", message=refusal.en),
    ]
    if isinstance(refusal, errors.InvalidArgument):
        details.append(error_details_pb2.BadRequest(field_violations=map(_violation, refusal.violations)))
    status = status_pb2.Status(code=code_of(refusal).value[0], message=refusal.en)
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def _violation(violation: errors.Violation) -> error_details_pb2.BadRequest.FieldViolation:
    return error_details_pb2.BadRequest.FieldViolation(
        field=violation.field,
        description=violation.zh,
        reason=violation.rule,
        localized_message=error_details_pb2.LocalizedMessage(locale="en-US", message=violation.en),
    )
