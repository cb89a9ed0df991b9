import itertools
import math

import numpy as np
import pytest

from models.tokenizer import PADDING, PARAGRAPH, UNKNOWN, Vocabulary
from training.next_word.spelling import Spelling, per_word

WORDS = ["cat", "cats", "catty", "dog"]


def test_a_spelling_like_those_seen_is_likelier() -> None:
    spelling = Spelling(WORDS)

    assert spelling.log_probability("cat") > spelling.log_probability("tca")
    assert spelling.log_probability("cat") > spelling.log_probability("catcatcat")
    assert math.isfinite(spelling.log_probability("žluťoučký"))


def test_all_spellings_together_have_at_most_one_chance() -> None:
    spelling = Spelling(["ab", "ba"])

    every = ("".join(w) for n in range(1, 7) for w in itertools.product("ab", repeat=n))
    total = sum(math.exp(spelling.log_probability(word)) for word in every)
    assert 0.1 < total < 1.0


def test_only_unknown_words_cost_their_spelling() -> None:
    vocabulary = Vocabulary([PADDING, UNKNOWN, PARAGRAPH, "cat"])
    spelling = Spelling(WORDS)

    found = per_word(np.array([-1.0, -2.0]), ["cat", "dog"], vocabulary, spelling)

    assert found == pytest.approx([-1.0, -2.0 + spelling.log_probability("dog")])
