"""Arguments on their way through all kinds of templates, compared with bash itself."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stub_engines import Machine, expanded, receives
from webhook import catalog, rendering, workload
from webhook.rendering import budget
from webhook.settings import Settings

PLAIN = "exec vllm{{ range .CUSTOM_ARGS }} {{ . }}{{ end }}"
SINGLE = "exec vllm{{ range .CUSTOM_ARGS }} '{{ . }}'{{ end }}"
DOUBLE = 'exec vllm{{ range .CUSTOM_ARGS }} "{{ . }}"{{ end }}'
GO_QUOTED = 'exec vllm{{ range .CUSTOM_ARGS }} {{ printf "%q" . }}{{ end }}'
SPLIT = "exec vllm $@"
EVALUATED = 'eval "exec vllm $@"'
RIGHT = 'exec vllm "$@"'


def state(**container_template):
    templates = {"templates": [{"runtime": "engine", "podTemplate": {"containerTemplate": container_template}}]}
    agent = {"deployment_templates": [{"container_template": {"image": "engine:1"}}]}
    documents = [
        catalog.Document("templates", "t.yaml", json.dumps(templates)),
        catalog.Document("agent", "a.yaml", json.dumps(agent)),
    ]
    return rendering.State(catalog.build(documents, None), Settings())


def of_script(script):
    return state(commandTemplate=["/bin/bash", "-c", script, "name"])


def of_spliced(script):
    return state(commandTemplate=["/bin/bash", "-c"], argsTemplate=[script])


def rendered(configured, arguments, annotations=None):
    """Return the container, and the arguments of each notice by its code."""
    labels = {"hydra.io/runtime": "engine", "hydra.io/model-id": "qwen"}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "bare", "labels": labels, "annotations": annotations or {}},
        "spec": {"containers": [{"name": "main", "image": "auto", "args": arguments}]},
    }
    (pod_template,) = workload.pod_templates(pod, workload.POD)
    result = rendering.apply(rendering.resolve(pod_template, configured, namespace="default"), budget.new())
    return result.value["spec"]["containers"][0], {notice.code: list(notice.cases) for notice in result.notices}


def changed(configured, *arguments, code="shell-changes-argument"):
    return rendered(configured, list(arguments))[1].get(code, [])


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    return Machine.build(tmp_path_factory.mktemp("machine") / "folder")


CHARACTERS = "ab1{},.'\"$`\\*?[]!#;&|()<> \n\t=:-^%@+_é/"
ARGUMENTS = st.lists(st.text(CHARACTERS, max_size=6).map("--x".__add__), min_size=1, max_size=3, unique=True)


def holds_for(machine, configured, arguments):
    """Check that arguments are warned about if, and where that can be known only if, bash changes them."""
    container, codes = rendered(configured, arguments)
    arrived = receives(machine.run(container), [expanded(each, {}) for each in arguments])
    warned = codes.get("shell-changes-argument", [])
    # a glob may match nothing, a variable in $(NAME) may not be set, and a backslash may be the last character that eval reads
    unsure = any(set("*?[(") & set(each) or each.endswith("\\") for each in arguments)
    assert arrived or warned
    assert unsure or not (arrived and warned)


FORMS = [of_spliced(text) for text in (PLAIN, SINGLE, DOUBLE, GO_QUOTED)] + [
    of_script(text) for text in (SPLIT, EVALUATED, RIGHT)
]


@pytest.mark.slow
@given(ARGUMENTS, st.sampled_from(FORMS))
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_harm_without_a_warning_and_no_warning_without_harm(machine, arguments, configured):
    holds_for(machine, configured, arguments)


@pytest.mark.long
@given(ARGUMENTS, st.sampled_from(FORMS))
@settings(max_examples=4_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_more_arguments_and_templates(machine, arguments, configured):
    holds_for(machine, configured, arguments)


HARMLESS = "--plain=a/b:c,d@e%f+g_1.2"


@pytest.mark.parametrize(
    ("configured", "arguments", "expected"),
    [
        pytest.param(of_spliced(PLAIN), [HARMLESS, "é", "a#b", "a^b"], [], id="what no shell changes"),
        pytest.param(of_spliced(PLAIN), ["it's", HARMLESS, "its'"], ["it's", "its'"], id="what an open quote swallows is its doing"),
        pytest.param(of_spliced(PLAIN), ["a b", "a", "b"], ["a b"], id="the pieces of one argument are not another"),
        pytest.param(of_spliced(SINGLE), ["a b", "$x", "it's"], ["a b", "$x", "it's"][2:], id="single quotes"),
        pytest.param(of_spliced(GO_QUOTED), ["it's", 'say "x"', "a\\b", "$x", "a\nb"], ["$x", "a\nb"], id="Go's quotes"),
        pytest.param(of_spliced("exec vllm '--all={{ .CUSTOM_ARGS }}'"), ["a b", "$x"], [], id="inside of another word"),
        pytest.param(of_spliced("exec vllm --all={{ index .CUSTOM_ARGS 0 }}"), ["a;b"], ["a;b"], id="unquoted in another word"),
        pytest.param(of_spliced("exec vllm {{ len .CUSTOM_ARGS }}"), ["a b"], [], id="only counted"),
        pytest.param(of_spliced("exec vllm {{ .MODEL_ID }}"), [], [], id="none at all"),
        pytest.param(of_spliced("cat <<E\n{{ index .CUSTOM_ARGS 0 }}\nE\n"), ["it's {a,b}"], [], id="a here-document"),
        pytest.param(of_spliced("cat <<E\n{{ index .CUSTOM_ARGS 0 }}\nE\n"), ["a$b"], ["a$b"], id="a here-document expands"),
        pytest.param(of_spliced("cat <<'E'\n{{ index .CUSTOM_ARGS 0 }}\nE\n"), ["a$b"], [], id="a literal here-document"),
        pytest.param(of_spliced("x=$(echo '{{ index .CUSTOM_ARGS 0 }}')"), ["a$b"], [], id="quoted in a substitution"),
        pytest.param(of_spliced("x=${y:-{{ index .CUSTOM_ARGS 0 }}}"), ["a$b"], ["a$b"], id="in an expansion"),
        pytest.param(of_script("exec vllm $@"), ["a b", "$x", ""], ["a b", ""], id="unquoted parameters"),
        pytest.param(state(command=["sh", "-c"], argsTemplate=[PLAIN]), ["a;b"], ["a;b"], id="a command that is not a template"),
        pytest.param(state(commandTemplate=["vllm"], argsTemplate=["{{ .CUSTOM_ARGS }}"]), ["a;b"], [], id="without a shell"),
        pytest.param(of_spliced(PLAIN), ["$(POD_IP):1", "$$"], ["$$"][1:], id="what the kubelet replaces"),
        pytest.param(of_spliced(PLAIN), ["$(date)", "$$(POD_IP)", "$$HOME"], ["$(date)", "$$(POD_IP)", "$$HOME"], id="what it leaves"),
        pytest.param(of_spliced(PLAIN), ["HydraValue0E", "HydraValue7E", "a;b"], ["a;b"], id="the words of the second rendering"),
        pytest.param(of_spliced("# " + "x" * 10_000 + "\n" + SINGLE), ["a b", HARMLESS], ["a b"], id="beyond what is read"),
        pytest.param(of_spliced("{{ range .CUSTOM_ARGS }}{{ range $.CUSTOM_ARGS }}{{ end }}{{ end }}" + SINGLE), ["a b", *["--x"] * 60], ["a b"], id="a second rendering that takes too long"),
    ],
)  # fmt: skip
def test_which_arguments_the_shell_changes(configured, arguments, expected):
    assert changed(configured, *arguments) == expected


def test_model_name_and_gpu_type_are_free_text_too():
    configured = of_spliced("exec vllm --name={{ .MODEL_NAME }} --device={{ .GPU_TYPE }}")
    annotations = {"hydra.io/model-name": "a;b", "hydra.io/gpu-type": "my gpu"}

    assert rendered(configured, [], annotations)[1] == {"shell-changes-argument": ["a;b", "my gpu"]}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["a\nb", " a", "a ", "", "a b", "$x;'"], ["a\nb", " a", "a ", ""]),
        (["a\r\nb"], ["a\r\nb"]),
        ([HARMLESS], []),
    ],
)
def test_which_arguments_lines_change(arguments, expected):
    placed = state(argsTemplate=["--first\n{{ range .CUSTOM_ARGS }}{{ . }}\n{{ end }}"])
    appended = state(argsTemplate=["--first"])

    assert changed(placed, *arguments, code="lines-change-argument") == expected
    assert changed(appended, *arguments, code="lines-change-argument") == []


def test_a_space_within_a_line_is_kept():
    configured = state(argsTemplate=["--stop={{ index .CUSTOM_ARGS 0 }}."])

    assert changed(configured, " a ", code="lines-change-argument") == []


def test_only_the_workload_repeats_flags():
    configured = state(argsTemplate=["--port=1"])

    assert rendered(configured, ["--port=2"])[1] == {"flag-repeated": [("--port=2", "--port=1")]}
    assert rendered(configured, ["--other=2", "--other=3"])[1] == {}
