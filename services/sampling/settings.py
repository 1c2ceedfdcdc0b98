"""What the sampling service has of its own to choose: `LIANGMA_SAMPLING_…`."""

from __future__ import annotations

from fsspec import get_filesystem_class
from fsspec.utils import get_protocol
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.chassis.settings import PREFIX, Settings, load


class SamplingSettings(BaseSettings):
    """Settings of the sampling service."""

    model_config = SettingsConfigDict(extra="ignore")

    snapshot_url: str = Field(
        default="", description="directory that worker and api share, or its fsspec URL; empty: <var_dir>/snapshots"
    )
    snapshot_from: int = Field(default=100_000, ge=1, description="objects from which on a snapshot is kept")
    snapshot_after: int = Field(default=20_000, ge=1, description="changes after which it is written anew")

    @field_validator("snapshot_url")
    @classmethod
    def _within_reach_of_a_worker(cls, url: str) -> str:
        """Clients that run an event loop of their own, such as that of S3, cannot do so in a worker."""
        try:
            is_usable = not get_filesystem_class(get_protocol(url)).async_impl
        except ImportError as error:
            raise ValueError(str(error)) from error
        if not is_usable:
            raise ValueError("a directory, or a file system without an event loop of its own, which S3 is not")
        return url

    def snapshots(self, settings: Settings) -> str:
        """Where snapshots of the directory are kept."""
        return self.snapshot_url or str((settings.var_dir / "snapshots").absolute())


def sampling_settings() -> SamplingSettings:
    """The settings in the environment.

    Raises:
        BadSettings: some are malformed.
    """
    return load(SamplingSettings, prefix=f"{PREFIX}SAMPLING_")
