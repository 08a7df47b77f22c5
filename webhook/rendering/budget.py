"""The work that the Go templates of one request may do together (contract section 11).

It is counted in steps, so that the same request has the same answer on every machine.
"""

from webhook import gotemplate

#: Steps of one request: about 30 ms of the kinds that take longest (see bench/README.md, "Worst bodies").
STEPS = 20_000

#: Bytes of one request, of output and of the strings that functions build: as much as the API server's store takes.
BYTES = 1_048_576


def new() -> gotemplate.Budget:
    """Return the budget of one request."""
    return gotemplate.Budget(STEPS, BYTES)


def second() -> gotemplate.Budget:
    """Return a small budget of its own, for a second rendering that only shows what the first one means."""
    return gotemplate.Budget(STEPS // 10, BYTES // 10)


def cause(error: gotemplate.ExecError, budget: gotemplate.Budget) -> str:
    """Return why a template failed: the engine's message, and how to stay within the budget if that is used up."""
    if not budget.exceeded:
        return str(error)
    return (
        f"{error}; the budget of this request is used up: its templates may take {STEPS} steps and "
        f"{BYTES} bytes together; let the template loop less, or give the workload fewer or shorter arguments"
    )
