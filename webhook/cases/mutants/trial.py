"""Whether cases notice a change. If none does, whether it changes anything at all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from webhook import catalog, errors, notices, rendering, workload
from webhook.cases import run, snapshots
from webhook.cases.format import CaseFile
from webhook.cases.mutants import samples
from webhook.cases.mutants.changes import Mutant, mutants
from webhook.catalog.model import BUILT_IN
from webhook.settings import Settings

Verdict: TypeAlias = Literal["killed", "survived", "equivalent", "unusable"]
"""What became of a change. One that is unusable is not valid, and says nothing about tests."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A test file with what its cases need."""

    file: CaseFile
    files: run.Files
    documents: tuple[catalog.Document, ...]
    settings: Settings

    def uses(self, source: str) -> bool:
        """Return whether its cases are about a configuration."""
        return any(document.source == source for document in self.documents)


@dataclass(slots=True)
class Trial:
    """The cases of some test files, to be run with changes of what they test.

    Attributes:
        suites: the test files, all of whose cases pass.
    """

    suites: Sequence[Suite]
    _mutants: list[Mutant] | None = None
    _snapshots: dict[int, catalog.Snapshot] = field(default_factory=dict)
    _results: dict[tuple[int, str, int], object] = field(default_factory=dict)

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
        tried = False
        for number, suite in enumerate(self.suites):
            if not suite.uses(mutant.source):
                continue
            changed = mutant.applied(self._snapshot(number))
            if changed is None:
                return "unusable"
            state = rendering.State(changed, suite.settings)
            for case in suite.file.cases:
                sent = run.sent(case, suite.files)
                if concerns(mutant, sent) and run.run(case, state, suite.files).status != "passed":
                    return "killed"
            tried = tried or self._differs(number, mutant, state)
        return "survived" if tried else "equivalent"

    def _snapshot(self, number: int) -> catalog.Snapshot:
        if number not in self._snapshots:
            self._snapshots[number] = catalog.build(self.suites[number].documents, None)
        return self._snapshots[number]

    def _differs(self, number: int, mutant: Mutant, state: rendering.State) -> bool:
        """Return whether any workload of the cases, or any sample, gets something else than without the change."""
        suite, snapshot = self.suites[number], self._snapshot(number)
        inputs = [(run.sent(case, suite.files), case.namespace) for case in suite.file.cases]
        inputs += [(sample, "") for sample in samples.workloads(snapshot, mutant.runtime)]
        plain = rendering.State(snapshot, suite.settings)
        for at, (sent, namespace) in enumerate(inputs):
            if sent is None or not concerns(mutant, sent):
                continue
            key = number, mutant.runtime, at
            if key not in self._results:
                self._results[key] = _result(sent, plain, namespace)
            known = self._results[key]
            if _result(sent, state, namespace) != known:
                return True
        return False


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


def _result(sent: Mapping[str, Any], state: rendering.State, namespace: str) -> object:
    """Return all that a user could see of what becomes of a workload."""
    result = run.create(sent, state, namespace)
    if result.value is None:
        return str(result.denial)
    return snapshots.without_records(result.value), notices.in_full(result.notices)
