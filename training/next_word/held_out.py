"""Keeping a tenth of a text for the figures: whole blocks from all over it, never trained on."""

_N_BLOCKS = 200
_EVERY = 10


def split_tenth(text: str) -> tuple[str, str]:
    """What to train on, and the tenth to measure on.

    The text is cut at blank lines into blocks of about equal length and every tenth is held out,
    so that all kinds of text in it are measured, and no block shares a sentence with the rest.
    """
    blocks = _blocks(text, max(1, len(text) // _N_BLOCKS))
    held_out = blocks[_EVERY - 1 :: _EVERY]
    kept = [block for number, block in enumerate(blocks) if number % _EVERY != _EVERY - 1]
    return "\n\n".join(kept), "\n\n".join(held_out)


def _blocks(text: str, shortest: int) -> list[str]:
    """Paragraphs joined until each block has at least ``shortest`` characters."""
    blocks, block, length = [], list[str](), 0
    for paragraph in text.split("\n\n"):
        block.append(paragraph)
        length += len(paragraph) + 2
        if length >= shortest:
            blocks.append("\n\n".join(block))
            block, length = [], 0
    return [*blocks, "\n\n".join(block)] if block else blocks
