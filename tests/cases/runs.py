"""Test files from memory: their cases run, what they cover, and what they notice."""

import posixpath
import textwrap

from webhook import cases

POD = "{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {hydra.io/runtime: %s, hydra.io/model-id: m}%s}, spec: {containers: [%s]}}"
LWS = (
    "{apiVersion: leaderworkerset.x-k8s.io/v1, kind: LeaderWorkerSet, metadata: {name: g, labels: {hydra.io/runtime: %s,"
    " hydra.io/model-id: m}%s}, spec: {leaderWorkerTemplate: {size: 2, workerTemplate: {spec: {containers: [%s]}}}}}"
)


def pod(runtime="r", container="{name: main, image: auto}", annotations=""):
    """Return a bare pod as a workload of a case."""
    return POD % (runtime, f", annotations: {{{annotations}}}" if annotations else "", container)


def group(runtime="r", container="{name: main, image: auto}", annotations=""):
    """Return a bare LeaderWorkerSet of two pods."""
    return LWS % (runtime, f", annotations: {{{annotations}}}" if annotations else "", container)


def case_file(*bodies, head="templates: templates.yaml\nagent: agent.yaml\n"):
    """Return a test file with cases of these workloads and expectations."""
    parts = [head, "cases:\n"]
    for number, (workload, expect) in enumerate(bodies):
        parts.append(f"- name: case {number}\n  workload: {workload}\n  expect:\n{textwrap.indent(expect, '    ')}\n")
    return "".join(parts)


def suite(text, source="t/hydra-test.yaml", **contents):
    """Return a test file with the files that it names, by name: templates for templates.yaml."""
    file, problems = cases.read(source, text)
    assert problems == (), problems
    folder = posixpath.dirname(source)
    files = cases.Files({f"{folder}/{name}.yaml": content.encode() for name, content in contents.items()})
    prepared = cases.prepare(file, files)
    assert prepared.problems == (), prepared.problems
    return cases.mutants.Suite(file.cases, files, prepared.documents, prepared.settings)


def coverage(*suites):
    """Return what the cases of some test files go through."""
    collector = cases.coverage.Collector()
    for one in suites:
        state = collector.observe(one.documents, one.settings)
        for case in one.cases:
            outcome = cases.run(case, state, one.files)
            assert outcome.status == "passed", outcome
            collector.note(cases.sent(case, one.files), state, case.namespace)
    return collector.coverage()
