"""Flags of some of the arguments that a command has already."""

import pytest

from webhook.shell.flags import repeated_by

SCRIPT = """
serve=(engine serve --port=8000 --tp-size 8)
serve+=(--dtype=half)
if command -v ray; then
  ray start --num-cpus=4 && exec "${serve[@]}" --name="$0" "$@"
fi
exec "${serve[@]}" "$@"
"""


@pytest.mark.parametrize(
    ("own", "before", "expected"),
    [
        (["--port=9000"], ["serve", "--port=8000"], [("--port=9000", "--port=8000")]),
        (["--port", "9000"], ["serve", "--port", "8000"], [("--port 9000", "--port 8000")]),
        (["--port=9000"], ["serve", "--port=9000"], [("--port=9000", "--port=9000")]),
        (
            ["--trust-remote-code"],
            ["serve", "--trust-remote-code", "x"],
            [("--trust-remote-code", "--trust-remote-code x")],
        ),
        (["--port=1", "--port=2"], ["serve"], []),
        (["--port=1", "--port=2"], ["serve", "--port=3"], [("--port=1", "--port=3")]),
        (["--env=A"], ["serve", "--env=B"], []),
        (["-v", "-v"], ["serve", "-v"], []),
        (["model"], ["serve", "model"], []),
        (["--b=1", "--a=1"], ["serve", "--a=2", "--b=2"], [("--b=1", "--b=2"), ("--a=1", "--a=2")]),
        (["--port=1"], ["tini", "--port=2", "--", "serve"], []),
        (
            ["--port=9000", "--tp-size=4", "--dtype=auto", "--num-cpus=1", "--name=x"],
            ["bash", "-c", SCRIPT, "qwen"],
            [
                ("--port=9000", "--port=8000"),
                ("--tp-size=4", "--tp-size 8"),
                ("--dtype=auto", "--dtype=half"),
                ("--name=x", "--name=qwen"),
            ],
        ),
        (["--port=1"], ["sh", "-c", "flags='--port=2 --x'; exec serve $flags \"$@\"", "s"], [("--port=1", "--port=2")]),
        (["--port=1"], ["sh", "-c", "exec serve --port=2", "s"], []),
        (["--port=1"], ["sh", "-c", 'exec serve "$@"', "s", "--port=2"], [("--port=1", "--port=2")]),
    ],
)
def test_repeated_by(own, before, expected):
    assert list(repeated_by(own, [*before, *own])) == expected


def test_arguments_that_are_written_into_the_script():
    assert list(repeated_by(["--port=1"], ["sh", "-c", "serve --port 2 --port=1"])) == [("--port=1", "--port 2")]
