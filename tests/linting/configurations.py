"""Lints configurations that a test contains as strings."""

import json
import textwrap

from webhook import catalog, linting


def lint(templates=None, agent=None, gpus=None):
    documents = []
    if gpus is not None:
        documents.append(catalog.Document("gpu-configs", "g.yaml", textwrap.dedent(gpus)))
    if templates is not None:
        documents.append(catalog.Document("templates", "t.yaml", textwrap.dedent(templates)))
    if agent is not None:
        documents.append(catalog.Document("agent", "a.yaml", textwrap.dedent(agent)))
    return linting.lint(documents)


def found(problems):
    return [(problem.severity, problem.code, problem.line, problem.column) for problem in unspliced(problems)]


def unspliced(problems):
    """Return the problems without those about arguments as text of a script, which examples have because they are short."""
    return tuple(problem for problem in problems if problem.code != "spliced-argument")


def entry(command=(), args=(), **fields):
    """Return a configuration with one runtime and these templates, as JSON, which is also YAML."""
    container = {"commandTemplate": list(command), "argsTemplate": list(args)}
    pod = {"containerTemplate": {key: value for key, value in container.items() if value}, **fields.pop("pod", {})}
    return json.dumps({"templates": [{"runtime": "r", "podTemplate": pod, **fields}]})


def coded(problems):
    return [(problem.severity, problem.code) for problem in unspliced(problems)]
