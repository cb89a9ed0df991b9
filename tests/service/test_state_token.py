"""State tokens: what was sealed comes back, and nothing else is opened."""

import base64
import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.tasks.state_token import BadToken, Origin, StateTokens

DIGEST = hashlib.sha256(b"model").hexdigest()
ORIGIN = Origin("transducer", "3", DIGEST)
SECRET = b"known to every worker"
STATE = np.array([0.5, -1.25, 3e-30, 7e20, 0.1], dtype=np.float32)
TOKENS = StateTokens(ORIGIN, 5, SECRET)


def test_a_state_comes_back_to_the_bit() -> None:
    assert TOKENS.open(TOKENS.seal(STATE)).tobytes() == STATE.tobytes()


def test_a_token_goes_into_a_url_or_a_file_name_as_it_is() -> None:
    assert set(TOKENS.seal(STATE)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


def test_another_worker_with_the_same_secret_opens_it() -> None:
    other = StateTokens(ORIGIN, 5, SECRET)
    np.testing.assert_array_equal(other.open(TOKENS.seal(STATE)), STATE)


@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_any_bit_changed_is_refused(at: int, bit: int) -> None:
    token = bytearray(TOKENS.seal(STATE), "ascii")
    token[at % len(token)] ^= 1 << bit

    with pytest.raises(BadToken):
        TOKENS.open(token.decode("latin-1"))


@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_any_bit_changed_below_the_text_is_refused(at: int, bit: int) -> None:
    token = TOKENS.seal(STATE)
    sealed = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    sealed[at % len(sealed)] ^= 1 << bit

    with pytest.raises(BadToken):
        TOKENS.open(base64.urlsafe_b64encode(sealed).rstrip(b"=").decode())


@pytest.mark.parametrize("extra", ["", "=", "A", "AAAA", " ", "\n"])
def test_neither_less_nor_more_is_a_token(extra: str) -> None:
    token = TOKENS.seal(STATE)
    changed = token + extra if extra else token[:-1]

    with pytest.raises(BadToken):
        TOKENS.open(changed)


@given(text=st.text(max_size=60))
def test_any_other_text_is_no_token(text: str) -> None:
    with pytest.raises(BadToken, match="is no state token|was altered"):
        TOKENS.open(text)


def test_an_altered_token_is_told_from_one_of_another_model() -> None:
    def why(tokens: StateTokens) -> str:
        with pytest.raises(BadToken) as refused:
            TOKENS.open(tokens.seal(STATE))
        return str(refused.value)

    assert "was altered, or it comes from a service with another state_secret" in why(
        StateTokens(ORIGIN, 5, b"another")
    )
    other_version = StateTokens(Origin("transducer", "2", DIGEST), 5, SECRET)
    assert "is of version 2 of 'transducer'; version 3 of 'transducer' answers here" in why(
        other_version
    )
    assert "is of version 3 of 'quadrature'" in why(
        StateTokens(Origin("quadrature", "3", DIGEST), 5, SECRET)
    )


def test_a_model_of_the_same_name_and_version_but_other_weights_is_another_model() -> None:
    retrained = Origin("transducer", "3", hashlib.sha256(b"other").hexdigest())
    with pytest.raises(BadToken, match="A state cannot move to another model"):
        TOKENS.open(StateTokens(retrained, 5, SECRET).seal(STATE))


def test_a_state_of_another_size_does_not_fit() -> None:
    with pytest.raises(BadToken):
        TOKENS.open(StateTokens(ORIGIN, 4, SECRET).seal(STATE[:4]))
