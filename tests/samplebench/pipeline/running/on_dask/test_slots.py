"""Slots: a worker for each stage, near what it takes; and one of its own for what was lost."""

import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import pytest

from samplebench.pipeline.running.on_dask.slots import Slots
from samplebench.pipeline.running.on_dask.worker import Worker
from samplebench.pipeline.workspace import Site

NOTHING = frozenset()


@pytest.fixture
def worker(tmp_path):
    def make(address, room=1):
        return Worker(address, f"id of {address}", room, Site(tmp_path, tmp_path, tmp_path), True)

    return make


@pytest.fixture
def asking():
    """Asks for slots in other threads, in this order."""
    with ThreadPoolExecutor(80) as threads:
        yield lambda slots, artefacts=NOTHING, alone=False: _ask(threads, slots, artefacts, alone)


def _ask(threads, slots, artefacts, alone):
    before = len(slots._waiting)
    future = threads.submit(slots.take, artefacts, alone=alone)
    while len(slots._waiting) == before and not future.done():
        pass
    return future


def test_workers_are_given_no_more_than_they_carry_out_at_once(worker, asking):
    slots = Slots()
    slots.add(worker("one", room=2))
    first, second = slots.take(NOTHING), slots.take(NOTHING)
    assert {first.number, second.number} == {0, 1}
    third = asking(slots)
    assert not third.done()
    slots.give_back(first, NOTHING)
    assert third.result(timeout=60).number == first.number


def test_a_stage_goes_where_its_artefact_is(worker):
    slots = Slots()
    slots.add(worker("one"))
    slots.add(worker("other"))
    first, second = slots.take(NOTHING), slots.take(NOTHING)
    slots.give_back(first, frozenset({"autoencoders/a"}))
    slots.give_back(second, frozenset({"autoencoders/b"}))
    for name, home in (("b", second), ("a", first), ("b", second)):
        slot = slots.take(frozenset({f"autoencoders/{name}"}))
        assert slot.worker == home.worker
        slots.give_back(slot, NOTHING)


def test_of_those_that_wait_a_worker_takes_the_one_whose_artefact_it_has(worker, asking):
    slots = Slots()
    slots.add(worker("one"))
    slot = slots.take(NOTHING)
    other, fitting = asking(slots, frozenset({"b"})), asking(slots, frozenset({"a"}))
    slots.give_back(slot, frozenset({"a"}))
    taken = fitting.result(timeout=60)
    assert not other.done()
    slots.give_back(taken, NOTHING)
    assert other.result(timeout=60)


def test_no_worker_is_idle_while_something_waits_that_another_suits_better(worker):
    slots = Slots()
    slots.add(worker("one"))
    slot = slots.take(NOTHING)
    slots.give_back(slot, frozenset({"a"}))
    slots.add(worker("other"))
    assert slots.take(frozenset({"a"})).worker.address == "one"
    assert slots.take(frozenset({"a"})).worker.address == "other"


def test_one_that_waits_is_not_passed_over_for_ever(worker, asking):
    slots = Slots()
    slots.add(worker("one"))
    slot = slots.take(NOTHING)
    slots.give_back(slot, frozenset({"a"}))
    slot = slots.take(NOTHING)
    other = asking(slots, frozenset({"b"}))
    passes = 0
    fitting = asking(slots, frozenset({"a"}))
    while not other.done():
        slots.give_back(slot, NOTHING)
        wait([other, fitting], return_when=FIRST_COMPLETED)
        if fitting.done():
            slot, passes = fitting.result(), passes + 1
            fitting = asking(slots, frozenset({"a"}))
    assert 0 < passes <= 64
    slots.give_back(other.result(), NOTHING)
    fitting.result(timeout=60)


def test_what_has_to_be_alone_waits_for_an_idle_worker_and_keeps_it(worker, asking):
    slots = Slots()
    slots.add(worker("one", room=2))
    busy = slots.take(NOTHING)
    alone = asking(slots, alone=True)
    company = asking(slots)
    assert not alone.done()
    assert not company.done()  # else it could wait for ever
    slots.give_back(busy, NOTHING)
    slot = alone.result(timeout=60)
    assert not company.done()
    slots.give_back(slot, NOTHING)
    assert company.result(timeout=60)


def test_a_slot_of_a_worker_that_is_gone_is_not_given_again(worker, asking):
    slots = Slots()
    slots.add(worker("one"))
    slot = slots.take(NOTHING)
    slots.drop("one")
    assert slots.room == 0
    slots.add(worker("one"))  # another life of it
    slots.take(NOTHING)
    slots.give_back(slot, NOTHING)
    waiting = asking(slots)
    assert not waiting.done()
    slots.close(KeyError("over"))
    with pytest.raises(KeyError, match="over"):
        waiting.result(timeout=60)


def test_who_asks_after_the_end_gets_the_error_at_once(worker):
    slots = Slots()
    slots.add(worker("one"))
    slots.close(KeyError("over"))
    with pytest.raises(KeyError, match="over"):
        slots.take(NOTHING)


def test_many_threads_share_few_slots(worker):
    slots, lock, working, most = Slots(), threading.Lock(), [], []

    def work(number):
        slot = slots.take(frozenset({str(number % 5)}), alone=number % 10 == 0)
        with lock:
            working.append(slot.worker.address)
            most.append(max(map(working.count, set(working))))
        with lock:
            working.remove(slot.worker.address)
        slots.give_back(slot, frozenset({str(number % 5)}))

    for name in ("one", "other"):
        slots.add(worker(name, room=2))
    with ThreadPoolExecutor(40) as threads:
        list(threads.map(work, range(400)))
    assert max(most) <= 2
    assert all(not desk.kept_for and desk.is_idle for desk in slots._desks.values())
