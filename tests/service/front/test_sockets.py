"""What C does with sockets: recognise, group, answer, and let go."""

import contextlib
import select
import socket
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.front.sockets import COMPILED

if not COMPILED:
    pytest.skip("installed without a compiler", allow_module_level=True)

from service.front.sockets import Sockets

BEFORE, AFTER = b"POST /x HTTP/1.1\r\ncontent-length: ", b"\r\n\r\n"
GRIDS, LISTS, TEXT = range(3)


def request(body: bytes, length: int | None = None) -> bytes:
    return BEFORE + b"%d" % (len(body) if length is None else length) + AFTER + body


class Pair:
    """Sockets that know one head, and clients of theirs."""

    def __init__(self, kind: int, name: str = "a", bound: float = 2.0, rows: int = 5) -> None:
        self.asked: list[bytes] = []
        self.sockets = Sockets(self.learn, 100_000)
        self.told = object()
        rooms = [rows] * 7 + [2, 1]  # up to 64, 128 and 256
        self.sockets.teach(BEFORE, AFTER, self.told, kind, name, bound, rooms)
        self.clients: list[socket.socket] = []

    def learn(self, data: bytes) -> bool:
        self.asked.append(data)
        return False

    def client(self, *sent: bytes) -> socket.socket:
        mine, other = socket.socketpair()
        other.setblocking(False)
        mine.settimeout(5)
        self.sockets.adopt(other.fileno())
        other.detach()
        self.clients.append(mine)
        for piece in sent:
            mine.sendall(piece)
        return mine

    def turn(self) -> Any:
        return self.sockets.turn()

    def groups(self) -> list[Any]:
        return list(self.turn()[0])

    def close(self) -> None:
        self.sockets.close()
        for client in self.clients:
            client.close()


@pytest.fixture
def lists() -> Iterator[Pair]:
    pair = Pair(LISTS, bound=1e6)
    yield pair
    pair.close()


@pytest.fixture
def texts() -> Iterator[Pair]:
    pair = Pair(TEXT)
    yield pair
    pair.close()


def numbers(group: Any) -> list[float]:
    return [float(number) for number in np.frombuffer(group[2], np.float32)]


def test_grids_of_a_turn_are_one_group() -> None:
    pair = Pair(GRIDS, rows=3)
    for body in (b'{"a":[[[1,2],[3,4]]]}', b'{"a":[[[5,6],[7,8]],[[9,0],[1.5,2]]] , "b":1}'):
        pair.client(request(body))
    pair.client(request(b'{"a":[[[250,255],[0,1]]]}'))
    first, second = pair.groups()

    assert first[0] is pair.told
    assert (first[1], numbers(first), first[4]) == (b"}", [1, 2, 3, 4, 250, 255, 0, 1], [1, 1])
    assert (second[1], second[4]) == (b', "b":1}', [2])
    assert numbers(second) == [5, 6, 7, 8, 9, 0, 1.5, 2]
    pair.close()


def test_a_group_is_no_larger_than_a_pass() -> None:
    pair = Pair(GRIDS, rows=3)
    for _ in range(7):
        pair.client(request(b'{"a":[[[1,2],[3,4]]]}'))
    pair.client(request(b'{"a":[%b]}' % b",".join([b"[[1,2],[3,4]]"] * 4)))

    assert [group[4] for group in pair.groups()] == [[1, 1, 1], [1, 1, 1], [1], [4]]
    pair.close()


def test_lists_share_a_group_with_those_of_like_length(lists: Pair) -> None:
    for n in (1, 65, 64, 128, 129, 70, 32769, 40000):
        lists.client(request(b'{"a":[[%b]]}' % b",".join([b"7"] * n)))
    lists.client(request(b'{"a":[[1],[2,3]]}'))
    groups = lists.groups()

    expected = [[1, 64, 1, 2], [65, 128], [129], [70], [32769], [40000]]
    assert [group[3] for group in groups] == expected
    assert groups[0][4] == [1, 1, 2]
    assert [len(numbers(group)) for group in groups] == [sum(lengths) for lengths in expected]


def test_lists_with_gaps_or_of_unlike_lengths_share_with_nobody(lists: Pair) -> None:
    long = b"[%b]" % b",".join([b"7"] * 70)
    for body in (b"[[1],[2]]", b"[[1,null]]", b"[[1],%b]" % long, b"[[3]]"):
        lists.client(request(b'{"a":%b}' % body))
    groups = lists.groups()

    assert [(group[3], group[6]) for group in groups] == [
        ([1, 1, 1], False),
        ([2], True),
        ([1, 70], False),
    ]
    assert np.isnan(numbers(groups[1])[1])


