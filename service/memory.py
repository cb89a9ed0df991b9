"""How a process asks for memory and gives it back."""

import contextlib
import ctypes
import gc

# What the C library itself would reach at most as it grows these two with the blocks that it sees.
# How far it came before it served was luck, and where it did not come far, a pass of 64 rows got
# and returned thousands of pages: a fifth of the forecaster's time, half of the next word's.
MAPPED_FROM_BYTES = 32 * 2**20
KEPT_BYTES = 2 * MAPPED_FROM_BYTES
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # names and numbers of malloc.h


def keep_memory() -> None:
    """Let passes find the memory of the passes before them, instead of new pages."""
    with contextlib.suppress(OSError, AttributeError):  # other C libraries have no such call
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, MAPPED_FROM_BYTES)
        library.mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)


def tidy_memory() -> None:
    """Take what is loaded out of the garbage collector's sight, and give back what is free.

    A full collection over torch's objects takes 60 ms, which callers would see as latency. Loading
    leaves tens of megabytes of weights free that the C library would keep for itself.
    """
    gc.collect()
    gc.freeze()
    with contextlib.suppress(OSError, AttributeError):  # as above
        library = ctypes.CDLL(None)
        library.malloc_trim(0)
        library.MallocExtension_ReleaseFreeMemory()  # of tcmalloc, where that is preloaded
