"""The settings of the service, each readable from a variable ``SEQSERVE_<NAME>``."""

import secrets
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_serializer
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_PREFIX = "SEQSERVE_"


class Settings(BaseSettings):
    """All that an operator may choose; built once, passed down, never changed.

    Raises:
        pydantic.ValidationError: a variable is out of its bounds.
    """

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: Annotated[int, Field(ge=1, le=256)] | Literal["auto"] = Field(
        "auto",
        description="Processes that serve; auto: as many as processors and memory have room for.",
    )
    stuck_after_s: float = Field(
        30,
        ge=1,
        le=3600,
        description="Seconds of silence after which one of several workers is replaced.",
    )
    repository: Path = Field(
        Path("models/repository"),
        description="Folder of exports, <name>/<version>/manifest.json.",
    )
    default_forecaster: str = Field(
        "forecaster", description="Model that answers /forecast when a request names none."
    )
    default_classifier: str = Field(
        "digits", description="Model that answers /classify when a request names none."
    )
    default_next_word: str = Field(
        "next-word", description="Model that answers /next-word when a request names none."
    )
    default_transducer: str = Field(
        "transducer", description="Model that answers /transduce when a request names none."
    )
    state_secret: SecretStr = Field(
        default_factory=lambda: SecretStr(secrets.token_hex(32)),
        min_length=16,
        description="Signs the state tokens of /transduce; else made at start, for all workers.",
    )
    max_body_bytes: int = Field(
        8 * 1024**2, ge=1024, description="Longest request body; a longer one gets 413."
    )
    off_loop_bytes: int = Field(
        256 * 1024, ge=0, description="Bodies from this size on are read beside the event loop."
    )
    default_timeout_ms: int = Field(
        30_000,
        ge=1,
        le=3_600_000,
        description="Milliseconds until an answer must be ready, unless X-Timeout-Ms says other.",
    )
    api_keys: SecretStr | None = Field(
        None, description="Keys that callers must send, separated by commas; unset: none needed."
    )
    api_keys_file: Path | None = Field(
        None, description="File with such keys, one a line, lines with # in front left out."
    )
    auth_hook: str | None = Field(
        None,
        pattern=r"^[\w.]+:\w+$",
        description="Instead of keys, a function of one's own, as module:function.",
    )
    max_batch_rows: int = Field(128, ge=1, le=65536, description="Most rows in one forward pass.")
    max_batch_cells: int = Field(
        32768,
        ge=1,
        description="Most padded cells in one forward pass: rows times the longest series.",
    )
    max_queued_rows: int = Field(
        8192, ge=1, description="Rows that may wait for a model; more get 503 at once."
    )
    max_streams: int = Field(
        1024, ge=0, description="Open WebSockets of a worker; more are refused with 503."
    )
    max_stream_message_bytes: int = Field(
        1024**2, ge=1024, description="Longest message of a WebSocket; a longer one closes it."
    )
    max_stream_samples: int = Field(
        65536,
        ge=1,
        description="Samples of a stream that may wait for their answers; then no more is read.",
    )
    stream_idle_s: int = Field(
        300, ge=1, le=86400, description="Seconds without a message after which a stream ends."
    )
    threads: int = Field(
        1,
        ge=1,
        le=1024,
        description="Threads inside one forward pass; small models are fastest with one.",
    )
    allocator: str = Field(
        "auto",
        min_length=1,
        description="Hands out memory; auto: tcmalloc or the like if installed; system; or a path.",
    )
    precision: Literal["auto", "float32"] = Field(
        "auto",
        description="auto: bfloat16 or int8 for models measured in it, where the CPU has it.",
    )
    passes: Literal["auto", "graph"] = Field(
        "auto",
        description="auto: in C where that was compiled and answers as the graph; graph: by torch.",
    )
    front: Literal["auto", "uvicorn"] = Field(
        "auto",
        description="auto: sockets are read in C where that was compiled; uvicorn: in Python.",
    )
    warmup_max_s: float = Field(
        5.0, ge=0, le=60, description="Longest warm-up of one model, in seconds."
    )
    graceful_stop_s: int = Field(
        30, ge=0, le=3600, description="Seconds that accepted requests have after SIGTERM."
    )
    receive_timeout_s: float = Field(
        30, gt=0, le=3600, description="Seconds in which a request must arrive whole, or get 408."
    )
    max_connections: int = Field(
        4096, ge=1, le=10**6, description="Open connections of a worker; further ones wait."
    )
    keep_alive_s: int = Field(
        15, ge=1, le=3600, description="Seconds that an idle connection is kept open."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe log lines that are written."
    )
    log_format: Literal["auto", "text", "json"] = Field(
        "auto", description="Log lines for people or machines; auto: text on a terminal only."
    )
    access_log: bool = Field(True, description="Write a log line for every request.")

    @field_serializer("state_secret", "api_keys", when_used="json-unless-none")
    def _reveal(self, secret: SecretStr) -> str:
        """To the environment of other workers; everything else that prints settings hides it."""
        return secret.get_secret_value()
