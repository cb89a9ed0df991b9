"""Which words have capitals in the middle of a sentence, counted in the training text."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from models.tokenizer import Tokenizer, Vocabulary, is_shown

FEWEST = 3
# A capital behind one of these says nothing: a sentence or a quotation may start there.
_SAYS_NOTHING = re.compile(r"[^\w,;'\u2019-]")


def casing_of(texts: Iterable[str], tokenizer: Tokenizer, vocabulary: Vocabulary) -> dict[str, str]:
    """The usual written form of each word that is mostly written with capitals.

    Counted is what stands in the middle of a sentence and not in a line of capitals.
    """
    if not tokenizer.lowercase:
        return {}
    forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    pattern = re.compile(tokenizer.pattern, re.IGNORECASE)
    known = {word for word in vocabulary.words if is_shown(word)}
    for text in texts:
        _count(tokenizer.plain(text), pattern, known, forms)
    usual = {word: counter.most_common(1)[0] for word, counter in forms.items()}
    return {
        word: form
        for word, (form, count) in usual.items()
        if form != word and count >= FEWEST and 2 * count > forms[word].total()
    }


def _count(
    text: str, pattern: re.Pattern[str], known: set[str], forms: dict[str, Counter[str]]
) -> None:
    before = "."
    for match in pattern.finditer(text):
        form = match.group()
        word = form.lower()
        if word in known and not _SAYS_NOTHING.search(before) and not _both_shout(before, form):
            forms[word][form] += 1
        before = form


def _both_shout(before: str, form: str) -> bool:
    return len(before) > 1 and len(form) > 1 and before.isupper() and form.isupper()
