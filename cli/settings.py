"""Settings from the environment and `.env`, prefix DUBAN_. `.env.example` explains every one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from cli.errors import Mendable
from services.clock import Clock, SystemClock, parse_clock

OFFICIAL_API = "https://api.telegram.org"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="DUBAN_", env_file=".env", env_ignore_empty=True, extra="ignore")

    telegram_token: SecretStr | None = None
    telegram_api_url: str = OFFICIAL_API
    telegram_proxy: str | None = None
    database_url: str = "sqlite:///data/duban.db"
    timezone: str = "Asia/Shanghai"
    webhook_url: str | None = None
    webhook_secret: SecretStr | None = None
    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    data_dir: Path = Path("data")
    log_format: Literal["text", "json"] = "text"
    retention_days: Annotated[int, Field(ge=1)] = 365
    backup_to: Path | None = None
    ping_url: str | None = None
    clock: str | None = None

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as problem:
            raise ValueError(f"{name!r} is no time zone; for instance Asia/Shanghai") from problem
        return name

    @property
    def token(self) -> str:
        """Raises Mendable when there is none."""
        if self.telegram_token is None:
            raise Mendable("DUBAN_TELEGRAM_TOKEN is missing: get one from @BotFather and put it into .env")
        return self.telegram_token.get_secret_value()

    @property
    def is_official(self) -> bool:
        return self.telegram_api_url.rstrip("/") == OFFICIAL_API

    def make_clock(self) -> Clock:
        """The system's clock, or a virtual one; the latter is refused against the real Telegram."""
        if self.clock is None:
            return SystemClock()
        if self.is_official:
            raise Mendable("DUBAN_CLOCK is for a stand-in only: it is refused against the real Telegram")
        try:
            return parse_clock(self.clock)
        except ValueError as problem:
            raise Mendable(f"DUBAN_CLOCK: {problem}") from problem


def load() -> Settings:
    """Raises Mendable naming the first setting that is wrong."""
    try:
        return Settings()
    except ValidationError as problem:
        first = problem.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise Mendable(f"DUBAN_{name}: {first['msg'].removeprefix('Value error, ')}") from problem
