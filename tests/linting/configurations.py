"""Linting of configurations that stand in a test."""

import json
import textwrap

from webhook import catalog, linting


def lint(templates=None, agent=None):
    documents = []
    if templates is not None:
        documents.append(catalog.Document("templates", "t.yaml", textwrap.dedent(templates)))
    if agent is not None:
        documents.append(catalog.Document("agent", "a.yaml", textwrap.dedent(agent)))
    return linting.lint(documents)


def found(problems):
    return [(problem.severity, problem.code, problem.line, problem.column) for problem in problems]


def entry(command=(), args=(), **fields):
    """Return the text of one runtime with these templates, as JSON, which is YAML."""
    container = {"commandTemplate": list(command), "argsTemplate": list(args)}
    pod = {"containerTemplate": {key: value for key, value in container.items() if value}, **fields.pop("pod", {})}
    return json.dumps({"templates": [{"runtime": "r", "podTemplate": pod, **fields}]})


def coded(problems):
    return [(problem.severity, problem.code) for problem in problems]
