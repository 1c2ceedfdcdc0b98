"""What the sampling service has of its own to choose: `LIANGMA_SAMPLING_…`."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.chassis.service import Runtime
from services.chassis.settings import PREFIX, load
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
