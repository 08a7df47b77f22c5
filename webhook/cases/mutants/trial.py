"""Whether cases notice a change. If none does, whether it changes anything at all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from webhook import catalog, errors, notices, rendering, workload
from webhook.cases import expect, run, snapshots
from webhook.cases.format import Case
from webhook.cases.mutants import samples
from webhook.cases.mutants.changes import Mutant, applied, mutants
from webhook.catalog.model import BUILT_IN
from webhook.settings import Settings

Verdict: TypeAlias = Literal["killed", "survived", "untested", "equivalent", "unusable"]
"""What became of a change. One is untested if no case is about its runtime, and unusable if it is not valid."""


@dataclass(frozen=True, slots=True)
class Suite:
    """Cases of a test file with what they need."""

    cases: tuple[Case, ...]
    files: expect.Files
    documents: tuple[catalog.Document, ...]
    settings: Settings

    def uses(self, source: str) -> bool:
        """Return whether its cases are about a configuration."""
        return any(document.source == source for document in self.documents)


class _Input:
    """A workload to try changes with."""

    def __init__(self, sent: Mapping[str, Any], namespace: str) -> None:
        self.sent = sent
        self._namespace = namespace
        self._usual: object = None

    def usual(self, plain: rendering.State) -> object:
        """Return what becomes of it without a change; found out when it is first asked for."""
        if self._usual is None:
            self._usual = self.result(plain)
        return self._usual

    def result(self, state: rendering.State) -> object:
        """Return all that a user could see of what becomes of it."""
        result = run.create(self.sent, state, self._namespace)
        if result.value is None:
            return str(result.denial)
        return snapshots.without_records(result.value), notices.in_full(result.notices)


class _Configured:
    """Test files with the same configuration."""

    def __init__(self, suites: tuple[Suite, ...]) -> None:
        self.plain = rendering.State(catalog.build(suites[0].documents, None), suites[0].settings)
        self._suites = suites
        self._inputs = [(run.sent(case, one.files), case.namespace) for one in suites for case in one.cases]
        self._tried: dict[str, list[_Input]] = {}  # by runtime, "" for all

    def is_about(self, mutant: Mutant) -> bool:
        """Return whether a change can concern any case."""
        return self._suites[0].uses(mutant.source) and any(concerns(mutant, sent) for sent, _ in self._inputs)

    def notices(self, mutant: Mutant, state: rendering.State) -> bool:
        """Return whether any case fails with a change."""
        return any(
            run.run(case, state, suite.files).status != "passed"
            for suite in self._suites
            for case in suite.cases
            if concerns(mutant, run.sent(case, suite.files))
        )

    def differs(self, mutant: Mutant, state: rendering.State) -> bool:
        """Return whether any workload of the cases, or any sample, gets something else than without a change."""
        if mutant.runtime not in self._tried:
            samples_of = ((one, "") for one in samples.workloads(self.plain.snapshot, mutant.runtime))
            inputs = [_Input(sent, namespace) for sent, namespace in (*self._inputs, *samples_of) if sent is not None]
            self._tried[mutant.runtime] = [one for one in inputs if concerns(mutant, one.sent)]
        return any(one.result(state) != one.usual(self.plain) for one in self._tried[mutant.runtime])


@dataclass(slots=True)
class Trial:
    """The cases of some test files, to be run with changes of what they test.

    Attributes:
        suites: the test files, all of whose cases pass.
    """

    suites: Sequence[Suite]
    _mutants: list[Mutant] | None = None
    _configured: list[_Configured] | None = None

    @property
    def mutants(self) -> list[Mutant]:
        """Return all changes of what the test files name: the same in the same order for the same test files."""
        if self._mutants is None:
            documents = {document.source: document for suite in self.suites for document in suite.documents}
            counted = [one for one in documents.values() if not one.source.startswith(f"{BUILT_IN} ")]
            self._mutants = [mutant for document in counted for mutant in mutants(catalog.read(document))]
        return self._mutants

    def verdict(self, mutant: Mutant) -> Verdict:
        """Return what becomes of a change. The answer is that of running all test files with the changed configuration."""
        new = mutant.new()
        if not new:
            return "unusable"
        concerned = [one for one in self._by_configuration() if one.is_about(mutant)]
        if not concerned:
            return "untested"
        changed = [rendering.State(applied(one.plain.snapshot, new), one.plain.settings) for one in concerned]
        for one, state in zip(concerned, changed, strict=True):
            if one.notices(mutant, state):
                return "killed"
        differs = any(one.differs(mutant, state) for one, state in zip(concerned, changed, strict=True))
        return "survived" if differs else "equivalent"

    def _by_configuration(self) -> list[_Configured]:
        """Return the test files, those with the same configuration together."""
        if self._configured is None:
            groups: dict[object, list[Suite]] = {}
            for suite in self.suites:
                groups.setdefault((suite.documents, suite.settings), []).append(suite)
            self._configured = [_Configured(tuple(suites)) for suites in groups.values()]
        return self._configured


def concerns(mutant: Mutant, sent: Mapping[str, Any] | None) -> bool:
    """Return whether a change can concern a workload: a runtime template concerns only those of its runtime."""
    if sent is None or not mutant.runtime:
        return True
    try:
        return mutant.runtime in _runtimes(sent)
    except errors.Denied:
        return True


def _runtimes(sent: Mapping[str, Any]) -> Iterator[Any]:
    for pod_template in workload.pod_templates(sent, workload.kind_of(sent)):
        yield pod_template.labels.get(workload.RUNTIME)
