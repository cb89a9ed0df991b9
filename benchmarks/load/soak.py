"""Hours in minutes: mixed traffic, and whether memory and file descriptors stay as they were."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.load.caller import Target
from benchmarks.load.memory import MemoryWatch, open_files
from benchmarks.load.open_loop import OpenLoop
from benchmarks.load.overload import percentile
from benchmarks.running_service import RunningService

FIRST_MINUTE_S = 60.0
# Means over this long at both ends, so that one sample decides nothing.
WINDOW_S = 10.0
SETTLE_S = 2.0


async def soak(
    service: RunningService, target: Target, requests: Sequence[bytes], rate: float, seconds: float
) -> dict[str, Any]:
    """Memory at the end relative to that after the first minute, or after a fifth if shorter."""
    files = open_files(service)
    loop = OpenLoop(target, requests, rate=rate, seconds=seconds, give_up_s=30)
    async with MemoryWatch(service, every_s=1) as watch:
        record = await loop.run()
    await asyncio.sleep(SETTLE_S)
    moments, amounts = (np.asarray(column) for column in zip(*watch.samples, strict=True))
    first = min(FIRST_MINUTE_S, seconds / 5)
    window = min(WINDOW_S, seconds / 10)
    early = amounts[(moments >= first) & (moments < first + window)].mean() / 1e6
    late = amounts[moments >= seconds - window].mean() / 1e6
    return {
        "seconds": seconds,
        "rate_per_s": round(rate),
        "statuses": dict(Counter(record.statuses)),
        "p50_ms": percentile(record.latencies_ms(200), 50),
        "p99_ms": percentile(record.latencies_ms(200), 99),
        "memory_after_first_mb": round(float(early), 1),
        "memory_at_end_mb": round(float(late), 1),
        "growth_share": round(float(late / early - 1), 4),
        "files_before": files,
        "files_after": open_files(service),
        "memory_mb": [
            [round(float(at), 1), round(amount / 1e6, 1)] for at, amount in watch.samples
        ],
    }
