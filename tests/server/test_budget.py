"""The budget of bytes that bodies share: order, fairness, and that nothing is ever lost."""

import asyncio
import random

import pytest

from webhook.server import budget as module
from webhook.server.budget import BodyBudget


class Asking:
    """Requests for shares, in the order in which they are granted."""

    def __init__(self, total: int) -> None:
        self.budget = BodyBudget(total)
        self.granted: list[str] = []
        self.tasks: dict[str, asyncio.Task] = {}

    async def ask(self, name: str, size: int, peer: str = "one") -> None:
        async def take() -> None:
            await self.budget.take(peer, size)
            self.granted.append(name)

        self.tasks[name] = asyncio.create_task(take())
        await settle()

    async def give_back(self, size: int) -> None:
        self.budget.give_back(size)
        await settle()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_shares_are_granted_while_there_are_any():
    asking = Asking(10)
    await asking.ask("a", 6)
    await asking.ask("b", 4)
    await asking.ask("c", 1)
    assert asking.granted == ["a", "b"]
    await asking.give_back(4)
    assert asking.granted == ["a", "b", "c"]
    assert asking.budget.free == 3


async def test_a_small_request_does_not_overtake_a_large_one():
    asking = Asking(10)
    await asking.ask("first", 6)
    await asking.ask("large", 8)
    await asking.ask("small", 1)
    assert asking.granted == ["first"]
    await asking.give_back(6)
    assert asking.granted == ["first", "large", "small"]


async def test_peers_take_turns():
    asking = Asking(10)
    await asking.ask("a1", 10, "a")
    for name in ("a2", "a3", "a4"):
        await asking.ask(name, 10, "a")
    await asking.ask("b1", 10, "b")
    await asking.ask("b2", 10, "b")
    for _ in range(5):
        await asking.give_back(10)
    assert asking.granted == ["a1", "a2", "b1", "a3", "b2", "a4"]


async def test_waiting_ends_and_leaves_nothing_behind(monkeypatch):
    monkeypatch.setattr(module, "WAIT_SECONDS", 0)
    asking = Asking(10)
    await asking.budget.take("one", 10)
    with pytest.raises(TimeoutError):
        await asking.budget.take("one", 5)
    asking.budget.give_back(10)
    assert asking.budget.free == 10
    await asking.budget.take("one", 10)


async def test_who_leaves_the_queue_lets_those_after_it_pass():
    asking = Asking(10)
    await asking.ask("first", 6)
    await asking.ask("large", 8)
    await asking.ask("small", 4)
    asking.tasks["large"].cancel()
    await settle()
    assert asking.granted == ["first", "small"]
    assert asking.budget.free == 0


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_is_asked_returned_and_cancelled_the_shares_add_up(seed):
    chance = random.Random(seed)
    asking, sizes, held = Asking(100), {}, []
    for number in range(200):
        name, size = str(number), chance.randint(1, 100)
        sizes[name] = size
        await asking.ask(name, size, chance.choice("abc"))
        held += [one for one in asking.granted if one not in held]
        while asking.granted and chance.random() < 0.6:
            back = asking.granted.pop(chance.randrange(len(asking.granted)))
            if chance.random() < 0.3:  # at the same moment as somebody gives up
                asking.tasks[chance.choice(sorted(asking.tasks))].cancel()
            await asking.give_back(sizes[back])
        assert 0 <= asking.budget.free == 100 - sum(sizes[one] for one in asking.granted)
    for task in asking.tasks.values():
        task.cancel()
    await settle()
    await asyncio.gather(*asking.tasks.values(), return_exceptions=True)
    for name in asking.granted:
        asking.budget.give_back(sizes[name])
    assert asking.budget.free == 100
