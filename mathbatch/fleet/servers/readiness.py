"""Tell whether a server is ready, and of which kind it is."""

from __future__ import annotations

from typing import Any

import msgspec

from mathbatch.errors import ConfigError
from mathbatch.fleet.servers.addresses import URLS, Address, Key
from mathbatch.fleet.servers.connection import Connection, Reply
from mathbatch.fleet.servers.dialects import DIALECTS, OWNERS, UNKNOWN, Dialect
from mathbatch.fleet.servers.outcomes import Unanswered
from mathbatch.fleet.servers.refusals import complaint_of, with_v1


class _Model(msgspec.Struct):
    owned_by: Any = None


class _Models(msgspec.Struct):
    data: list[_Model] = []


def refuse_unready(reply: Reply, address: Address, key: Key) -> None:
    """Raise for a reply to a prompt that is no answer: ConfigError where another program or path answers.

    A server whose list of models is there may have no engine behind it any more, so only an answer counts
    (https://github.com/vllm-project/vllm/issues/53157). Raise Unanswered where there may be one later.
    """
    words = key.hide(complaint_of(reply.body).message)
    if reply.status == 404:
        raise ConfigError(URLS, f"nothing answers prompts at {address.chat} (it says 404: {words})", with_v1(address))
    try:
        found = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unanswered("bad_reply", f"it says no JSON: {words:.200}") from None
    if not isinstance(found, dict) or not found.get("choices"):
        raise Unanswered("bad_reply", f"it gives no answer: {words:.200}")


async def kind_of(connection: Connection) -> Dialect:
    """Return the dialect of a server by who owns its models, UNKNOWN where that tells nothing."""
    try:
        reply = await connection.get(connection.address.models)
        found = msgspec.json.decode(reply.body, type=_Models) if reply.status == 200 else _Models()
    except (Unanswered, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return UNKNOWN
    kinds = {OWNERS.get(str(model.owned_by)) for model in found.data}
    kind = kinds.pop() if len(kinds) == 1 else None
    return UNKNOWN if kind is None else DIALECTS[kind]
