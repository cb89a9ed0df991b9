"""Sockets as C knows them, where that was compiled: with a compiler, on Linux."""

try:
    from service.front._front import Front as Sockets
except ImportError:  # uvicorn reads everything
    COMPILED = False
else:
    COMPILED = True

__all__ = ["COMPILED", "Sockets"]
