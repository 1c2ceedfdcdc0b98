"""What the credit service has of its own to choose: `LIANGMA_CREDIT_…`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.chassis.runtime import Runtime
from services.chassis.settings import PREFIX, Settings, load
from services.chassis.vault import Vault


class CreditSettings(BaseSettings):
    """Settings of the credit service."""

    model_config = SettingsConfigDict(extra="ignore")

    channel_hosts: str = Field(
        default="",
        description="hosts webhooks may reach although they are not public or not https: host[:port], comma-separated",
    )
    channel_dir: Path | None = Field(
        default=None, description="where DIRECTORY channels have their directories; default: <var_dir>/channels"
    )
    key_file: Path | None = Field(
        default=None, description="seals the secrets of channels; default: <var_dir>/credit.key"
    )

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Hosts the operator vouches for, as `model.channel.host_of` writes them."""
        return frozenset(host.strip().lower() for host in self.channel_hosts.split(",") if host.strip())

    def directories(self, settings: Settings) -> Path:
        """Where DIRECTORY channels have their directories."""
        return self.channel_dir or settings.var_dir / "channels"


def credit_settings() -> CreditSettings:
    """The settings in the environment.

    Raises:
        BadSettings: some are malformed.
    """
    return load(CreditSettings, prefix=f"{PREFIX}CREDIT_")


def vault_of(runtime: Runtime) -> Vault:
    """What seals the secrets of this process."""
    return _vault(credit_settings().key_file or runtime.settings.var_dir / "credit.key")


@lru_cache(maxsize=16)
def _vault(key_file: Path) -> Vault:
    return Vault(key_file)
