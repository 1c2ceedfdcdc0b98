"""What the credit service has of its own to choose: `LIANGMA_CREDIT_…`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.chassis.settings import PREFIX, Settings, load


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
