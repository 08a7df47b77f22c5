"""The program ``kubectl_complete-hydra``, which kubectl's own completion runs to complete ``kubectl hydra``.

kubectl gives it the words as arguments, the last of which may be empty, and reads a line for each completion, and in the last line
a colon and what the shell may add: 0 is anything, such as files.
"""

import contextlib
import io
import os
import shlex
import sys

import typer

from webhook import cli

_NAME = "hydra-webhook"


def main() -> None:
    """Print the completions of the last argument of the process."""
    words = [_NAME, *sys.argv[1:]]
    os.environ["_HYDRA_WEBHOOK_COMPLETE"] = "complete_bash"
    os.environ["COMP_WORDS"] = "\n".join(map(shlex.quote, words))
    os.environ["COMP_CWORD"] = str(len(words) - 1)
    with contextlib.redirect_stdout(io.StringIO()) as shown, contextlib.suppress(SystemExit):
        cli.main(_NAME)
    typer.echo(f"{shown.getvalue().strip()}\n:0".lstrip())
