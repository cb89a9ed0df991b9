"""What workers tell each other through shared memory."""

import os

from service.board import TEXT_BYTES, Board, Place, State


def test_a_slot_starts_empty() -> None:
    slot = Place.alone().slot

    assert (slot.state, slot.connections, slot.beat_s) == (State.ABSENT, 0, 0.0)
    assert slot.read() == b""


def test_what_is_written_on_one_board_is_read_on_another_of_the_same_memory() -> None:
    board = Board.shared(3)
    assert board.fd is not None
    same = Board.attach(os.dup(board.fd))
    first, last = board.slots[0], board.slots[2]
    first.state, first.connections, first.beat_s = State.READY, 5, 12.25
    last.state = State.LOADING
    board.complete, board.replaced = True, 7

    assert len(same.slots) == 3
    assert [slot.state for slot in same.slots] == [State.READY, State.ABSENT, State.LOADING]
    assert (same.slots[0].connections, same.slots[0].beat_s) == (5, 12.25)
    assert (same.complete, same.replaced, same.ready()) == (True, 7, 1)


def test_the_last_text_counts_also_a_shorter_one() -> None:
    slot = Place.alone().slot
    for text in (b"first and long", b"second", b"", b"third"):
        assert slot.publish(text)
        assert slot.read() == text


def test_slots_do_not_touch_each_other() -> None:
    board = Board.shared(2)
    for _ in range(2):  # both places of each slot
        assert board.slots[0].publish(b"a" * TEXT_BYTES)
        assert board.slots[1].publish(b"b" * TEXT_BYTES)

    assert set(board.slots[0].read()) == {ord("a")}
    assert set(board.slots[1].read()) == {ord("b")}
    assert board.slots[1].state is State.ABSENT


def test_too_long_a_text_leaves_the_last_one() -> None:
    slot = Place.alone().slot
    slot.publish(b"fits")

    assert not slot.publish(b"x" * (TEXT_BYTES + 1))
    assert slot.read() == b"fits"


def test_a_writer_that_dies_half_way_leaves_the_last_text(monkeypatch: object) -> None:
    slot = Place.alone().slot
    slot.publish(b"old")
    half_written = slot._memory[4096 : 4096 + 2 * TEXT_BYTES]
    place = 1 - slot._integers[2] % 2
    half_written[place * TEXT_BYTES : place * TEXT_BYTES + 3] = b"new"  # and no more

    assert slot.read() == b"old"
