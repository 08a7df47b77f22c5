"""Counts what cases go through."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from webhook import catalog, gotemplate, rendering
from webhook.cases.coverage.counted import AGENT, GPU, Counted, Coverage, Key, of_document
from webhook.cases.expect import Result
from webhook.cases.format import CaseFile, Inside
from webhook.cases.run import Prepared
from webhook.catalog.model import BUILT_IN
from webhook.catalog.report import Report


class Collector:
    """Counts what cases go through, over any number of test files. Not for several threads."""

    def __init__(self) -> None:
        self._counted: dict[Key, Counted] = {}
        self._sources: dict[str, tuple[str, ...]] = {}
        self._known: set[str] = set()  # the sources whose content is counted
        self._hits: Counter[Key] = Counter()
        self._states: dict[object, rendering.State] = {}

    def observe(self, file: CaseFile, prepared: Prepared) -> rendering.State:
        """Return the state to run the cases of a test file with: it renders the same, and its templates are watched."""
        for document in prepared.documents:
            if not document.source.startswith(f"{BUILT_IN} ") and document.source not in self._known:
                self._known.add(document.source)
                self._add(document, file)
        key = prepared.documents, prepared.settings
        if key not in self._states:
            snapshot = catalog.build(prepared.documents, None)
            watched = {name: self._watched(one) for name, one in snapshot.runtime_templates.items()}
            self._states[key] = rendering.State(replace(snapshot, runtime_templates=watched), prepared.settings)
        return self._states[key]

    def _add(self, document: catalog.Document, file: CaseFile) -> None:
        """Count what is in a configuration, at its place in its own file, or in the test file that it is inside of."""
        read = catalog.read(document)
        inside = file.configurations[document.config_kind]
        report = read.report.outer or read.report
        source = document.source
        if isinstance(inside, Inside):
            report.within, report.outer = inside.scalar, Report(file.source, list(file.lines))
            report, source = report.outer, file.source
        self._counted.update((key, replace(one, source=source)) for key, one in of_document(read))
        self._sources[source] = tuple(report.lines)

    def note(self, result: Result) -> None:
        """Count the roles, agent entries and rows of the GPU table that served a workload.

        Args:
            result: what became of it with the state that :meth:`observe` returned.
        """
        for resolution in result.resolutions:
            selection = resolution.selection
            template, entry = selection.runtime_template, selection.agent_entry
            if template is not None:
                self._hits[template.source, template.runtime, resolution.pod_template.role] += 1
            if entry is not None:
                self._hits[entry.source, AGENT, entry.path] += 1
            row = next((one for one in selection.gpu_rows if one.name == selection.gpu_type), None)
            if row is not None and row.path:
                table = resolution.state.snapshot.readings["gpu-configs"]
                self._hits[table.source, GPU, row.path] += 1

    def coverage(self) -> Coverage:
        """Return what was gone through so far."""
        found = [replace(one, hits=self._hits[key]) for key, one in self._counted.items()]
        found.sort(key=lambda one: (one.source, one.line, one.column))
        return Coverage(tuple(found), dict(self._sources))

    def _watched(self, runtime_template: catalog.RuntimeTemplate) -> catalog.RuntimeTemplate:
        source, runtime = runtime_template.source, runtime_template.runtime
        if source not in self._known:
            return runtime_template

        def watched(template: gotemplate.Template) -> gotemplate.Template:
            return template.observed(self._noting(source, runtime, template.name))

        return catalog.substituted(runtime_template, watched)

    def _noting(self, source: str, runtime: str, name: str) -> Callable[[gotemplate.Point], None]:
        def note(point: gotemplate.Point) -> None:
            self._hits[source, runtime, (name, point)] += 1

        return note
