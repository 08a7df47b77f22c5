"""What can be checked in the Dockerfile without a container engine."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
INSTRUCTIONS = [
    line.split(None, 1)
    for line in re.sub(r"\\\n", "", (ROOT / "Dockerfile").read_text()).splitlines()
    if line and not line.startswith("#")
]


def stages() -> list[list[list[str]]]:
    """Return the instructions of each stage, starting with FROM."""
    found = []
    for instruction in INSTRUCTIONS:
        if instruction[0] == "FROM":
            found.append([])
        if found:
            found[-1].append(instruction)
    return found


def test_the_last_stage_needs_no_shell_to_build_or_to_start():
    last = stages()[-1]

    assert "RUN" not in [name for name, _ in last]
    for name, value in last:
        if name in {"ENTRYPOINT", "CMD"} or (name == "HEALTHCHECK" and (value := value.partition("CMD ")[2])):
            assert re.fullmatch(r'\[("[^"]+"(, )?)+\]', value)


def test_every_base_is_a_build_argument():
    assert [stage[0][1] for stage in stages()] == ["${BUILD_BASE} AS build", "${BASE} AS command", "${BASE}"]


def test_the_engine_gets_exactly_the_files_that_are_copied():
    copied = {
        source
        for name, value in INSTRUCTIONS
        if name == "COPY" and not value.startswith("--from=")
        for source in value.split()[:-1]
    }
    ignore = (ROOT / ".dockerignore").read_text().splitlines()

    assert copied == {line.removeprefix("!") for line in ignore if line.startswith("!")}
    assert "*" in ignore
    assert all((ROOT / each).exists() for each in copied)
