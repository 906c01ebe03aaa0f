"""Wait for what vLLM gives back for one request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vllm.outputs import RequestOutput
    from vllm.v1.engine.async_llm import AsyncLLM
    from vllm.v1.engine.output_processor import RequestOutputCollector


async def final_output(engine: AsyncLLM, outputs: RequestOutputCollector) -> RequestOutput:
    """Wait until a request is finished. Abort the request if this task is cancelled."""
    from vllm.outputs import RequestOutput

    try:
        while True:
            output = outputs.get_nowait() or await outputs.get()
            if isinstance(output, RequestOutput) and output.finished:
                return output
    except asyncio.CancelledError:
        await engine.abort(outputs.request_id, internal=True)
        raise
    finally:
        outputs.close()
