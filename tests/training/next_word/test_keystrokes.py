"""Keystrokes saved, counted by hand."""

import numpy as np
import pytest

from models.tokenizer import PADDING, UNKNOWN, Vocabulary
from training.next_word.keystrokes import Keyboard, keystrokes_saved

WORDS = [PADDING, UNKNOWN, ",", "tea", "the", "then", "there", "so"]
KEYBOARD = Keyboard(Vocabulary(WORDS))


def likelier(*words: str) -> np.ndarray:
    return np.array([[word in words for word in WORDS]])


@pytest.mark.parametrize(
    ("word", "before", "typed"),
    [
        pytest.param("the", (",", "so", "tea"), 0, id="a-mark-takes-no-place"),
        pytest.param("so", ("tea", "the", "then"), 1, id="the-first-letter-tells"),
        pytest.param("there", ("tea", "the", "then"), 2, id="two-letters"),
        pytest.param("tea", ("the", "then", "there"), 2, id="three-others-begin-with-t"),
    ],
)
def test_letters_are_typed_until_the_word_is_one_of_three(
    word: str, before: tuple[str, ...], typed: int
) -> None:
    target = np.array([WORDS.index(word)])

    assert KEYBOARD.typed(likelier(*before), target).tolist() == [typed]


def test_what_the_keyboard_does_not_know_is_typed() -> None:
    nothing = np.concatenate([likelier(), likelier()])

    assert KEYBOARD.typed(nothing, np.array([1, 2])).tolist() == [-1, -1]


def test_a_word_that_is_never_shown_costs_all_its_letters() -> None:
    words = [PADDING, UNKNOWN, "a", "ab", "abc", "abcd"]
    keyboard = Keyboard(Vocabulary(words))

    assert keyboard.typed(np.ones((1, 6), dtype=bool), np.array([2])).tolist() == [1]


def test_a_taken_word_costs_its_typed_letters_and_one_stroke() -> None:
    # 3 letters and a space at once, 5 letters after 2, an unknown word of 4, one never shown of 2.
    typed, letters = np.array([0, 2, -1, 2]), np.array([3, 5, 4, 2])

    saved = keystrokes_saved(typed, letters)

    assert saved == pytest.approx(1 - (1 + 3 + 5 + 3) / (4 + 6 + 5 + 3))
