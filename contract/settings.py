"""Every setting, read once from the environment (`DEPTHQ_*`). The only place that reads it.

Without any variable set everything runs on this machine, with files on disk. The settings
themselves stand in `contract/setting_groups/`; what concerns two of them is here.
"""

from __future__ import annotations

import os
from typing import Self

from pydantic import model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from contract.places import Place, read_place
from contract.setting_groups.api import ApiSettings
from contract.setting_groups.client import ClientSettings
from contract.setting_groups.logs import LogSettings
from contract.setting_groups.measuring import MeasuringSettings
from contract.setting_groups.stores import StoreSettings
from contract.setting_groups.units import MIB as MIB
from contract.setting_groups.worker import WorkerSettings
from contract.setting_kinds import names_a_host

# In the order of docs/configuration.md.
GROUPS = (
    StoreSettings,
    ApiSettings,
    WorkerSettings,
    ClientSettings,
    LogSettings,
    MeasuringSettings,
)


class Settings(
    MeasuringSettings,
    LogSettings,
    ClientSettings,
    WorkerSettings,
    ApiSettings,
    StoreSettings,
    BaseSettings,
):
    """The settings of all packages. Sizes in bytes or pixels, times in seconds, by their suffix."""

    model_config = SettingsConfigDict(
        env_prefix="DEPTHQ_",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,  # what is wrong may hold a secret, be it in the wrong place
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments and variables only: looking for files took half of the time."""
        return init_settings, env_settings

    @model_validator(mode="after")
    def _s3_fits(self) -> Self:
        if (self.s3_access_key_id is None) != (self.s3_secret_access_key is None):
            raise ValueError("DEPTHQ_S3_ACCESS_KEY_ID and DEPTHQ_S3_SECRET_ACCESS_KEY go together")
        if self.s3_session_token and not self.s3_access_key_id:
            raise ValueError("DEPTHQ_S3_SESSION_TOKEN belongs to a DEPTHQ_S3_ACCESS_KEY_ID")
        if not self.s3_path_style and not names_a_host(self.s3_endpoint_url, self.s3_bucket):
            raise ValueError(
                "DEPTHQ_S3_PATH_STYLE=false puts the bucket before the host's name: it needs an "
                "endpoint with a name, not a number, and with TLS a bucket without dots"
            )
        return self

    @model_validator(mode="after")
    def _simulation_is_explicit(self) -> Self:
        if self.engine == "simulated" and not self.simulation:
            raise ValueError(
                "DEPTHQ_ENGINE=simulated computes nothing; it is for measurements, "
                "with DEPTHQ_SIMULATION=true"
            )
        return self

    @property
    def webhook_places(self) -> tuple[Place, ...]:
        """The private places that webhooks may go to."""
        return tuple(read_place(text) for text in self.webhook_allow)


def environment(**changes: object) -> dict[str, str]:
    """Return this process's environment for a child, with settings changed; None unsets one."""
    changed = {f"DEPTHQ_{name.upper()}": value for name, value in changes.items()}
    kept = {name: value for name, value in os.environ.items() if name not in changed}
    return kept | {name: str(value) for name, value in changed.items() if value is not None}
