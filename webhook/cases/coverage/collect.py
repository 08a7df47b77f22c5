"""Counts what cases go through."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from webhook import catalog, errors, gotemplate, mutation, rendering, workload
from webhook.cases.coverage.counted import AGENT, GPU, Counted, Coverage, Key, of_document
from webhook.catalog.model import BUILT_IN
from webhook.settings import Settings


class Collector:
    """Counts what cases go through, over any number of test files. Not for several threads."""

    def __init__(self) -> None:
        self._counted: dict[Key, Counted] = {}
        self._sources: dict[str, tuple[str, ...]] = {}
        self._hits: Counter[Key] = Counter()

    def observe(self, documents: Sequence[catalog.Document], settings: Settings) -> rendering.State:
        """Return the state to run the cases of a test file with: it renders the same, and its templates are watched.

        Args:
            documents: the three configurations; what is built in is not counted.
            settings: the settings.
        """
        for document in documents:
            if not document.source.startswith(f"{BUILT_IN} ") and document.source not in self._sources:
                read = catalog.read(document)
                self._counted.update(of_document(read))
                self._sources[document.source] = _lines(read)
        snapshot = catalog.build(documents, None)
        watched = {name: self._watched(one) for name, one in snapshot.runtime_templates.items()}
        return rendering.State(replace(snapshot, runtime_templates=watched), settings)

    def note(self, sent: Mapping[str, Any], state: rendering.State, namespace: str) -> None:
        """Count the roles, agent entries and rows of the GPU table that serve a workload.

        Args:
            sent: the workload as a case creates it.
            state: what :meth:`observe` returned.
            namespace: where it is created.
        """
        for resolution in _resolutions(sent, state, namespace):
            selection = resolution.selection
            template, entry = selection.runtime_template, selection.agent_entry
            if template is not None:
                self._hits[template.source, template.runtime, resolution.pod_template.role] += 1
            if entry is not None:
                self._hits[entry.source, AGENT, entry.path] += 1
            row = next((one for one in selection.gpu_rows if one.name == selection.gpu_type), None)
            if row is not None and row.path:
                self._hits[state.snapshot.readings["gpu-configs"].source, GPU, row.path] += 1

    def coverage(self) -> Coverage:
        """Return what was gone through so far."""
        found = [replace(one, hits=self._hits[key]) for key, one in self._counted.items()]
        found.sort(key=lambda one: (one.source, one.line, one.column))
        return Coverage(tuple(found), dict(self._sources))

    def _watched(self, runtime_template: catalog.RuntimeTemplate) -> catalog.RuntimeTemplate:
        source, runtime = runtime_template.source, runtime_template.runtime
        if source not in self._sources:
            return runtime_template

        def watched(template: gotemplate.Template) -> gotemplate.Template:
            return template.observed(self._noting(source, runtime, template.name))

        return catalog.substituted(runtime_template, watched)

    def _noting(self, source: str, runtime: str, name: str) -> Callable[[gotemplate.Point], None]:
        def note(point: gotemplate.Point) -> None:
            self._hits[source, runtime, (name, point)] += 1

        return note


def _lines(read: catalog.Read) -> tuple[str, ...]:
    """Return the lines of the file that a configuration was read from."""
    report = read.report.outer or read.report
    return tuple(report.lines)


def _resolutions(sent: Mapping[str, Any], state: rendering.State, namespace: str) -> Iterator[rendering.Resolution]:
    """Yield what is decided about each pod template of a workload that is rendered."""
    object_kind = workload.kind_of(sent)
    try:
        if object_kind in workload.INTERCEPTED and workload.exclusion(sent):
            return
        for pod_template in workload.pod_templates(sent, object_kind):
            if object_kind not in workload.INTERCEPTED and workload.exclusion(pod_template.value, pod_template.path):
                continue
            if not workload.opted_out(pod_template) and (pod_template.created or rendering.read(pod_template) is None):
                yield rendering.resolve(mutation.create.completed(pod_template), state, namespace=namespace)
    except errors.Denied:  # the case itself reports it
        return
