"""Templates like those that operators write, with random changes."""

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from . import values

_HOME = Path(__file__).parents[3]
_FILES = [_HOME / "webhook/catalog/builtin/hydra-runtime-template.yaml", _HOME / "tests/configuration/templates.yaml"]
_DEBRIS = ["{{", "}}", "(", ")", "|", ".", "$", '"', "`", "'", "-", " ", ":=", "=", ",", "\n", "/*", "*/", "{{-", " -}}",
           "\\", "é", "#", "0x", "end", "{{end}}", "%", "\u00b2", "\u0301", "\0", "\r\n", "{{/*", "{{else}}", "nil"]  # fmt: skip

DOMAIN: list[dict[str, Any]] = [
    {
        "RUN_TIME": "vllm-cpu", "MODEL_ID": "qwen3-0.6b", "MODEL_NAME": "qwen", "MODEL_PATH": "/data/serving-model",
        "MODEL_HOST": "0.0.0.0", "MODEL_PORT": 8000, "RAY_PORT": 6379, "CLUSTER": "work-1", "NAMESPACE": "default",
        "IS_DISTRIBUTED": distributed, "IS_LEADER": leader, "TP_SIZE": size, "PP_SIZE": 2 if distributed else 1,
        "CUSTOM_ARGS": args, "GPU_TYPE": "cpu", "GPU_COUNT": size, "GROUP_SIZE": 2 if distributed else 1,
    }
    for distributed, leader in [(False, False), (True, True), (True, False)]
    for size in (1, 8)
    for args in ([], ["--dtype=half", "--max-model-len=8192"])
]  # fmt: skip
"""The variables of this project's templates."""

_OWN = [
    """{{- if .IS_DISTRIBUTED -}}
  {{- if .IS_LEADER -}}
    ray start --head --port={{ .RAY_PORT }} && vllm serve {{ .MODEL_PATH }} --served-model-name {{ .MODEL_NAME }} --tensor-parallel-size={{ .TP_SIZE }} --pipeline-parallel-size={{ .PP_SIZE }}
  {{- else -}}
    ray start --block --address=$(LWS_LEADER_ADDRESS):{{ .RAY_PORT }}
  {{- end -}}
{{- else -}}
  vllm serve {{ .MODEL_PATH }} {{- if gt .TP_SIZE 1 }} --tensor-parallel-size {{ .TP_SIZE }} {{- end -}}
{{- end -}}
{{- if .CUSTOM_ARGS -}} {{ range .CUSTOM_ARGS }} {{ . }} {{- end -}} {{- end -}}""",
    "--host={{ .MODEL_HOST }}\n--port={{ .MODEL_PORT }}\n{{ range $i, $a := .CUSTOM_ARGS }}{{ if $i }} {{ end }}{{ $a }}{{ end }}",
    '{{ $tp := .TP_SIZE }}{{ with .MODEL_NAME }}--name={{ . | printf "%q" }} --tp={{ $tp }} {{ $.CLUSTER }}{{ end }}',
    '{{ define "flag" }}--{{ index . 0 }}={{ index . 1 }}{{ end }}{{ range .CUSTOM_ARGS }}{{ template "flag" (slice . 2) }}{{ else }}none{{ end }}',
    "{{ if and .IS_DISTRIBUTED (not .IS_LEADER) }}worker{{ else if eq .GROUP_SIZE 1 }}lone{{ else }}leader {{ len .CUSTOM_ARGS }}{{ end }}",
    '{{ range .GROUP_SIZE }}{{ if eq . 1 }}{{ break }}{{ end }}{{ . }}{{ end }}{{/* sizes */}} {{ printf "%05d|%-8s|%v" .RAY_PORT .GPU_TYPE .CUSTOM_ARGS }}',
    '{{ or .MISSING .MODEL_ID | html | print "x=" }}{{ block "tail" . }} {{ .NAMESPACE }}/{{ .RUN_TIME | js }}{{ end }}',
]  # fmt: skip
"""Templates like those that operators write."""


def broken(source: random.Random, text: str) -> str:
    """Return a text with pieces removed, inserted and doubled."""
    for _ in range(source.randint(1, 3)):
        at = source.randrange(len(text) + 1)
        pick = source.random()
        if pick < 0.4:
            text = text[:at] + text[at + source.randint(1, 4) :]
        elif pick < 0.8:
            piece = source.choice(_DEBRIS)
            text = text[:at] + piece + text[at:]
        else:
            end = source.randrange(at, len(text) + 1)
            text = text[:at] + text[at:end] * 2 + text[end:]
    return text


_WORD = re.compile(
    r"\.[A-Z_]+|\$\w*|\b(?:if|with|range|else|end|template|block|define|gt|eq|len|index|slice|printf|print|html|or|and|not)\b"
    r"|\d+|-?}}|{{-?|:=|\"[^\"\n]*\""
)
_ACTION = re.compile(r"{{.*?}}", re.DOTALL)


def _found(node: Any) -> Iterator[str]:
    """Yield the templates of a document."""
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _found(child)
    elif isinstance(node, str) and "{{" in node:
        yield node


CORPUS = [
    *_OWN,
    *(text for path in _FILES for document in yaml.safe_load_all(path.read_text("utf-8")) for text in _found(document)),
]


def data(source: random.Random) -> dict[str, Any]:
    """Return the variables of a deployment, sometimes with one of an unexpected type."""
    found = dict(source.choice(DOMAIN))
    for _ in range(source.choice([0, 0, 1, 3])):
        found[source.choice(list(found))] = values.value(source, 2)
    if source.random() < 0.1:
        del found[source.choice(list(found))]
    return found


def mutated(source: random.Random) -> tuple[str, dict[str, Any]]:
    """Return a template of the corpus with words and actions exchanged, occasionally broken."""
    text = source.choice(CORPUS)
    for _ in range(source.choice([0, 1, 1, 2, 3])):
        text = _reworded(source, text) if source.random() < 0.7 else _respliced(source, text)
    return broken(source, text) if source.random() < 0.3 else text, data(source)


def _reworded(source: random.Random, text: str) -> str:
    """Return a text with one word exchanged for another of its kind."""
    words = list(_WORD.finditer(text))
    if not words:
        return text
    word = source.choice(words)
    other = source.choice([each for each in words if each[0][0] == word[0][0]])
    return text[: word.start()] + other[0] + text[word.end() :]


def _respliced(source: random.Random, text: str) -> str:
    """Return a text with an action removed, replaced by one of another template, or preceded by one."""
    actions = list(_ACTION.finditer(text))
    others = _ACTION.findall(source.choice(CORPUS))
    if not actions or not others:
        return text
    action = source.choice(actions)
    return text[: action.start()] + source.choice(["", *others]) + text[source.choice(action.span()) :]
