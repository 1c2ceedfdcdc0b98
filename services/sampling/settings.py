"""What the sampling service has of its own to choose: `LIANGMA_SAMPLING_…`."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Self

from fsspec import get_filesystem_class
from fsspec.utils import get_protocol
from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.chassis.runtime import Runtime
from services.chassis.settings import PREFIX, Settings, load
from services.sampling.model.abandonment import Terms
from services.sampling.vault import Vault


class SamplingSettings(BaseSettings):
    """Settings of the sampling service."""

    model_config = SettingsConfigDict(extra="ignore")

    key_file: Path | None = Field(default=None, description="seals secrets of draws; default: <var_dir>/sampling.key")
    reveal_hours: int = Field(default=72, ge=1, description="within which secrets are to be shown after a commitment")
    least_reveal_hours: int = Field(default=1, ge=1, description="the least that a commitment may say instead")
    most_reveal_hours: int = Field(default=720, ge=1, description="the most that a commitment may say instead")
    contribute_hours: int = Field(default=24, ge=1, description="for fresh hashes after an abandoned commitment")
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

    @model_validator(mode="after")
    def _in_bounds(self) -> Self:
        if not self.least_reveal_hours <= self.reveal_hours <= self.most_reveal_hours:
            raise ValueError("reveal_hours must lie between least_reveal_hours and most_reveal_hours")
        return self

    @property
    def terms(self) -> Terms:
        """How long contributors have."""
        hours = self.reveal_hours, self.least_reveal_hours, self.most_reveal_hours, self.contribute_hours
        return Terms(*(timedelta(hours=each) for each in hours))


def sampling_settings() -> SamplingSettings:
    """The settings in the environment.

    Raises:
        BadSettings: some are malformed.
    """
    return load(SamplingSettings, prefix=f"{PREFIX}SAMPLING_")


def vault_of(runtime: Runtime) -> Vault:
    """What seals the secrets of this process."""
    return _vault(sampling_settings().key_file or runtime.settings.var_dir / "sampling.key")


@lru_cache(maxsize=16)
def _vault(key_file: Path) -> Vault:
    return Vault(key_file)
