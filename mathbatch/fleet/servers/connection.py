"""Send requests to one server and take in what it says, with little work for each: a thousand may be in flight."""

from __future__ import annotations

import asyncio
import errno
import io
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from mathbatch.errors import ConfigError
from mathbatch.fleet.servers.addresses import Address, Key
from mathbatch.fleet.servers.outcomes import Unanswered, Unreachable
from mathbatch.parts.faults import in_words

if TYPE_CHECKING:
    import aiohttp

# Seconds for a connection to be made. A busy server accepts late, and the system then asks again after 1, 3, 7, 15 s.
CONNECT_S = 60.0
# Seconds without a sign from the machine of a server before it is asked for one, between two questions, and how many:
# one that has lost its power closes no connection.
PROBE_AFTER_S, PROBE_EVERY_S, PROBES = 60, 15, 4
# Largest answer that is taken in, in bytes: a million tokens with their probabilities are smaller.
MOST_BYTES = 1 << 28
# Bodies above this go out piece by piece, so that other answers are taken in between.
LARGE = 1 << 18
# Errors of this machine that pass.
PASSING = (errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM)
HOW_TO_INSTALL = "pip install 'mathbatch[servers]'"


class Reply(NamedTuple):
    """Reply of a server. Names of headers are read in any case of letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """Way to one server, until it is closed. A reply that isn't whole after `limit_s` seconds is given up.

    Redirects are not followed: the key would go with them.
    """

    def __init__(self, address: Address, key: Key, limit_s: float | None) -> None:
        """Raise ConfigError if aiohttp is missing."""
        try:
            import aiohttp
        except ImportError as error:
            problem = f"servers are asked by the package aiohttp: {error}"
            raise ConfigError("model._target_", problem, HOW_TO_INSTALL) from error
        self.address = address
        self._limit_s = limit_s
        self._proxy = address.proxy
        self._running: set[asyncio.Timeout] = set()
        self.is_closed = False
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=60, socket_factory=_socket),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
            headers={"Content-Type": "application/json", **key.headers},
        )

    async def post(self, body: bytes) -> Reply:
        """Send a prompt; return the reply, whatever its status. Raise Unanswered, or ConfigError for a certificate."""
        data = body if len(body) < LARGE else io.BytesIO(body)
        return await self._exchange("POST", self.address.chat, data)

    async def get(self, url: str) -> Reply:
        """Return what is at a URL of the server. Raise as `post` does."""
        return await self._exchange("GET", url, None)

    async def close(self) -> None:
        """End it, and all that is in flight."""
        self.is_closed = True
        now = asyncio.get_running_loop().time()
        for limit in self._running:
            if not limit.expired():
                limit.reschedule(now)
        await self._session.close()

    async def _exchange(self, method: str, url: str, data: Any) -> Reply:
        import aiohttp

        if self.is_closed:
            raise Unreachable("connection_lost", "it was taken out")
        limit = asyncio.timeout(self._limit_s)
        try:
            async with limit:
                self._running.add(limit)
                async with self._session.request(
                    method, url, data=data, allow_redirects=False, proxy=self._proxy
                ) as reply:
                    return Reply(reply.status, reply.headers, await _content(reply))
        except TimeoutError as error:
            raise self._late(limit.expired(), error) from error
        except aiohttp.ClientError as error:
            raise self._broken(error) from error
        finally:
            self._running.discard(limit)

    def _late(self, is_over: bool, error: TimeoutError) -> Unanswered:
        if self.is_closed:
            return Unreachable("connection_lost", "it was taken out")
        if is_over:
            return Unanswered("timeout", f"no whole answer in {self._limit_s:g} s")
        return Unreachable("connection_lost", f"no connection in {CONNECT_S:g} s")

    def _broken(self, error: aiohttp.ClientError) -> Unanswered | ConfigError:
        """Return what an error of the library means."""
        import aiohttp

        if self.is_closed:
            return Unreachable("connection_lost", "it was taken out")
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            problem = f"{self.address.name} has no certificate that can be trusted: {in_words(error)}"
            return ConfigError(
                "model.base_urls", problem, "correct the address, or name the authority in SSL_CERT_FILE"
            )
        if isinstance(error, aiohttp.ClientSSLError):  # a server or a proxy that ends in the midst of a handshake
            return Unanswered("connection_lost", f"no secure connection: {in_words(error)}")
        if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno not in PASSING:
            return Unreachable("connection_lost", f"no connection: {in_words(error.os_error)}")
        if isinstance(error, aiohttp.ClientHttpProxyError):
            return Unreachable("connection_lost", f"the proxy says {error.status}")
        if isinstance(error, aiohttp.ClientResponseError):
            return Unanswered("bad_reply", f"what came is no HTTP: {in_words(error)}")
        return Unanswered("connection_lost", f"the connection broke: {in_words(error)}")


async def _content(reply: aiohttp.ClientResponse) -> bytes:
    """Return the body of a reply. Raise Unanswered for one without an end."""
    pieces, size = [], 0
    async for piece in reply.content.iter_any():
        pieces.append(piece)
        size += len(piece)
        if size > MOST_BYTES:
            raise Unanswered("bad_reply", f"an answer of more than {MOST_BYTES >> 20} MiB")
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _socket(info: Any) -> socket.socket:
    """Return a socket that asks the machine at its other end for a sign of life."""
    family, kind, protocol, *_ = info
    made = socket.socket(family=family, type=kind, proto=protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, PROBE_AFTER_S)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, PROBE_EVERY_S)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES)
    return made
