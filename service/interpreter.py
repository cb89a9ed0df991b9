"""How the threads of a process share the Python interpreter."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# When a pass ends, its thread asks for the interpreter, which a busy event loop may keep for this
# long. Python's own 5 ms is longer than most passes; shorter than this gained nothing more
# (docs/decisions/0012-batching.md).
SWITCH_INTERVAL_S = 0.0005

# Python looks for cycles after every 700 objects that stay: twice a turn of a busy loop, where
# requests make hardly any. Not much rarer than this, as a failure may hold a body in a cycle.
OBJECTS_BETWEEN_COLLECTIONS = 10_000


@contextmanager
def quick_hand_over() -> Iterator[None]:
    """Let threads take turns quickly; on leaving, all is as it was before."""
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before_s)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let the garbage collector run more rarely; on leaving, all is as it was before."""
    before = gc.get_threshold()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