@given(cuts=st.sets(st.integers(1, 60), max_size=6))
def test_a_request_may_come_in_pieces(cuts: set[int]) -> None:
    pair = Pair(LISTS, bound=1e6)
    whole = request(b'{"a":[[1,2.5,3]]}')
    client = pair.client()
    found = []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(whole)], strict=True):
        client.sendall(whole[start:end])
        groups, *others = pair.turn()
        found += groups
        assert others == [[], [], [], [], [], 0]

    assert [numbers(group) for group in found] == [[1, 2.5, 3]]
    pair.close()


@pytest.mark.parametrize(
    "body", [b"[]", b'{"b":[[1]]}', b'{"a":[[1],]}', b'{"a":[[1e9]]}', b'{"a":[[1\x00]]}', b"{"]
)
def test_what_is_not_plain_comes_as_text(lists: Pair, body: bytes) -> None:
    lists.client(request(body))
    groups, read, *_ = lists.turn()

    assert groups == []
    ((told, _, text),) = read
    assert (told, text) == (lists.told, body)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST /y HTTP/1.1\r\n\r\n",
        request(b"", 0),
        request(b"x", 100_001),
        BEFORE + b"1x" + AFTER,
        BEFORE + b"0000000001" + AFTER + b"x",
        b"\r\n\r\n",
    ],
)
def test_what_is_not_known_leaves_with_all_that_came(texts: Pair, sent: bytes) -> None:
    client = texts.client(sent)
    groups, read, refused, strangers, gone, left, lost = texts.turn()
    ((descriptor, received),) = strangers

    assert (groups, read, refused, gone, left, lost) == ([], [], [], [], [], 0)
    assert received == sent
    with socket.socket(fileno=descriptor) as taken:
        taken.sendall(b"hello")
        assert client.recv(9) == b"hello"


def test_a_head_is_asked_about_once_it_is_whole(texts: Pair) -> None:
    client = texts.client(b"POST /y HTTP/1.1\r\na: b\r\n\r")
    assert texts.turn()[3] == []
    assert texts.asked == []
    client.sendall(b"\nbody")
    ((descriptor, _),) = texts.turn()[3]

    assert texts.asked == [b"POST /y HTTP/1.1\r\na: b\r\n\r\n"]
    socket.socket(fileno=descriptor).close()


def test_a_head_that_is_forgotten_while_its_body_comes_makes_a_stranger(texts: Pair) -> None:
    whole = request(b"body")
    client = texts.client(whole[:-1])
    assert texts.turn()[3] == []
    for n in range(16):
        texts.sockets.teach(b"%d" % n, b"", None, TEXT, "", 0.0, [1])
    client.sendall(whole[-1:])
    _, read, _, ((descriptor, received),), *_ = texts.turn()

    assert (read, received) == ([], whole)
    socket.socket(fileno=descriptor).close()


