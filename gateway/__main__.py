"""`python -m gateway`: the only place where the gateway is wired."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys

import uvicorn

from gateway import access_log
from gateway.app import build
from gateway.settings import GatewaySettings
from gateway.transcoder.contract import BadContract, Contract
from services.chassis import garbage, telemetry
from services.chassis.settings import BadSettings, load

_DRAIN_SECONDS = 10


class _Server(uvicorn.Server):
    """Says when it is ready, in the line that supervisors wait for."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            addresses = [s.getsockname() for server in self.servers for s in server.sockets]
            host, port = addresses[0][:2]
            garbage.settle()
            print(f"ready: gateway on http://{host}:{port}", flush=True)  # noqa: T201 - a supervisor reads it


def main() -> int:
    """Serve until SIGINT or SIGTERM; calls under way may finish."""
    try:
        settings = load(GatewaySettings)
        telemetry.set_up(settings.log_level, "gateway")
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
        log = access_log.to(sys.stderr.buffer) if settings.log_level in ("DEBUG", "INFO") else access_log.nowhere
        app = build(settings, Contract.installed(), log=log)
    except (BadSettings, BadContract) as error:
        print(error, file=sys.stderr)  # noqa: T201 - nothing else is set up yet
        return 2
    config = uvicorn.Config(
        app,
        host=settings.gateway_host,
        port=settings.gateway_port,
        access_log=False,
        log_config=None,
        server_header=False,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    server = _Server(config)
    # uvicorn raises the signal that stopped it once more; a stop that was asked for is no failure
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    asyncio.run(server.serve())
    return 0 if server.started else 3


if __name__ == "__main__":
    sys.exit(main())
