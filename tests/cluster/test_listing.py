"""Every object of a collection is read once, a page at a time."""

from typing import Any

import pytest

from webhook import cluster
from webhook.cluster import kinds, listing
from webhook.cluster.answers import Page
from webhook.cluster.failures import TooLargeError

PODS = kinds.POD.collection("team-a")
GONE = cluster.ApiError("gone", "list pods: 410: the continue token has expired", http_status=410)


def pod(name: str, uid: str = "") -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "team-a", "resourceVersion": "1", "uid": uid or name}}


class Pages:
    """Answers each request with the next of these: the names of a page, or an error. The last page has no cursor."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, bool]] = []

    async def page(self, collection: cluster.Collection, cursor: str = "", *, few: bool = False) -> Page:
        assert collection is PODS
        self.asked.append((cursor, few))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Page(
            tuple(map(pod, answer.strip(".").split())), "1", "" if answer.endswith(".") else f"c{len(self.asked)}"
        )


async def names(source: Pages) -> list[str]:
    return [item["metadata"]["name"] async for item in listing.objects(source, PODS)]


async def test_pages_follow_one_another():
    source = Pages("a b", "c", "d.")
    assert await names(source) == ["a", "b", "c", "d"]
    assert source.asked == [("", False), ("c1", False), ("c2", False)]


async def test_objects_say_what_they_are():
    async for item in listing.objects(Pages("a."), PODS):
        assert (item["apiVersion"], item["kind"], item["metadata"]) == ("v1", "Pod", pod("a")["metadata"])


async def test_a_page_that_is_too_large_is_asked_for_again_with_few_objects():
    source = Pages(TooLargeError("malformed", "too large"), "a", "b.")
    assert await names(source) == ["a", "b"]
    assert source.asked == [("", False), ("", True), ("c2", False)]


async def test_a_list_that_the_server_forgot_begins_again_and_yields_nothing_twice():
    assert await names(Pages("a b", GONE, "a b", "c.")) == ["a", "b", "c"]


async def test_a_list_that_is_forgotten_again_and_again_is_an_error():
    with pytest.raises(cluster.ApiError, match="410"):
        await names(Pages("a", GONE, "a", GONE, "a", GONE))


async def test_a_kind_that_the_server_does_not_know_has_no_objects():
    assert await names(Pages(cluster.ApiError("not-found", "list: 404", http_status=404))) == []


@pytest.mark.parametrize("code", ["forbidden", "unreachable"])
async def test_any_other_failure_is_an_error(code):
    with pytest.raises(cluster.ApiError):
        await names(Pages("a", cluster.ApiError(code, "list pods: no")))
