"""Warnings of an answer: within the bounds of the API server, in their order, and nothing left out uncounted."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook import cli, errors, notices
from webhook.notices import NOTICE_CODES, RANKS, WORDINGS, Notice, about, in_full, lines

LEADER, WORKER = "leaderTemplate", "workerTemplate"
PLACES = ("", LEADER, WORKER)
BOTH = "leader and worker: "
LEFT_OUT = re.compile(r"(\d+) more warnings: hydra-webhook (\w+) --from-cluster -f FILE shows them")


def places_for_names(code):
    return (WORDINGS[code].case + WORDINGS[code].detail).count("{}")


alphabets = st.sampled_from(["ab-", 'a "\\{};:,', "模型ü😀e\u0301", "a\n\t\x07\x1b\u202e\u2028\ud800\0 "])
names = alphabets.flatmap(lambda letters: st.text(letters, max_size=150)) | st.sampled_from(["a", "x" * 5000])


KINDS = [*itertools.product(NOTICE_CODES, PLACES)]


def cases(code, pool, number):
    """Return up to four cases of a code, from a pool of names."""
    rotated = itertools.cycle(pool[number % len(pool) :] + pool[: number % len(pool)])
    return [tuple(itertools.islice(rotated, places_for_names(code))) for _ in range(number % 5)]


#: Notices of one answer: any codes and places, often more than lines.
answers = st.builds(
    lambda pool, numbers: [
        Notice(code, cases(code, pool, number), place)
        for code, place, number in ((*KINDS[number % len(KINDS)], number // len(KINDS)) for number in numbers)
    ],
    st.lists(names, min_size=1, max_size=4),
    st.lists(st.integers(0, 20 * len(KINDS)), max_size=40),
)


def many():
    """Return notices that become a line for each code and place."""
    return [Notice(code, ((f"of {place}",) * places_for_names(code),), place) for code, place in KINDS]


def wording_of(line):
    """Return the wording of a line, having checked that its text and its remedy are whole."""
    text = re.sub("^(leader|worker|leader and worker): ", "", line)
    (found,) = (one for one in WORDINGS.values() if re.match(f"{re.escape(one.text)}(:|;|$)", text))
    assert text.endswith(f"; {found.remedy}" if found.remedy else "")
    return found


def split(written):
    """Return the lines that report something, and how many others the last line counts."""
    last = LEFT_OUT.fullmatch(written[-1]) if written else None
    return (written[:-1], int(last[1])) if last else (written, 0)


@given(answers)
def test_any_notices_become_warnings_within_the_bounds_of_the_api_server(some):
    written = lines(some)

    assert len(written) <= 15
    assert sum(map(len, written)) <= 1800  # code points, as the API server counts
    for line in written:
        assert len(line) <= 120
        assert line.isprintable()
    assert lines(some) == written


@given(answers)
def test_text_and_remedy_are_never_cut_and_ranks_are_in_their_order(some):
    ranks = [RANKS.index(wording_of(line).rank) for line in split(lines(some))[0]]

    assert ranks == sorted(ranks)


@given(answers)
def test_nothing_is_left_out_uncounted(some):
    shown, left_out = split(lines(some))
    whole = in_full(some)

    assert len(shown) + left_out == len(whole)
    assert left_out == 0 or len(shown) == 14
    assert {wording_of(line) for line in whole} == {WORDINGS[notice.code] for notice in some}


@given(st.sampled_from(NOTICE_CODES), st.integers(1, 30), st.integers(0, 80), st.sampled_from(PLACES))
def test_a_line_names_the_first_cases_and_counts_the_others(code, count, length, place):
    details = ("vvv",) * (places_for_names(code) - 1)
    (line,) = lines([Notice(code, [(f"#{number:02}{'v' * length}", *details) for number in range(count)], place)])
    named = [int(number) for number in re.findall(r"#(\d\d)", line)]
    rest = re.search(r" and (\d+) more(?=;|$)", line)

    assert named == [*range(len(named))]
    assert len(named) + (int(rest[1]) if rest else 0) == count
    room_for_three = length <= 5 and code != "own-command"  # a pod template has a single inference container
    assert named
    assert len(named) == min(count, 3) or not room_for_three


@given(answers)
def test_in_full_names_every_case_whole(some):
    written = "\n".join(in_full(some))

    for name in itertools.chain.from_iterable(itertools.chain.from_iterable(notice.cases for notice in some)):
        assert errors.printable(name) in written


@given(answers)
def test_a_notice_that_is_given_again_changes_nothing(some):
    assert lines([*some, *some, *some]) == lines([*some, *some])


@pytest.mark.parametrize("code", NOTICE_CODES)
def test_every_wording_has_room_for_a_shortened_name_and_the_number_of_the_others(code):
    names = ("x" * 200,) * places_for_names(code)
    one = [Notice(code, (names,), place) for place in (LEADER, WORKER)]
    thousands = [Notice(code, (names,) * 100_000, place) for place in (LEADER, WORKER)]

    for some, end in ((one, ""), (thousands, r" and \d{5} more")):
        (line,) = lines(some)
        assert len(line) <= 120
        assert re.search(rf"xxx\.\.\.xxx.*{end}", line)


@pytest.mark.parametrize("code", NOTICE_CODES)
def test_a_wording_is_one_printable_text_of_its_own(code):
    wording = WORDINGS[code]

    assert wording.case.count("{}") == 1
    assert "".join(wording).isprintable()
    assert [one for one, other in WORDINGS.items() if other.text == wording.text] == [code]


def test_equal_ones_of_leader_and_worker_are_one_that_names_both():
    kept = about("own-command", "main")

    assert lines([kept.within(WORKER), kept.within(LEADER)]) == [
        'leader and worker: own command and args are kept, not the runtime\'s: container "main"'
    ]


def test_different_ones_of_leader_and_worker_are_two():
    assert lines([about("own-command", "a").within(LEADER), about("own-command", "b").within(WORKER)]) == [
        'leader: own command and args are kept, not the runtime\'s: container "a"',
        'worker: own command and args are kept, not the runtime\'s: container "b"',
    ]


def test_the_only_pod_template_of_an_object_needs_no_name():
    kept = about("own-command", "main")

    assert lines([kept.within("template")]) == lines([kept])


def test_a_line_names_three_cases_and_the_number_of_the_rest():
    four = [about("arguments-ignored", f"--{letter}") for letter in "abcd"]

    assert lines(four) == ["arguments are ignored: --a, --b, --c and 1 more; move argsTemplate to commandTemplate"]
    assert in_full(four) == ["arguments are ignored: --a, --b, --c, --d; move argsTemplate to commandTemplate"]


def volumes(count, length, *places):
    some = [about("volume-replaced", f"{number}{'v' * length}", "emptyDir", "hostPath") for number in range(count)]
    return lines(one.within(place) for one in some for place in places)


def test_a_long_name_is_shortened_in_its_middle():
    assert volumes(1, 100, "") == [
        f'own volumes replace the runtime\'s: "0{"v" * 27}...{"v" * 27}" (emptyDir, not hostPath)'
    ]


def test_details_are_left_out_before_cases_are():
    assert volumes(3, 10, "") == ['own volumes replace the runtime\'s: "0vvvvvvvvvv", "1vvvvvvvvvv", "2vvvvvvvvvv"']
    assert volumes(9, 70, LEADER, WORKER) == [
        'leader and worker: own volumes replace the runtime\'s: "0vvvvv...vvvvvv", "1vvvvv...vvvvvv", "2vvvvv...vvvvvv" and 6 more'
    ]


def test_what_comes_first_in_the_order_is_shown_and_the_last_line_counts_the_others():
    written = lines(reversed(many()))

    assert len(in_full(many())) == 3 * len(NOTICE_CODES)
    assert len(written) == 15
    assert (
        written[-1]
        == f"{3 * len(NOTICE_CODES) - 14} more warnings: hydra-webhook explain --from-cluster -f FILE shows them"
    )
    assert not any("last good" in line for line in written)


def test_the_last_line_names_a_command_that_exists():
    assert LEFT_OUT.fullmatch(lines(many())[-1])[2] in cli._COMMANDS


def test_few_characters_of_names_are_looked_at_however_many_and_long_they_are(monkeypatch):
    seen = []
    monkeypatch.setattr(errors, "printable", lambda text: seen.append(len(text)) or text)

    lines([Notice("arguments-ignored", ["x" * 3000] * 3000)])

    assert sum(seen) <= 3 * notices._READ
