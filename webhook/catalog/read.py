"""A document to what it says and what is wrong with it: the one reading that serving and linting share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from webhook.catalog import pauses
from webhook.catalog.documents import Document, opened
from webhook.catalog.kinds import KINDS
from webhook.catalog.model import RuntimeTemplate
from webhook.catalog.report import Report
from webhook.catalog.schema.agent_entries import AgentConfiguration
from webhook.catalog.schema.gpu_types import GpuTable
from webhook.catalog.schema.runtime_templates import RuntimeTemplates
from webhook.problems import Problem

_NOTHING: Mapping[str, RuntimeTemplate] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Read:
    """A document as it was read.

    Attributes:
        document: what was read.
        content: its entries, also those that cannot be used; None if the text as a whole cannot be used.
        report: has the problems, and the lines of the text that the entries are in.
    """

    document: Document
    content: RuntimeTemplates | AgentConfiguration | GpuTable | None
    report: Report = field(repr=False)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return the problems in the order of their places, a very long list cut."""
        return self.report.listed()


def read(
    document: Document, earlier: Mapping[str, RuntimeTemplate] = _NOTHING, pause: pauses.Pause = pauses.none
) -> Read:
    """Read a document. Never raises for its content.

    Args:
        document: what to read.
        earlier: compiled runtime templates by digest. An entry with the same content is reused instead of compiled again,
            and then adds nothing to ``compiled``.
        pause: called between small pieces of work, such as a hundred events of YAML or an entry, so that others can run.
    """
    kind = KINDS[document.config_kind]
    content, report = kind.read(opened(document, kind.config_map, kind.data_key, pause), earlier)
    return Read(document, content, report)
