"""Sockets as C knows them, where that was compiled from these sources: with a compiler, on Linux.

``STALE`` says that it was compiled, but from others.
"""

# What Python and C hand to each other: a change of it is another number, here and in front.h.
INTERFACE = 1

COMPILED = STALE = False
try:
    from service.front import _front
except ImportError:  # uvicorn reads everything
    pass
else:
    COMPILED = getattr(_front, "INTERFACE", None) == INTERFACE
    STALE = not COMPILED
    if COMPILED:
        from service.front._front import Front as Sockets

__all__ = ["COMPILED", "INTERFACE", "STALE", "Sockets"]
