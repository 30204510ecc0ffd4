"""Who gets a place, with a clock of the test's own."""

from __future__ import annotations

from telephony.gate import Gate, NoEntry


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def make(free: int = 2) -> tuple[Gate, Clock, list[int]]:
    clock, slots = Clock(), [free]
    return Gate(free_call_slots=lambda: slots[0], pending_seconds=40, clock=clock), clock, slots


def test_a_burst_of_webhooks_cannot_get_in_where_there_are_fewer_places():
    gate, _, _ = make(free=2)
    assert [gate.admit(f"CA{n}") for n in range(4)] == [None, None, NoEntry.FULL, NoEntry.FULL]


def test_a_repeated_webhook_takes_one_place():
    gate, _, _ = make(free=1)
    assert [gate.admit("CA1"), gate.admit("CA1")] == [None, None]
    assert gate.admit("CA2") is NoEntry.FULL


def test_a_call_that_never_comes_gives_its_place_back():
    gate, clock, _ = make(free=1)
    gate.admit("CA1")
    clock.now = 41
    assert not gate.busy
    assert gate.admit("CA2") is None


def test_a_call_that_is_here_is_let_in_again_though_the_house_is_full():
    gate, _, slots = make(free=1)
    gate.admit("CA1")
    with gate.stream("CA1") as mine:
        gate.release("CA1")
        slots[0] = 0
        assert mine and gate.busy
        assert gate.admit("CA1") is None
        assert gate.admit("CA2") is NoEntry.FULL
    assert not gate.busy


def test_a_second_stream_of_a_call_is_not_let_in():
    gate, _, _ = make()
    with gate.stream("CA1") as first:
        with gate.stream("CA1") as second:
            assert first and not second
        assert gate.is_streaming("CA1")
    assert not gate.is_streaming("CA1")


def test_draining_lets_nobody_new_in_but_keeps_who_is_on_the_way():
    gate, _, _ = make()
    gate.admit("CA1")
    gate.drain()
    assert gate.busy and gate.draining
    assert gate.admit("CA1") is None
    assert gate.admit("CA2") is NoEntry.DRAINING
    assert gate.refusal() is NoEntry.DRAINING
