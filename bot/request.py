"""python-telegram-bot's calls over aiohttp: its own client collapses above sixteen calls in flight (facts B).

What a failure was stays in `__cause__`, so that `bot.verdicts` can tell "certainly not sent" from "may have been sent".
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError
from python_socks import parse_proxy_url
from telegram._utils.defaultvalue import DefaultValue
from telegram._utils.types import ODVInput
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

CONNECT, POOL, READ, WRITE, WRITE_MEDIA = 5.0, 5.0, 10.0, 5.0, 60.0  # seconds
KEPT_OPEN = 15.0
"""Seconds an idle connection is kept: shorter than proxies and Telegram do, since a call on a connection that just
ended is of unknown fate."""
_DEFAULT = BaseRequest.DEFAULT_NONE


SCHEMES = ("http", "https", "socks5", "socks5h", "socks4")


class ProxyRefused(Exception):
    """The proxy wants a password, or another one."""


NOT_SENT: tuple[type[BaseException], ...] = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientHttpProxyError,
    aiohttp.ConnectionTimeoutError,
    ProxyError,
    ProxyConnectionError,
    ProxyTimeoutError,
    ProxyRefused,
)
"""Causes that say: no connection stood, so nothing of the call reached Telegram."""

_FAILED: tuple[type[BaseException], ...] = (aiohttp.ClientError, OSError, *NOT_SENT)


def _let_in(status: int) -> None:
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        raise ProxyRefused


def proxy_of(proxy: str | None, url: str) -> str | None:
    """The proxy to use for `url`: the one set, else that of the environment (HTTPS_PROXY, ALL_PROXY, NO_PROXY)."""
    if proxy:
        return proxy
    target = urlsplit(url)
    if not target.hostname or proxy_bypass(target.hostname):
        return None
    known = getproxies()
    return known.get(target.scheme) or known.get("all")


class AioRequest(BaseRequest):
    """`most` calls at a time. `proxy`: http://, https:// or socks5://, with `user:password@` where it wants one."""

    def __init__(self, most: int, proxy: str | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._most = most
        self._tls = tls
        self._is_socks = bool(proxy) and urlsplit(proxy or "").scheme.startswith("socks")
        self._proxy, self._login = _split(proxy)
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        return READ

    async def initialize(self) -> None:
        if self._session is None or self._session.closed:
            headers = {"User-Agent": self.USER_AGENT}
            self._session = aiohttp.ClientSession(connector=self._connector(), headers=headers)

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _connector(self) -> aiohttp.BaseConnector:
        tls: Any = self._tls or True
        if self._is_socks and self._proxy:
            scheme, host, port, *_ = parse_proxy_url(self._proxy.replace("socks5h:", "socks5:", 1))
            user, password = self._login or (None, None)
            return ProxyConnector(
                host, port, scheme, user, password, rdns=True, ssl=tls, limit=self._most, keepalive_timeout=KEPT_OPEN
            )
        return aiohttp.TCPConnector(limit=self._most, ssl=tls, keepalive_timeout=KEPT_OPEN)

    def _way(self, url: str) -> dict[str, Any]:
        """Through the proxy, whose password goes to nobody else; a SOCKS proxy is the connector's business."""
        if self._is_socks or self._proxy is None:
            return {}
        known = {}
        if self._login is not None:
            basic = base64.b64encode(":".join(self._login).encode()).decode()
            known["Proxy-Authorization"] = f"Basic {basic}"
        return {"proxy": self._proxy, "proxy_headers" if url.startswith("https:") else "headers": known}

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = _DEFAULT,
        write_timeout: ODVInput[float] = _DEFAULT,
        connect_timeout: ODVInput[float] = _DEFAULT,
        pool_timeout: ODVInput[float] = _DEFAULT,
    ) -> tuple[int, bytes]:
        """Raises TimedOut and NetworkError, whose words name neither the address nor the token in it."""
        if self._session is None:
            raise RuntimeError("this request is not initialized")
        media = request_data is not None and bool(request_data.multipart_data)
        timeout = _waits(
            _or(connect_timeout, CONNECT), _or(pool_timeout, POOL), _or(read_timeout, READ),
            _or(write_timeout, WRITE_MEDIA if media else WRITE),
        )  # fmt: skip
        try:
            async with self._session.request(
                method, url, data=_form(request_data), timeout=timeout, allow_redirects=False, **self._way(url)
            ) as answer:  # fmt: skip
                _let_in(answer.status)
                return answer.status, await answer.read()
        except TimeoutError as problem:
            raise TimedOut(f"Timed out ({type(problem).__name__})") from problem
        except (aiohttp.ClientError, OSError, ProxyError, ProxyRefused) as problem:
            raise NetworkError(type(problem).__name__) from problem

    async def head_of(self, url: str, seconds: float) -> Mapping[str, str]:
        """The headers of whatever answers at `url`, over the same way as every call. Raises NetworkError, TimedOut."""
        if self._session is None:
            raise RuntimeError("this request is not initialized")
        try:
            limit = aiohttp.ClientTimeout(total=seconds)
            async with self._session.get(url, timeout=limit, allow_redirects=False, **self._way(url)) as answer:
                _let_in(answer.status)
                return answer.headers
        except TimeoutError as problem:
            raise TimedOut(f"Timed out ({type(problem).__name__})") from problem
        except _FAILED as problem:
            raise NetworkError(type(problem).__name__) from problem


def _or(given: ODVInput[float], default: float) -> float | None:
    return default if isinstance(given, DefaultValue) else given


def _waits(connect: float | None, pool: float | None, read: float | None, write: float | None) -> aiohttp.ClientTimeout:
    """aiohttp knows no limit for writing: the whole call may take what all its parts may."""
    begin = None if connect is None or pool is None else connect + pool
    whole = None if begin is None or read is None or write is None else begin + read + write
    return aiohttp.ClientTimeout(total=whole, connect=begin, sock_connect=connect, sock_read=read)


def _split(proxy: str | None) -> tuple[str | None, tuple[str, str] | None]:
    """The proxy's address without its password, and the password. Raises ValueError for what is no proxy."""
    if not proxy:
        return None, None
    parts = urlsplit(proxy)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ValueError(f"a proxy is one of {', '.join(SCHEMES)}://[user:password@]host:port")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    bare = f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")
    login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    if parts.scheme.startswith("socks") and login and not "".join(login).isascii():
        raise ValueError("a SOCKS proxy takes only ASCII in user and password")
    return bare, login


def _form(data: RequestData | None) -> aiohttp.FormData | aiohttp.BytesPayload | None:
    """What Telegram is told: a form, with the files in it where there are any."""
    if data is None:
        return None
    if not data.multipart_data:
        return aiohttp.BytesPayload(urlencode(data.json_parameters).encode(), content_type=_FORM)
    form = aiohttp.FormData(quote_fields=False)
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mime) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=mime)
    return form


_FORM = "application/x-www-form-urlencoded"
