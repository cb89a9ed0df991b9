"""Reads the fenced blocks out of a Markdown page."""

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    language: str
    text: str

    def commands(self) -> list[str]:
        """Shell commands, continued lines joined."""
        joined = re.sub(r"\\\n\s*", "", self.text)
        return [line.strip() for line in re.split(r"\n(?=\S)", joined) if line.strip()]


def blocks_of(page: Path) -> list[Block]:
    return [Block(*match) for match in FENCE.findall(page.read_text(encoding="utf-8"))]
