"""Everything that can be chosen from outside, with its default; all of it comes from `LIANGMA_…` variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "LIANGMA_"
MEBIBYTE = 1024 * 1024


class BadSettings(Exception):
    """One or more settings are missing or malformed; the message names every one."""

    def __init__(self, prefix: str, error: ValidationError) -> None:
        lines = [f"{prefix}{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        super().__init__("these settings are missing or bad:\n  " + "\n  ".join(lines))


class Settings(BaseSettings):
    """What all processes share. The defaults run everything on one machine with nothing to install."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    var_dir: Path = Field(default=Path("var"), description="where databases, keys and attachments live by default")
    amqp_url: str = Field(default="memory://", description="RabbitMQ, or memory:// inside one worker process")
    amqp_prefix: str = Field(default="", description="put before the name of every exchange and queue")
    oidc_issuer: str = Field(default="liangma-embedded", description="`iss` a token must carry")
    oidc_audience: str = Field(default="liangma", description="`aud` a token must carry")
    oidc_jwks: str = Field(
        default="", description="URL or file of the issuer's keys; empty: <var_dir>/identity/jwks.json"
    )
    attachments_url: str = Field(default="", description="fsspec URL; empty: <var_dir>/attachments")
    upload_limit: int = Field(
        default=25 * MEBIBYTE, ge=1024, le=31 * MEBIBYTE, description="bytes an uploaded file may have"
    )
    calendar_dir: str = Field(
        default="", description="directory of imported working-day notices; empty: <var_dir>/calendar"
    )
    public_url: str = Field(default="http://127.0.0.1:8080", description="where the gateway is reached from outside")
    grpc_listen: str = Field(default="127.0.0.1:50050", description="address the gRPC server binds")
    grpc_threads: int = Field(default=16, ge=1, le=512, description="calls handled at once by an api process")
    grpc_tls_certificate: Path | None = Field(default=None, description="PEM chain; with it the gRPC server speaks TLS")
    grpc_tls_key: Path | None = Field(default=None, description="PEM key of the certificate")
    metrics_listen: str = Field(default="", description="address for /metrics of an api process; empty: none")
    worker_listen: str = Field(default="127.0.0.1:50060", description="address for health and metrics of a worker")
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    @property
    def jwks(self) -> str:
        """Where the issuer's keys are read from."""
        return self.oidc_jwks or str(self.var_dir / "identity" / "jwks.json")

    @property
    def attachments(self) -> str:
        """Where attachments are kept."""
        return self.attachments_url or str((self.var_dir / "attachments").absolute())

    @property
    def calendar(self) -> Path:
        """Where imported working-day notices are kept."""
        return Path(self.calendar_dir) if self.calendar_dir else self.var_dir / "calendar"


S = TypeVar("S", bound=BaseSettings)


def load(kind: type[S], prefix: str = PREFIX, **given: Any) -> S:
    """Read settings from the environment; `given` values win.

    Raises:
        BadSettings: some are missing or malformed.
    """
    try:
        return kind(_env_prefix=prefix, **given)
    except ValidationError as error:
        raise BadSettings(prefix, error) from None


class ServiceSettings(BaseSettings):
    """What one service has of its own: `LIANGMA_<SERVICE>_…`."""

    model_config = SettingsConfigDict(extra="ignore")

    database_url: str = ""


def _service(name: str) -> ServiceSettings:
    return load(ServiceSettings, prefix=f"{PREFIX}{name.upper()}_")


def database_url(name: str, settings: Settings) -> str:
    """The database of a service: its setting, or an SQLite file under the var directory."""
    return _service(name).database_url or f"sqlite:///{(settings.var_dir / name).absolute()}.db"
