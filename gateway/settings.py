"""What can be chosen about the gateway from outside, with its defaults: `LIANGMA_…` variables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from limits import parse_many
from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.chassis.settings import MEBIBYTE, PREFIX, Settings, load

_PEOPLE = Path(__file__).resolve().parent.parent / "deploy" / "people.json"


def _limits(text: str) -> str:
    if text:
        parse_many(text)
    return text


RateLimit = Annotated[str, AfterValidator(_limits)]


class GatewaySettings(Settings):
    """Everything the gateway can be told."""

    gateway_host: str = Field(default="127.0.0.1", description="address to listen on")
    gateway_port: int = Field(default=8080, ge=0, le=65535, description="port to listen on; 0: any free one")
    gateway_timeout: float = Field(default=60, gt=0, description="seconds a call to a service may take")
    gateway_stream_timeout: float = Field(default=600, gt=0, description="seconds a stream may take")
    forwarded_allow_ips: str = Field(
        default="127.0.0.1", description="proxies whose X-Forwarded-… headers are believed"
    )
    grpc_authority: Path | None = Field(
        default=None, description="PEM of who signed the services' certificates; empty: plain text"
    )
    body_limit: int = Field(default=16 * MEBIBYTE, ge=1024, description="bytes a JSON body may have")

    sign_in: Literal["none", "embedded", "oidc"] = Field(
        default="none", description="none: bearer tokens only; embedded: an own issuer with the demo's people; oidc"
    )
    people: Path = Field(default=_PEOPLE, description="embedded: JSON list of who may sign in")
    session_seconds: int = Field(default=8 * 3600, ge=60, description="embedded: how long a token is good")
    oidc_client_id: str = Field(default="", description="oidc: the console's client")
    oidc_client_secret: str = Field(default="", description="oidc: its secret; empty: a public client")
    oidc_scope: str = Field(default="openid profile", description="oidc: what is asked for")
    oidc_token: Literal["access_token", "id_token"] = Field(
        default="access_token", description="oidc: which of the provider's tokens the services are shown"
    )

    rate_limit_storage: str = Field(default="async+memory://", description="where requests are counted (`limits` URL)")
    rate_limit_principal: RateLimit = Field(default="6000/minute", description="per account; empty: none")
    rate_limit_address: RateLimit = Field(default="12000/minute", description="per client address; empty: none")
    rate_limit_sign_in: RateLimit = Field(default="300/minute", description="sign-ins per client address; empty: none")

    @model_validator(mode="after")
    def _oidc_is_complete(self) -> GatewaySettings:
        if self.sign_in == "oidc":
            needed = {"OIDC_CLIENT_ID": self.oidc_client_id, "OIDC_JWKS": self.oidc_jwks}
            missing = [f"{PREFIX}{name} is missing" for name, value in needed.items() if not value]
            if not self.oidc_issuer.startswith(("https://", "http://")):
                missing.append(f"{PREFIX}OIDC_ISSUER is not the URL of an OIDC provider")
            if missing:
                raise ValueError("; ".join(missing))
        return self

    @property
    def identity_dir(self) -> Path:
        """Where the embedded issuer keeps its key and publishes its keys."""
        return self.var_dir / "identity"

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the gateway by TLS."""
        return self.public_url.startswith("https://")


class _Address(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore")

    address: str = "127.0.0.1:50050"


def address_of(service: str) -> str:
    """Where a service answers: `LIANGMA_<SERVICE>_ADDRESS`."""
    return load(_Address, prefix=f"{PREFIX}{service.upper()}_").address