def test_an_error_while_learning_makes_a_stranger(
    texts: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    unraisable: list[Any] = []
    monkeypatch.setattr("sys.unraisablehook", unraisable.append)

    def fail(_: bytes) -> bool:
        raise KeyError("what")

    sockets = Sockets(fail, 1000)
    mine, other = socket.socketpair()
    other.setblocking(False)
    sockets.adopt(other.detach())
    mine.sendall(b"POST /y HTTP/1.1\r\n\r\n")
    ((descriptor, _),) = sockets.turn()[3]

    assert isinstance(unraisable[0].exc_value, KeyError)
    socket.socket(fileno=descriptor).close()
    mine.close()
    sockets.close()


REFUSAL = [b"HTTP/1.1 503 x\r\nx-request-id: ", b"\r\ncontent-length: 18\r\n\r\n{", b"}"]


def refused_id(answer: bytes) -> bytes:
    """The id of a refusal, the same in its head and body."""
    head, body = answer.split(b"\r\n\r\n")
    name = head.split(b"\r\n")[1].removeprefix(b"x-request-id: ")
    assert answer == name.join(REFUSAL)
    assert body == b"{" + name + b"}"
    return name


def test_who_is_not_admitted_is_refused(texts: Pair) -> None:
    clients = [texts.client(request(b"x")) for _ in range(4)]
    texts.sockets.admit(0, 2, REFUSAL)
    _, read, refused, *_ = texts.turn()

    assert (len(read), refused) == (2, [(texts.told, 2)])
    ids = {refused_id(client.recv(1000)) for client in clients[2:]}
    assert len(ids) == 2
    assert all(len(name) == 16 for name in ids)
    assert not select.select(clients[:2], [], [], 0)[0]


def test_who_was_refused_may_ask_again(texts: Pair) -> None:
    client = texts.client(request(b"x") * 3)
    texts.sockets.admit(0, 0, REFUSAL)

    assert texts.turn()[2] == [(texts.told, 1)]
    assert texts.sockets.due()
    assert texts.turn()[2] == [(texts.told, 1)]
    texts.sockets.admit(0, 1, REFUSAL)
    _, read, refused, *_ = texts.turn()
    assert ([body for *_, body in read], refused) == ([b"x"], [])
    assert client.recv(1000).count(b"503") == 2


def test_without_a_refusal_all_are_let_in(texts: Pair) -> None:
    texts.sockets.admit(0, 0, None)
    texts.client(request(b"x"))

    assert [body for *_, body in texts.turn()[1]] == [b"x"]


def test_a_refusal_of_pieces_without_ids_is_sent_as_it_is(texts: Pair) -> None:
    client = texts.client(request(b"x"))
    texts.sockets.admit(0, 0, [b"all of it"])
    texts.turn()

    assert client.recv(1000) == b"all of it"


def test_refusals_of_a_head_that_is_forgotten_are_told(texts: Pair) -> None:
    """It gives way to others that are learned in the same turn."""
    heads = [b"POST /%d HTTP/1.1\r\ncontent-length: " % at for at in range(16)]
    others = iter(heads)

    def learn(data: bytes) -> bool:
        texts.sockets.teach(next(others), AFTER, object(), TEXT, "", 0.0, [])
        return True

    sockets = texts.sockets = Sockets(learn, 1000)
    sockets.teach(BEFORE, AFTER, texts.told, TEXT, "", 0.0, [])
    sockets.admit(0, 0, REFUSAL)
    texts.client(request(b"x"))
    for head in heads:
        texts.client(head + b"1" + AFTER + b"y")
    _, read, refused, *_ = texts.turn()

    assert refused == [(texts.told, 1)]
    assert [body for *_, body in read] == [b"y"] * 16


@pytest.mark.parametrize("refusal", ["text", [1], (b"a",)])
def test_a_refusal_that_is_none_is_an_error(texts: Pair, refusal: Any) -> None:
    with pytest.raises(TypeError):
        texts.sockets.admit(0, 0, refusal)


def test_refusals_wait_for_nobody(texts: Pair) -> None:
    """However many there are, all are answered in the turn in which they are found."""

    def in_one_turn() -> bool:
        clients = [texts.client(request(b"x")) for _ in range(400)]
        texts.sockets.admit(0, 10, REFUSAL)
        _, read, refused, *_ = texts.turn()
        for client in clients:
            client.close()
        texts.turn()
        return (len(read), refused) == (10, [(texts.told, 390)])

    # A turn may end early where the processor is taken away from it for as long as it may last.
    assert any(in_one_turn() for _ in range(10))


def test_requests_of_a_turn_keep_their_bytes_however_many_they_are(texts: Pair) -> None:
    """More than the memory that they share; some in pieces, some with the next one behind."""
    bodies = [b"%d" % at * 4500 for at in range(100, 190)]
    split = [texts.client(request(body)[:9000]) for body in bodies[:5]]
    texts.turn()
    for client, body in zip(split, bodies, strict=False):
        client.sendall(request(body)[9000:])
    for body in bodies[5:80]:
        texts.client(request(body))
    for body in bodies[80:]:
        texts.client(request(body) + request(b"next"))
    read: list[bytes] = []
    for _ in range(100):  # turns end when they took so long
        read += [body for *_, body in texts.turn()[1]]

    assert sorted(read) == sorted(bodies)


def test_a_request_is_given_away_in_its_turn_only(texts: Pair) -> None:
    texts.client(request(b"x"))
    texts.client(request(b"y"))
    (_, first, _), (_, second, _) = texts.turn()[1]

    descriptor, received = texts.sockets.release(first) or (0, b"")
    assert received == request(b"x")
    socket.socket(fileno=descriptor).close()
    texts.turn()
    assert texts.sockets.release(second) is None


ITEM = st.recursive(
    st.sampled_from([b"1", b"2.5", b'"a"', b'"],[{"', rb'"\""', rb'"\\"', b'"}"', b"null"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: b"[" + b",".join(items) + b"]"),
        inner.map(lambda item: b'{"k":' + item + b"}"),
    ),
    max_leaves=6,
)


@given(shares=st.lists(st.lists(ITEM, max_size=3), min_size=2, max_size=4))
def test_a_list_is_cut_into_the_answers(shares: list[list[bytes]]) -> None:
    pair = Pair(TEXT)
    clients = [pair.client(request(b"x")) for _ in shares]
    handles = [handle for _, handle, _ in pair.turn()[1]]
    items = b"[" + b",".join([item for share in shares for item in share]) + b"]"
    counts = [len(share) for share in shares]
    ids = [b"id%d" % at for at in range(len(shares))]
    assert pair.sockets.answer(handles, counts, ids, items, b"H ", b"\r\n", b"<", b">") == len(ids)

    for at, (client, share) in enumerate(zip(clients, shares, strict=True)):
        body = b"<" + b",".join(share) + b">"
        head = b"H id%d\r\ncontent-length: %d\r\n\r\n" % (at, len(body))
        assert client.recv(1000) == head + body
    pair.close()


def test_ids_that_nobody_gave_differ(texts: Pair) -> None:
    clients = [texts.client(request(b"x")) for _ in range(9)]
    handles = [handle for _, handle, _ in texts.turn()[1]]
    texts.sockets.answer(handles, [1] * 9, None, b"[1,2,3,4,5,6,7,8,9]", b"", b"\r\n", b"", b"")
    ids = {client.recv(1000)[:16] for client in clients}

    assert len(ids) == 9
    assert all(int(each, 16) >= 0 for each in ids)


def test_who_left_is_not_answered(texts: Pair) -> None:
    clients = [texts.client(request(b"x")) for _ in range(3)]
    handles = [handle for _, handle, _ in texts.turn()[1]]
    clients[1].close()
    *_, gone, left, lost = texts.turn()

    assert (gone, left, lost) == ([handles[1]], [], 1)
    assert texts.sockets.answer(handles, [1, 1, 1], None, b"[7,8,9]", b"", b"", b"", b"") == 2
    assert clients[2].recv(1000).endswith(b"\r\n\r\n9")
    assert not texts.sockets.send(handles[1], b"late")
    assert texts.sockets.release(handles[1]) is None


def test_a_slot_that_is_used_again_has_another_handle(texts: Pair) -> None:
    client = texts.client(request(b"x"))
    ((_, before, _),) = texts.turn()[1]
    client.close()
    texts.turn()
    client = texts.client(request(b"y"))
    ((_, after, text),) = texts.turn()[1]

    assert text == b"y"
    assert after != before
    assert not texts.sockets.send(before, b"for another one")
    assert texts.sockets.send(after, b"ok")
    assert client.recv(9) == b"ok"


def test_what_follows_a_request_waits_for_its_answer(texts: Pair) -> None:
    client = texts.client(request(b"one") + request(b"two")[:-1])
    ((_, handle, first),) = texts.turn()[1]
    client.sendall(b"o" + request(b"three"))
    assert texts.turn()[1] == []
    assert not texts.sockets.due()
    assert select.select([texts.sockets], [], [], 0) == ([], [], [])  # nor does it keep us busy
    texts.sockets.send(handle, b".")
    assert texts.sockets.due()
    ((_, handle, second),) = texts.turn()[1]
    texts.sockets.send(handle, b".")
    ((_, _, third),) = texts.turn()[1]

    assert (first, second, third) == (b"one", b"two", b"three")


def test_who_does_not_take_his_answer_is_let_go(texts: Pair) -> None:
    client = texts.client(request(b"x"))
    ((_, handle, _),) = texts.turn()[1]
    texts.sockets.send(handle, b"y" * 10_000_000)
    assert texts.sockets.sweep(60.0, 60.0, 60.0) == []
    assert len(client.recv(1000)) == 1000
    assert texts.sockets.sweep(0.0, 60.0, 60.0) == []

    assert texts.turn()[-1] == 1
    received = 1000
    with contextlib.suppress(ConnectionResetError):
        while piece := client.recv(1 << 20):
            received += len(piece)
    assert received < 10_000_000


def test_many_connections_are_served(texts: Pair) -> None:
    for n in range(150):
        texts.client(request(b"%d" % n))
    bodies: list[bytes] = []
    while len(bodies) < 150:
        bodies += [text for _, _, text in texts.turn()[1]]

    assert bodies == [b"%d" % n for n in range(150)]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((b"", b"", None, 3, "a", 1.0, [1]), ValueError),
        ((b"", b"", None, 0, "a" * 16, 1.0, [1]), ValueError),
        ((b"", b"", None, 0, "a", 1.0, ["many"]), TypeError),
        ((b"", b"", None, 0, "a"), TypeError),
    ],
)
def test_a_head_must_make_sense(texts: Pair, arguments: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        texts.sockets.teach(*arguments)


def test_wrong_calls_are_errors(texts: Pair) -> None:
    with pytest.raises(IndexError):
        texts.sockets.admit(1, 5, None)
    with pytest.raises(OSError, match="Bad file"):
        texts.sockets.adopt(10_000)
    with pytest.raises(ValueError, match="as many counts"):
        texts.sockets.answer([1, 2], [1], None, b"[]", b"", b"", b"", b"")
    with pytest.raises(OverflowError):
        texts.sockets.release(-1)
