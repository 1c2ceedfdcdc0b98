"""What the sampling service has of its own to choose: `LIANGMA_SAMPLING_…`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.chassis.settings import PREFIX, Settings, load


class SamplingSettings(BaseSettings):
    """Settings of the sampling service."""

    model_config = SettingsConfigDict(extra="ignore")

    snapshot_url: str = Field(default="", description="fsspec URL of the snapshots; empty: <var_dir>/snapshots")
    snapshot_from: int = Field(default=100_000, ge=1, description="objects from which on a snapshot is kept")
    snapshot_after: int = Field(default=20_000, ge=1, description="changes after which it is written anew")

    def snapshots(self, settings: Settings) -> str:
        """Where snapshots of the directory are kept."""
        return self.snapshot_url or str((settings.var_dir / "snapshots").absolute())


def sampling_settings() -> SamplingSettings:
    """The settings in the environment.

    Raises:
        BadSettings: some are malformed.
    """
    return load(SamplingSettings, prefix=f"{PREFIX}SAMPLING_")
