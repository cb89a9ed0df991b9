from hypothesis import given
from hypothesis import strategies as st

from service.tasks.repetition import RepetitionGuard


def test_what_followed_a_pair_before_must_not_follow_it_again() -> None:
    guard = RepetitionGuard(3, [1, 2, 5, 1, 2, 6, 1, 2])

    assert guard.banned() == [5, 6]
    guard.add(7)
    assert guard.banned() == []


def test_a_group_of_one_bans_all_that_was_said() -> None:
    assert RepetitionGuard(1, [4, 9, 4]).banned() == [4, 9]


def test_size_0_bans_nothing() -> None:
    assert RepetitionGuard(0, [1, 1, 1]).banned() == []


@given(size=st.integers(1, 4), picks=st.lists(st.integers(0, 5), max_size=60))
def test_no_group_comes_twice(size: int, picks: list[int]) -> None:
    guard, words = RepetitionGuard(size), list[int]()
    for pick in picks:
        if pick not in guard.banned():
            guard.add(pick)
            words.append(pick)

    groups = [tuple(words[at : at + size]) for at in range(len(words) - size + 1)]
    assert len(groups) == len(set(groups))
