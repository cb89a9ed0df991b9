"""Sockets, read and written in C; service/front/module.c says how."""

from collections.abc import Callable
from typing import Any

# What was told of the head, text behind the numbers, float32, lengths, rows of each, handles, gaps.
Read = tuple[Any, bytes, bytearray, list[int], list[int], list[int], bool]
Stranger = tuple[int, bytes]

INTERFACE: int

class Front:
    def __init__(self, learn: Callable[[bytes], bool], most_bytes: int) -> None: ...
    def fileno(self) -> int: ...
    def adopt(self, fd: int) -> None: ...
    def teach(
        self,
        before: bytes,
        after: bytes,
        told: object,
        kind: int,
        name: str,
        bound: float,
        rooms: list[int],
    ) -> int: ...
    def admit(self, head: int, room: int, refusal: list[bytes] | None) -> None: ...
    def turn(
        self,
    ) -> tuple[
        list[Read],
        list[tuple[Any, int, bytes]],
        list[tuple[Any, int]],
        list[Stranger],
        list[int],
        list[Any],
        int,
    ]: ...
    def due(self) -> bool: ...
    def answer(
        self,
        handles: list[int],
        counts: list[int],
        ids: list[bytes] | None,
        items: bytes,
        before: bytes,
        after: bytes,
        opening: bytes,
        closing: bytes,
    ) -> int: ...
    def send(self, handle: int, response: bytes) -> bool: ...
    def release(self, handle: int) -> Stranger | None: ...
    def sweep(self, first_s: float, kept_s: float, slow_s: float) -> list[Stranger]: ...
    def stop(self) -> int: ...
    def close(self) -> None: ...
