import numpy as np

from models.tokenizer import PADDING, UNKNOWN, Vocabulary
from training.next_word.neighbours import nearest_words


def test_words_that_point_the_same_way_are_near() -> None:
    vocabulary = Vocabulary([PADDING, UNKNOWN, ",", "house", "cottage", "said"])
    vectors = np.array([[9, 9], [9, 8], [5, 0.1], [5, 0], [1, 0.1], [0, 3]], dtype=np.float32)

    rows = dict(nearest_words(vectors, vocabulary, n_nearest=1))

    assert rows["house"] == "cottage"  # the comma is nearer, but no word
    assert rows["cottage"] == "house"
