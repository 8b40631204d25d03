"""Settings from the environment and `.env`, prefix DUBAN_. `.env.example` explains every one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from cli.errors import Mendable
from domain import defaults
from services import crashing
from services.clock import Clock, SystemClock, parse_clock
from services.pace import Limits

OFFICIAL_API = "https://api.telegram.org"
WEBHOOK_PORTS = (443, 80, 88, 8443)
_STRONG = re.compile(r"[A-Za-z0-9_-]{32,256}")
_MAKE_ONE = "make one with `openssl rand -hex 32` and put it into .env"


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
    limit_per_second: Annotated[int, Field(ge=1)] = 30
    limit_chat_interval: Annotated[float, Field(ge=0)] = 1.0
    limit_group_per_minute: Annotated[int, Field(ge=1)] = 20
    retention_days: Annotated[int, Field(ge=1)] = defaults.RETENTION_DAYS
    backup_to: Path | None = None
    ping_url: str | None = None
    clock: str | None = None
    crash_at: str | None = None

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
    def webhook(self) -> tuple[str, str] | None:
        """The public address and the secret; None for long polling. Raises Mendable when either will not do."""
        if self.webhook_url is None:
            return None
        return self._checked_address(self.webhook_url), self._checked_secret()

    def _checked_address(self, url: str) -> str:
        try:
            parts = urlsplit(url)
            port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
        except ValueError as problem:
            raise Mendable(f"DUBAN_WEBHOOK_URL: {problem}") from problem
        if not parts.hostname or parts.query or parts.fragment or parts.username:
            raise Mendable("DUBAN_WEBHOOK_URL: an address such as https://duban.example.cn is wanted")
        schemes = ("https",) if self.is_official else ("https", "http")
        if parts.scheme not in schemes:
            raise Mendable("DUBAN_WEBHOOK_URL: Telegram brings updates to https:// only")
        if self.is_official and port not in WEBHOOK_PORTS:
            raise Mendable(f"DUBAN_WEBHOOK_URL: Telegram knows the ports {WEBHOOK_PORTS} only")
        return url.rstrip("/")

    def _checked_secret(self) -> str:
        if self.webhook_secret is None:
            raise Mendable(f"DUBAN_WEBHOOK_SECRET is missing: {_MAKE_ONE}")
        secret = self.webhook_secret.get_secret_value()
        if not _STRONG.fullmatch(secret) or len(set(secret)) < 10:
            raise Mendable(f"DUBAN_WEBHOOK_SECRET is too weak (32 to 256 random A-Z a-z 0-9 _ -): {_MAKE_ONE}")
        return secret

    @property
    def backups(self) -> Path:
        """The folder of our own backups."""
        return self.data_dir / "backups"

    @property
    def ping(self) -> str | None:
        """The address to call while all is well. Raises Mendable for what is none; its words do not repeat it."""
        if self.ping_url is None:
            return None
        try:
            parts = urlsplit(self.ping_url)
            fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            fits = False
        if not fits:
            raise Mendable("DUBAN_PING_URL: an address such as https://monitor.example.cn/ping/… is wanted")
        return self.ping_url

    @property
    def must_serve(self) -> bool:
        """Does a port in use stop us? Not when nobody asked for this one."""
        return self.webhook_url is not None or bool({"http_host", "http_port"} & self.model_fields_set)

    @property
    def limits(self) -> Limits:
        return Limits(self.limit_per_second, self.limit_chat_interval, self.limit_group_per_minute)

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

    def arm(self) -> None:
        """For the tests of crash safety (`services.crashing`); refused against the real Telegram."""
        if self.crash_at is None:
            return
        if self.is_official:
            raise Mendable("DUBAN_CRASH_AT is for a stand-in only: it is refused against the real Telegram")
        try:
            crashing.arm(self.crash_at)
        except ValueError as problem:
            raise Mendable(f"DUBAN_CRASH_AT: {problem}") from problem


def load() -> Settings:
    """Raises Mendable naming the first setting that is wrong."""
    try:
        return Settings()
    except ValidationError as problem:
        first = problem.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise Mendable(f"DUBAN_{name}: {first['msg'].removeprefix('Value error, ')}") from problem
