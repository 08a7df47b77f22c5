"""Test files from memory: their cases run, what they cover, and what they notice."""

import posixpath
import textwrap
from typing import NamedTuple

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


def runnable(text, source="t/hydra-test.yaml", **contents):
    """Return a test file with the files that it names, by name: templates for templates.yaml."""
    file, problems = cases.read(source, text)
    assert problems == (), problems
    folder = posixpath.dirname(source)
    files = cases.Files({f"{folder}/{name}.yaml": content.encode() for name, content in contents.items()})
    prepared = cases.prepare(file, files)
    assert prepared.problems == (), prepared.problems
    return Runnable(file, files, prepared)


class Runnable(NamedTuple):
    """A test file with all that its cases need."""

    file: cases.CaseFile
    files: cases.Files
    prepared: cases.Prepared

    def suite(self):
        return cases.mutants.Suite(self.file.cases, self.files, self.prepared.documents, self.prepared.settings)


def coverage(*test_files):
    """Return what the cases of some test files go through."""
    collector = cases.coverage.Collector()
    for one in test_files:
        state = collector.observe(one.file, one.prepared)
        for case in one.file.cases:
            outcome = cases.run(case, state, one.files)
            assert outcome.status == "passed", outcome
            collector.note(outcome.result)
    return collector.coverage()
