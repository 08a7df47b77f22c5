"""What lint says about scripts is what a shell makes of them: it complains exactly where hostile values do not arrive."""

import pytest

from tests.linting.configurations import entry, lint
from tests.stub_engines import Machine, receives
from webhook import catalog
from webhook.linting import sample_variables, scripts
from webhook.rendering import budget, command

#: What lint says about values that do not arrive.
COMPLAINTS = {"spliced-argument", "quoted-for-go", "reparsed-arguments", "custom-args-unused", "script-syntax"}
ARGUMENTS = ["--first=1", scripts.HOSTILE, "two words", "", "--last=1"]
EACH = "{{ range .CUSTOM_ARGS }}"

SCRIPTS = [
    'exec serve "$@"',
    'exec serve "${@}"',
    "exec serve $@",
    "exec serve $*",
    'exec serve "$*"',
    'exec serve --all="$@"',
    'serve "$@" || exit 1',
    'args=("$@"); exec serve "${args[@]}"',
    'args=(--port=1 "$@"); exec serve ${args[@]}',
    'args="$@"; exec serve $args',
    'args="$*"\nexec serve "$args"',
    'set -- --port=1 "$@"; exec serve "$@"',
    'eval "exec serve $*"',
    'eval serve "$@"',
    'eval "exec serve ${*@Q}"',
    'sh -c "serve $*"',
    'bash -c \'exec serve "$@"\' - "$@"',
    'echo "starting with $*"; exec serve "$@"',
    'if [ $# -gt 0 ]; then exec serve "$@"; fi',
    'run() { serve "$@"; }; run "$@"',
    f"exec serve{EACH} {{{{ . }}}}{{{{ end }}}}",
    f"exec serve{EACH} '{{{{ . }}}}'{{{{ end }}}}",
    f'exec serve{EACH} "{{{{ . }}}}"{{{{ end }}}}',
    f'exec serve{EACH} {{{{ printf "%q" . }}}}{{{{ end }}}}',
    'exec serve "$@" --title="it\'s"',
    "exec serve '$@'",
    'exec serve "$@',
    "exec serve # $@",
    'cat <<EOF >/dev/null\nit\'s "$@\nEOF\nexec serve "$@"',
]
NAMES = [
    'exec serve --name="$0" --last=1',
    "exec serve --name=$0 --last=1",
    "exec serve --name={{ .MODEL_NAME }} --last=1",
    "exec serve --name='{{ .MODEL_NAME }}' --last=1",
    'exec serve --name="{{ .MODEL_NAME }}" --last=1',
    'exec serve --name={{ printf "%q" .MODEL_NAME }} --last=1',
    "name=$(cat <<'EOF'\n{{ .MODEL_NAME }}\nEOF\n)\nexec serve --name=\"$name\" --last=1",
    'name=$(cat <<EOF\n{{ .MODEL_NAME }}\nEOF\n)\nexec serve --name="$name" --last=1',
]


def started(elements, **variables):
    """Return the container of a lone pod that starts these elements."""
    snapshot = catalog.build([catalog.Document("templates", "file", entry(elements))], None)
    values = {**sample_variables.of("r", "lone", (), 1, "nvidia-gpu"), **variables}
    rendered = command.command(snapshot.runtime_templates["r"].startups["lone"], values, budget.new())
    return {"command": rendered.command, "args": rendered.args}


@pytest.mark.parametrize("script", SCRIPTS)
def test_lint_complains_exactly_where_arguments_do_not_arrive(script, tmp_path):
    elements = ["/bin/bash", "-c", script, "name"]
    machine = Machine.build(tmp_path, ("serve",))

    arrive = receives(machine.run(started(elements, CUSTOM_ARGS=ARGUMENTS)), ARGUMENTS)

    assert (not COMPLAINTS & {problem.code for problem in lint(entry(elements))}) is arrive


@pytest.mark.parametrize("script", NAMES)
def test_lint_complains_exactly_where_a_model_name_does_not_arrive(script, tmp_path):
    elements = ["/bin/bash", "-c", script, "{{ .MODEL_NAME }}"]
    machine = Machine.build(tmp_path, ("serve",))

    calls = machine.run(started(elements, MODEL_NAME=scripts.HOSTILE))

    codes = {problem.code for problem in lint(entry(elements))} - {"custom-args-unused"}
    assert (not COMPLAINTS & codes) is receives(calls, [f"--name={scripts.HOSTILE}", "--last=1"])


@pytest.mark.parametrize(
    ("elements", "arrive"),
    [
        (["serve", "--port=1"], True),
        (["serve", f"{EACH}{{{{ . }}}} {{{{ end }}}}"], False),
        (["serve", f"--all={EACH}{{{{ . }}}},{{{{ end }}}}"], False),
    ],
)
def test_without_a_shell_every_argument_is_an_element(elements, arrive, tmp_path):
    machine = Machine.build(tmp_path, ("serve",))
    written = sum("CUSTOM_ARGS" in element for element in elements)

    calls = machine.run(started(elements, CUSTOM_ARGS=ARGUMENTS))

    assert receives(calls, ARGUMENTS)  # appended, whatever the templates print
    assert (len(calls[0]) == 2 + len(ARGUMENTS)) is True
    assert (not written) is arrive
    assert ("flags-on-one-line" in {problem.code for problem in lint(entry(elements))}) is not arrive
