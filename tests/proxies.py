"""Small real proxies: HTTP (forwarding and CONNECT) and SOCKS5, with or without a password."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


@dataclass
class Proxy:
    """`seen` are the addresses that were asked for by somebody who was let in; `turned_away` counts the others."""

    kind: str
    login: tuple[str, str] | None = None
    seen: list[str] = field(default_factory=list)
    turned_away: int = 0
    port: int = 0

    def url(self, login: str = "") -> str:
        return f"{self.kind}://{login + '@' if login else ''}127.0.0.1:{self.port}"

    async def serve(self, reader: Reader, writer: Writer) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await (self._socks(reader, writer) if self.kind == "socks5" else self._http(reader, writer))
        writer.close()

    async def _http(self, reader: Reader, writer: Writer) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split("\r\n")[0].split(" ")
        wanted = self.login and "basic " + base64.b64encode(":".join(self.login).encode()).decode().lower()
        if wanted and f"proxy-authorization: {wanted}" not in head.lower():
            self.turned_away += 1
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        self.seen.append(target)
        parts = urlsplit(target if "//" in target else f"//{target}")
        there = await asyncio.open_connection(parts.hostname, parts.port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            there[1].write(head.replace(f"{parts.scheme}://{parts.netloc}", "", 1).encode())
        await join((reader, writer), there)

    async def _socks(self, reader: Reader, writer: Writer) -> None:
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        if self.login is None or 2 not in methods:
            writer.write(b"\x05\x00" if self.login is None else b"\x05\xff")
            if self.login is not None:
                self.turned_away += 1
                return
        elif not await self._knows(reader, writer, self.login):
            return
        host, port = await _asked(reader)
        self.seen.append(f"{host}:{port}")
        there = await asyncio.open_connection(host, port)
        writer.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        await join((reader, writer), there)

    async def _knows(self, reader: Reader, writer: Writer, login: tuple[str, str]) -> bool:
        writer.write(b"\x05\x02")
        await reader.readexactly(1)
        given = [(await reader.readexactly((await reader.readexactly(1))[0])).decode() for _ in range(2)]
        good = tuple(given) == login
        self.turned_away += not good
        writer.write(b"\x01\x00" if good else b"\x01\x01")
        await writer.drain()
        return good


async def _asked(reader: Reader) -> tuple[str, int]:
    *_, kind = await reader.readexactly(4)
    if kind == 1:
        host = str(ipaddress.ip_address(await reader.readexactly(4)))
    else:
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
    return host, int.from_bytes(await reader.readexactly(2), "big")


async def join(here: tuple[Reader, Writer], there: tuple[Reader, Writer]) -> None:
    await asyncio.gather(_pump(here[0], there[1]), _pump(there[0], here[1]))


async def _pump(source: Reader, target: Writer) -> None:
    with suppress(ConnectionError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    target.close()


@asynccontextmanager
async def proxy(kind: str, login: tuple[str, str] | None = None) -> AsyncIterator[Proxy]:
    made = Proxy(kind, login)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
