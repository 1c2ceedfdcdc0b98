"""What the codes service has of its own to choose: `LIANGMA_CODES_…`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, TypeAdapter, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.chassis.settings import PREFIX, BadSettings, Settings, load
from services.codes import sm2
from services.codes.cose import QR_ALPHANUMERIC
from services.codes.foreign import Scheme
from services.codes.model.warning import Limits


class CodesSettings(BaseSettings):
    """Settings of the codes service."""

    model_config = SettingsConfigDict(extra="ignore")

    key_file: Path | None = Field(default=None, description="seals the signing keys; default: <var_dir>/codes.key")
    host: str = Field(default="", description="host that codes carry; default: that of LIANGMA_PUBLIC_URL")
    former_hosts: list[str] = Field(default=[], description="hosts of codes still in use from before, as JSON")
    foreign: list[Scheme] = Field(default=[], description="foreign enterprise codes, as JSON")
    foreign_file: Path | None = Field(default=None, description="the same in a file")
    algorithm: Literal["EdDSA", "SM2"] = Field(default="EdDSA", description="of signing keys made from now on")
    live_proof: Literal["required", "optional"] = Field(
        default="required", description="whether an enterprise must scan the code as it is presented (动态码)"
    )
    external_per_day: int = Field(default=5000, ge=1, description="codes that one other system gets in a day (TJ 7)")
    offline_days: int = Field(default=7, ge=1, le=30, description="how long offline scans are taken in")
    enterprise_code_days: int = Field(default=1826, ge=1, description="how long an enterprise code is good")
    frequent_visits: int = Field(default=4, ge=2, description="visits that make FREQUENT")
    frequent_days: int = Field(default=90, ge=1, description="within so many days")
    multi_agency_authorities: int = Field(
        default=3, ge=2, description="authorities, each alone, that make MULTI_AGENCY"
    )
    multi_agency_days: int = Field(default=30, ge=1, description="within so many days")

    @field_validator("host")
    @classmethod
    def _in_capitals(cls, host: str) -> str:
        if not QR_ALPHANUMERIC.fullmatch(host.upper()) or "/" in host:
            raise ValueError("a host with letters, digits, '-', '.' and ':' only, so that QR codes stay small")
        return host.upper()

    @field_validator("algorithm")
    @classmethod
    def _is_here(cls, algorithm: str) -> str:
        if algorithm == "SM2" and not sm2.is_here():
            raise ValueError(str(sm2.Sm2Missing()))
        return algorithm

    @property
    def limits(self) -> Limits:
        """When visits are too many."""
        return Limits(
            frequent_visits=self.frequent_visits,
            frequent_days=self.frequent_days,
            multi_agency_authorities=self.multi_agency_authorities,
            multi_agency_days=self.multi_agency_days,
        )

    def foreign_schemes(self) -> list[Scheme]:
        """Foreign codes, those of the setting before those of the file.

        Raises:
            BadSettings: the file is malformed.
        """
        if self.foreign_file is None:
            return self.foreign
        try:
            return self.foreign + TypeAdapter(list[Scheme]).validate_json(self.foreign_file.read_bytes())
        except ValidationError as error:
            raise BadSettings(f"{PREFIX}CODES_FOREIGN_FILE: ", error) from None

    def hosts(self, settings: Settings) -> list[str]:
        """Whose codes are ours, the one that new codes carry first."""
        return [self.host or urlsplit(settings.public_url).netloc, *self.former_hosts]


def codes_settings() -> CodesSettings:
    """The settings in the environment.

    Raises:
        BadSettings: some are malformed.
    """
    return load(CodesSettings, prefix=f"{PREFIX}CODES_")
