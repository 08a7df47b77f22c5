"""Whatever a test file holds, it is read to cases or to problems, and its cases have an outcome."""

import json

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import json_values
from tests.cases.test_format import FULL
from tests.cases.test_run import FILES, HEAD, LWS, POD
from tests.examples import tried
from webhook import cases

WHOLE = [
    yaml.safe_load(HEAD + FULL.partition("\n")[2].partition("\n")[2].partition("\n")[2]),
    {
        "cases": [
            {
                "name": "a",
                "workload": yaml.safe_load(POD),
                "expect": {"container": {"args": ["a"], "env": [{"name": "MODE"}]}},
            },
            {
                "name": "b",
                "workload": yaml.safe_load(LWS),
                "expect": {"leader": {"image": "x"}, "warnings": ["a", "b"]},
            },
            {"name": "c", "workload": "pod.yaml", "expect": {"rendered": {"spec": {"tolerations": [{"key": "gpu"}]}}}},
        ]
    },
]


@st.composite
def files(draw):
    """A test file with any JSON value somewhere in it."""
    value = json.loads(json.dumps(draw(st.sampled_from(WHOLE))))
    node = value
    for _ in range(draw(st.integers(0, 9))):
        inner = [
            one for one in (node.values() if isinstance(node, dict) else node) if isinstance(one, dict | list) and one
        ]
        if not inner:
            break
        node = draw(st.sampled_from(inner))
    place = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
    node[place] = draw(json_values.values(4))
    return json.dumps(value)


@tried(20, 200)
def test_a_file_becomes_cases_or_problems_and_cases_have_outcomes(examples):
    @settings(max_examples=examples)
    @given(files())
    def hold(text):
        file, problems = cases.read("t/hydra-test.yaml", text)

        assert (file is None) == bool(problems)
        assert all(problem.severity == "error" for problem in problems)
        if file is None:
            return
        read = cases.Files({path: text.encode() for path, text in FILES.items()})
        prepared = cases.prepare(file, read)
        if prepared.problems:
            return
        for case in file.cases:
            outcome = cases.run(case, STATE, read)
            assert (outcome.status == "passed") == (not outcome.failures and not outcome.problems)
            assert cases.containers(outcome) is not None

    hold()


STATE = cases.prepare(
    cases.read("t/hydra-test.yaml", HEAD + "cases: [{name: a, workload: w, expect: {warnings: []}}]")[0],
    cases.Files({path: text.encode() for path, text in FILES.items()}),
).state()
