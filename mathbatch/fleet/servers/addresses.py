"""Read the addresses of servers, and the key for them, which stands in the environment alone."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from mathbatch.config import ModelConfig
from mathbatch.errors import ConfigError

URLS, KEY = "model.base_urls", "model.api_key_env"
CHAT = "/chat/completions"
# Shown in place of a key, wherever a server or a library repeats it.
HIDDEN = "[key]"


@dataclass(frozen=True)
class Address:
    """Server: the URL that all its paths begin with, without a slash at its end, and its name for messages."""

    url: str
    name: str
    host: str

    @property
    def chat(self) -> str:
        """Return the URL that answers prompts."""
        return self.url + CHAT

    @property
    def models(self) -> str:
        """Return the URL that lists the models of the server."""
        return f"{self.url}/models"

    @property
    def proxy(self) -> str | None:
        """Return the proxy that the environment names for it (HTTP_PROXY, HTTPS_PROXY, NO_PROXY); None without one."""
        if proxy_bypass(self.host):
            return None
        found = getproxies()
        return found.get(self.url.partition(":")[0]) or found.get("all")


def addresses_of(config: ModelConfig) -> list[Address]:
    """Return the servers of a model. Raise ConfigError where there are none, and for what is no address of one."""
    if not config.base_urls:
        raise ConfigError(URLS, "no server is named", f"set {URLS}=[http://localhost:8000/v1]")
    split = [_split(f"{URLS}.{at}", url) for at, url in enumerate(config.base_urls)]
    urls = [f"{one.scheme}://{one.netloc}{one.path}" for one in split]
    if doubled := next((url for url, count in Counter(urls).items() if count > 1), None):
        raise ConfigError(URLS, f"{doubled} stands there twice", "name each server once")
    shared = Counter(one.netloc for one in split)
    names = [one.netloc + (one.path if shared[one.netloc] > 1 else "") for one in split]
    return [Address(url, name, one.hostname or "") for url, name, one in zip(urls, names, split, strict=True)]


def _split(place: str, written: str) -> SplitResult:
    """Return the parts of an address. Raise ConfigError, which never repeats what may hold a password."""
    fix = f"write {URLS}=[http://host:8000/v1]"
    try:
        split = urlsplit(written.strip())
        has_port = split.port is None or split.port > 0
    except ValueError as error:
        raise ConfigError(place, f"no address: {error}", fix) from None
    if split.username is not None or split.password is not None:
        raise ConfigError(
            place, "a user or a password would be saved with the run", f"put a key into the variable {KEY}"
        )
    if split.scheme not in ("http", "https") or not split.hostname or not has_port:
        raise ConfigError(place, "no address that begins with http:// or https:// and a host", fix)
    if split.query or split.fragment:
        raise ConfigError(place, "paths are put behind it, and it has a ? or a #", fix)
    return split._replace(path=split.path.rstrip("/").removesuffix(CHAT).rstrip("/"))


class Key:
    """Key for the servers of a model. It is never shown: `hide` takes it out of a text."""

    def __init__(self, config: ModelConfig) -> None:
        """Raise ConfigError for a key that no header can hold."""
        self.variable = config.api_key_env
        self._value = os.environ.get(self.variable, "").strip()
        if not self._value.isascii() or not self._value.isprintable():
            problem = f"the variable {self.variable} holds signs that no key has"
            raise ConfigError(KEY, problem, "set it to the key alone")

    def __repr__(self) -> str:
        return f"Key({self.variable})"

    @property
    def headers(self) -> dict[str, str]:
        """Return what a request is sent with: nothing where there is no key, which servers of one's own need not."""
        return {"Authorization": f"Bearer {self._value}"} if self._value else {}

    @property
    def is_set(self) -> bool:
        """Tell whether there is a key."""
        return bool(self._value)

    def hide(self, text: str) -> str:
        """Return a text without the key."""
        return text.replace(self._value, HIDDEN) if self._value else text
