"""Whether the gateway lives, whether it can serve, and its counters."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.backends import Backends
from services.chassis import telemetry

_PLAIN_METRICS = "text/plain; version=0.0.4; charset=utf-8"


def health_routes(backends: Backends) -> list[Route]:
    """`/healthz`, `/readyz`, `/metrics`."""

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        """Ready while any service answers: those that are down are told by name, and the rest go on."""
        services = await backends.health()
        serving = sum(state == "SERVING" for state in services.values())
        status = "ready" if serving == len(services) else "degraded" if serving else "unready"
        return JSONResponse({"status": status, "services": services}, 200 if serving else 503)

    async def metrics(_: Request) -> Response:
        return Response(telemetry.metrics_text(), headers={"content-type": _PLAIN_METRICS})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
