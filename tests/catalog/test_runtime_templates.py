"""The runtime template configuration: the result of a good entry, and every problem at its line and column."""

import re
import textwrap

import pytest

from webhook import catalog, gotemplate


def read(text):
    return catalog.build([catalog.Document("templates", "t.yaml", textwrap.dedent(text))], None)


def entry(text):
    """One entry whose fields are at column 5 from line 2 on (line 2 is the runtime)."""
    body = textwrap.indent(textwrap.dedent(text), "    ")
    return f"templates:\n  - runtime: r\n{body}"


def test_a_full_entry_becomes_a_compiled_template():
    snapshot = read("""
        templates:
          - runtime: vllm
            runtimeZH: 大模型
            podTemplate:
              nodeSelector: {disk: ssd}
              podSecurityContext: {fsGroup: 1000}
              volumes: [{name: shm, emptyDir: {medium: Memory}}]
              tolerations:
              containerTemplate:
                commandTemplate: [serve]
                argsTemplate: ["--model={{ .MODEL_PATH }}", "{{ range .CUSTOM_ARGS }}{{ . }}{{ end }}"]
                ports: [{containerPort: 8000, name: http}]
                env: [{name: A, value: "{{ literal }}"}]
    """)
    assert snapshot.problems == ()
    template = snapshot.runtime_templates["vllm"]
    assert template.display_name == "大模型"
    assert [part.text for part in template.startups["lone"].command] == ["serve"]
    assert template.startups["lone"].args[0].render({"MODEL_PATH": "/m"}) == "--model=/m"
    assert template.startups["lone"].uses_custom_args
    assert template.common.pod == {
        "nodeSelector": {"disk": "ssd"},
        "securityContext": {"fsGroup": 1000},
        "volumes": [{"name": "shm", "emptyDir": {"medium": "Memory"}}],
    }
    assert template.common.container == {
        "ports": [{"containerPort": 8000, "name": "http"}],
        "env": [{"name": "A", "value": "{{ literal }}"}],
    }
    assert (template.source, template.path, template.stale) == ("t.yaml", "templates[0]", None)
    assert len(template.digest) == 16


def test_an_entry_may_be_just_a_name():
    template = read("templates:\n- runtime: r").runtime_templates["r"]
    assert (
        template.startups["lone"].command,
        template.startups["lone"].args,
        template.common.pod,
        template.common.container,
    ) == ((), (), {}, {})
    assert template.display_name == "r"
    assert not template.startups["lone"].uses_custom_args


def test_a_configuration_may_have_no_entries():
    snapshot = read("templates: []")
    assert (dict(snapshot.runtime_templates), snapshot.problems) == ({}, ())


def test_render_all_compiles_the_strings_with_an_action():
    template = read("""
        templates:
        - runtime: r
          renderAll: true
          podTemplate:
            podSecurityContext: {fsGroup: 1}
            volumes:
            - name: model
              persistentVolumeClaim: {claimName: "pvc-{{ .MODEL_ID }}", readOnly: true}
            containerTemplate:
              env: [{name: NAME, value: "{{ .MODEL_NAME }}"}]
    """).runtime_templates["r"]
    claim = template.common.pod["volumes"][0]["persistentVolumeClaim"]
    assert isinstance(claim["claimName"], gotemplate.Template)
    assert claim["claimName"].name == "r/volumes[0].persistentVolumeClaim.claimName"
    assert claim["claimName"].render({"MODEL_ID": "q"}) == "pvc-q"
    assert (template.common.pod["volumes"][0]["name"], claim["readOnly"]) == ("model", True)
    assert template.common.container["env"][0]["value"].render({"MODEL_NAME": "n"}) == "n"
    assert template.common.pod["securityContext"] == {"fsGroup": 1}


def test_a_digest_depends_only_on_the_entry():
    one = read("templates:\n- runtime: a\n- {runtime: b, runtimeZH: x}").runtime_templates["b"]
    other = read("# moved\ntemplates:\n- runtimeZH: x\n  runtime: b\n- runtime: c").runtime_templates["b"]
    changed = read("templates:\n- {runtime: b, runtimeZH: z}").runtime_templates["b"]
    assert one.digest == other.digest != changed.digest


WHOLE = {
    "not a map": ("- runtime: r", "wrong-type", "", 1, 1, "must be a map, found a list"),
    "a word": ("hello", "wrong-type", "", 1, 1, 'found the string "hello"'),
    "empty": ("", "empty", "", 0, 0, "empty"),
    "only a comment": ("# nothing", "empty", "", 0, 0, "empty"),
    "two documents": ("templates: []\n---\ntemplates: []\n", "several-documents", "", 3, 1, "2 YAML documents"),
    "no templates": ("template: []", "missing-key", "", 1, 1, 'no "templates"'),
    "templates a map": ("templates:\n  runtime: r", "wrong-type", "templates", 2, 3, "must be a list, found a map"),
    "duplicate templates": ("templates: []\ntemplates: []", "duplicate-key", "", 2, 1, "duplicate key"),
    "invalid YAML": ("templates: [", "yaml-syntax", "", 1, 12, "unclosed"),
    "an alias of nothing": ("*x", "yaml-alias", "", 1, 1, "no anchor"),
    "templates that are an alias of nothing": ("templates: *x", "yaml-alias", "templates", 1, 12, "no anchor"),
    "a flaw beside templates": ("x: .inf\ntemplates: []", "yaml-value", "x", 1, 4, "JSON has no number"),
    "a pod": ("apiVersion: v1\nkind: Pod\n", "wrong-kind", "kind", 2, 7, "must be a ConfigMap"),
}


@pytest.mark.parametrize(("text", "code", "path", "line", "column", "cause"), WHOLE.values(), ids=WHOLE)
def test_a_text_that_cannot_be_used_as_a_whole(text, code, path, line, column, cause):
    snapshot = read(text)
    problem = next(problem for problem in snapshot.problems if problem.severity == "error")
    assert (problem.code, problem.path, problem.line, problem.column) == (code, path, line, column)
    assert cause in problem.cause
    assert snapshot.missing[0].startswith(
        "the runtime template configuration (ConfigMap hydra-runtime-template) cannot be used: t.yaml"
    )


ENTRIES = {
    "not a map": ("templates:\n- runtime", "wrong-type", "templates[0]", 2, 3, "must be a map"),
    "no name": ("templates:\n- runtimeZH: x", "missing-key", "templates[0]", 2, 3, 'no "runtime"'),
    "an empty name": ("templates:\n- runtime: ''", "empty-value", "templates[0].runtime", 2, 12, "empty"),
    "a number as name": ("templates:\n- runtime: 1", "wrong-type", "templates[0].runtime", 2, 12, "the number 1"),
    "a boolean as name": ("templates:\n- runtime: on", "wrong-type", "templates[0].runtime", 2, 12, "the boolean on"),
    "a display name": (entry("runtimeZH: [x]"), "wrong-type", "templates[0].runtimeZH", 3, 16, "found a list"),
    "renderAll a string": (entry("renderAll: 'yes'"), "wrong-type", "templates[0].renderAll", 3, 16, "true or false"),
    "a duplicate key": (
        entry("podTemplate: {}\npodTemplate: {}"),
        "duplicate-key",
        "templates[0]",
        4,
        5,
        "duplicate key",
    ),
    "a number in a probe": (
        entry("podTemplate: {containerTemplate: {worker: {readinessProbe: {httpGet: 80}}}}"),
        "wrong-type",
        "templates[0].podTemplate.containerTemplate.worker.readinessProbe.httpGet",
        3,
        74,
        "must be a map, found the number 80",
    ),
    "a quoted number in a probe": (
        entry("podTemplate: {containerTemplate: {readinessProbe: {periodSeconds: '5'}}}"),
        "wrong-type",
        "templates[0].podTemplate.containerTemplate.readinessProbe.periodSeconds",
        3,
        71,
        "must be a whole number",
    ),
    "a string instead of capabilities": (
        entry("podTemplate: {containerTemplate: {securityContext: {capabilities: {add: A}}}}"),
        "wrong-type",
        "templates[0].podTemplate.containerTemplate.securityContext.capabilities.add",
        3,
        77,
        "must be a list",
    ),
    "a number among sysctls": (
        entry("podTemplate: {podSecurityContext: {sysctls: [1]}}"),
        "wrong-type",
        "templates[0].podTemplate.podSecurityContext.sysctls[0]",
        3,
        50,
        "an item of sysctls must be a map",
    ),
    "podTemplate a list": (entry("podTemplate: []"), "wrong-type", "templates[0].podTemplate", 3, 18, "must be a map"),
    "containerTemplate a string": (
        entry("podTemplate:\n  containerTemplate: x"),
        "wrong-type",
        "templates[0].podTemplate.containerTemplate",
        4,
        26,
        "must be a map",
    ),
    "volumes a map": (
        entry("podTemplate:\n  volumes: {name: x}"),
        "wrong-type",
        "templates[0].podTemplate.volumes",
        4,
        16,
        "must be a list",
    ),
    "a volume without a name": (
        entry("podTemplate:\n  volumes:\n  - emptyDir: {}"),
        "missing-key",
        "templates[0].podTemplate.volumes[0]",
        5,
        9,
        'no "name"',
    ),
    "a volume that is a string": (
        entry("podTemplate:\n  volumes: [shm]"),
        "wrong-type",
        "templates[0].podTemplate.volumes[0]",
        4,
        17,
        "must be a map",
    ),
    "a pull secret that is a string": (
        entry("podTemplate:\n  imagePullSecrets: [regcred]"),
        "wrong-type",
        "templates[0].podTemplate.imagePullSecrets[0]",
        4,
        26,
        "must be a map",
    ),
    "a node selector with a boolean": (
        entry("podTemplate:\n  nodeSelector: {gpu: true}"),
        "wrong-type",
        "templates[0].podTemplate.nodeSelector.gpu",
        4,
        27,
        "found the boolean true",
    ),
    "a grace period in quotes": (
        entry("podTemplate:\n  terminationGracePeriodSeconds: '120'"),
        "wrong-type",
        "templates[0].podTemplate.terminationGracePeriodSeconds",
        4,
        38,
        "a whole number",
    ),
}
CONTAINER = {
    "an args template that is a number": ("argsTemplate: [8192]", "argsTemplate[0]", 22, "the number 8192"),
    "an args template that is a string": ("argsTemplate: --a=1", "argsTemplate", 21, "must be a list"),
    "an args template that is nothing": ("argsTemplate: ['a', ~]", "argsTemplate[1]", 27, "found nothing"),
    "an unquoted template": ("argsTemplate: [{{ .X }}]", "argsTemplate[0]", 23, "a key must be a string, found a map"),
    "an env value that is a number": ("env: [{name: A, value: 1}]", "env[0].value", 30, "the number 1"),
    "an env entry without a name": ("env: [{value: x}]", "env[0]", 13, 'no "name"'),
    "an env entry with an empty name": ("env: [{name: ''}]", "env[0].name", 20, "empty"),
    "a port that is a string": ("ports: [{containerPort: '80'}]", "ports[0].containerPort", 31, "whole number"),
    "a port beyond 65535": ("ports: [{containerPort: 65536}]", "ports[0].containerPort", 31, "1 to 65535"),
    "a port that is zero": ("ports: [{containerPort: 0}]", "ports[0].containerPort", 31, "1 to 65535"),
    "a port without a number": ("ports: [{name: http}]", "ports[0]", 15, 'no "containerPort"'),
    "a mount without a path": ("volumeMounts: [{name: a}]", "volumeMounts[0]", 22, 'no "mountPath"'),
    "a mount without a volume": ("volumeMounts: [{mountPath: /a}]", "volumeMounts[0]", 22, 'no "name"'),
    "a mount path that is a number": ("volumeMounts: [{mountPath: 1, name: a}]", "volumeMounts[0].mountPath", 34, "the number 1"),
    "resources a list": ("resources: []", "resources", 18, "must be a map"),
    "an image that is a map": ("image: {}", "image", 14, "must be a string"),
    "tty in quotes": ("tty: 'true'", "tty", 12, "true or false"),
}  # fmt: skip


def code_of(cause):
    """Return the code that goes with a cause of the table above."""
    for words, code in (
        ("a key must", "yaml-key"),
        ('no "', "missing-key"),
        ("empty", "empty-value"),
        ("65535", "bad-value"),
    ):
        if words in cause:
            return code
    return "wrong-type"


ENTRIES |= {
    name: (
        f"templates:\n- runtime: r\n  podTemplate:\n    containerTemplate:\n      {text}",
        code_of(cause),
        f"templates[0].podTemplate.containerTemplate.{path}",
        5,
        column,
        cause,
    )
    for name, (text, path, column, cause) in CONTAINER.items()
}


@pytest.mark.parametrize(("text", "code", "path", "line", "column", "cause"), ENTRIES.values(), ids=ENTRIES)
def test_an_entry_that_cannot_be_used_affects_only_itself(text, code, path, line, column, cause):
    margin = re.search("^ *(?=- )", text, re.MULTILINE)
    snapshot = read(f"{text.rstrip()}\n{margin[0]}- runtime: good\n")
    problem = next(problem for problem in snapshot.problems if problem.severity == "error")
    assert (problem.code, problem.path, problem.line, problem.column) == (code, path, line, column)
    assert cause in problem.cause
    assert set(snapshot.runtime_templates) == {"good"}
    assert snapshot.missing == ("the agent configuration (ConfigMap hydra-agent) has not been read yet",)
    if "r" in snapshot.broken:
        assert snapshot.broken["r"] == problem


def test_a_value_that_needs_quotes_is_shown_with_them():
    snapshot = read("templates:\n- runtime: r\n  podTemplate: {containerTemplate: {argsTemplate: [1e3, yes]}}")
    assert [problem.remedy for problem in snapshot.problems] == ['quote it: "1e3"', 'quote it: "yes"']


def test_a_template_where_none_can_be_is_not_told_to_lose_its_quotes():
    container = "ports: [{containerPort: '{{ .MODEL_PORT }}'}], tty: '{{ true }}'"
    snapshot = read(f"templates:\n- runtime: r\n  podTemplate: {{containerTemplate: {{{container}}}}}")
    assert [problem.remedy for problem in snapshot.problems] == [
        'write a number; in a runtime template, a Go template can be here with "renderAll: true" beside runtime',
        "write true or false; a Go template cannot be here",
    ]


def test_a_duplicate_runtime_is_reported_and_the_first_is_used():
    snapshot = read("templates:\n- runtime: r\n  runtimeZH: one\n- runtime: r\n  runtimeZH: two\n")
    [problem] = snapshot.problems
    assert (problem.code, problem.path, problem.line, problem.column) == ("duplicate-runtime", "templates[1]", 4, 3)
    assert "first defined as templates[0] at line 2" in problem.cause
    assert snapshot.runtime_templates["r"].display_name == "one"


def test_every_problem_of_every_entry_is_reported():
    snapshot = read("""\
        templates:
        - runtime: a
          podTemplate:
            volumes: [x]
            containerTemplate:
              argsTemplate: [1, "{{ end }}"]
              env: [{name: A, value: true}]
        - podTemplate: 1
        - runtime: c
          unknown: 1
    """)
    assert [(problem.code, problem.line) for problem in snapshot.problems] == [
        ("wrong-type", 4),
        ("wrong-type", 6),
        ("template-syntax", 6),
        ("wrong-type", 7),
        ("missing-key", 8),
        ("wrong-type", 8),
        ("unknown-key", 10),
    ]
    assert set(snapshot.runtime_templates) == {"c"}
    assert set(snapshot.broken) == {"a"}


UNKNOWN = {
    "at the top": ("template: 1\ntemplates: []", "template", 1, 1, 'did you mean "templates"?'),
    "in an entry": (entry("runtimeZh: x"), "templates[0].runtimeZh", 3, 5, 'did you mean "runtimeZH"?'),
    "in a pod": (entry("podTemplate: {volume: []}"), "templates[0].podTemplate.volume", 3, 19, '"volumes"?'),
    "far from all": (entry("podTemplate: {zzzzz: 1}"), "templates[0].podTemplate.zzzzz", 3, 19, "known: active"),
    "of the pod in the entry": (entry("volumes: []"), "templates[0].volumes", 3, 5, "move it to podTemplate"),
    "of the container in the pod": (
        entry("podTemplate: {env: []}"),
        "templates[0].podTemplate.env",
        3,
        19,
        "move it to containerTemplate",
    ),
    "of the pod in the container": (
        entry("podTemplate: {containerTemplate: {volumes: []}}"),
        "templates[0].podTemplate.containerTemplate.volumes",
        3,
        39,
        "move it to podTemplate",
    ),
    "an overlay in an overlay": (
        entry("podTemplate: {containerTemplate: {leader: {worker: {}}}}"),
        "templates[0].podTemplate.containerTemplate.leader.worker",
        3,
        48,
        "move it to containerTemplate",
    ),
    "in a list's entry": (
        entry("podTemplate: {containerTemplate: {env: [{name: A, val: x}]}}"),
        "templates[0].podTemplate.containerTemplate.env[0].val",
        3,
        55,
        'did you mean "value"?',
    ),
    "in an init container": (
        entry("podTemplate: {initContainers: [{name: i, comand: []}]}"),
        "templates[0].podTemplate.initContainers[0].comand",
        3,
        46,
        'did you mean "command"?',
    ),
}


@pytest.mark.parametrize(("text", "path", "line", "column", "remedy"), UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_key_is_a_finding_with_a_suggestion_and_not_an_error(text, path, line, column, remedy):
    snapshot = read(text)
    [problem] = snapshot.problems
    assert (problem.severity, problem.code) == ("warning", "unknown-key")
    assert (problem.path, problem.line, problem.column) == (path, line, column)
    assert remedy in problem.remedy
    assert not snapshot.broken


def test_a_field_that_a_newer_api_server_may_have_is_kept():
    fields = "{futurePod: {a: 1}, containerTemplate: {futureContainer: [b], env: [{name: A, futureEnv: c}]}}"
    snapshot = read(entry(f"podTemplate: {fields}"))
    template = snapshot.runtime_templates["r"]
    assert template.common.pod == {"futurePod": {"a": 1}}
    assert template.common.container == {"futureContainer": ["b"], "env": [{"name": "A", "futureEnv": "c"}]}
    assert [problem.cause for problem in snapshot.problems] == [
        f'unknown field "{name}": it is passed on as written' for name in ("futurePod", "futureContainer", "futureEnv")
    ]


def test_a_field_that_a_newer_api_server_may_have_is_rendered_too():
    snapshot = read(entry("renderAll: true\npodTemplate: {future: '{{ .MODEL_ID }}'}"))
    assert snapshot.runtime_templates["r"].render_all


def test_a_misplaced_key_is_ignored():
    snapshot = read(entry("podTemplate: {env: [], commandTemplate: [], containerTemplate: {volumes: []}}"))
    template = snapshot.runtime_templates["r"]
    assert (template.common.pod, template.common.container, template.startups["lone"].command) == ({}, {}, ())
    assert [problem.cause for problem in snapshot.problems] == [
        f'the key "{name}" does not belong here, so it is ignored' for name in ("env", "commandTemplate", "volumes")
    ]


def test_keys_indented_below_a_key_without_a_value_are_recognised():
    snapshot = read(entry("podTemplate:\n  containerTemplate:\n  argsTemplate: []"))
    [problem] = snapshot.problems
    assert (problem.code, problem.remedy) == ("unknown-key", "move it to containerTemplate")


PLACES = {
    "a literal block": ("|-\n        first\n          {{ nope }}", 8, 14),
    "a literal block with an indicator": ("|2-\n          {{ nope }}", 7, 14),
    "a literal block after an empty line": ("|\n\n        {{ nope }}", 8, 12),
    "plain": ("a {{ nope }}", 6, 14),
    "quoted": ("'a {{ nope }}'", 6, 15),
    "quoted with an escape": ('"\\u0061 {{ nope }}"', 6, 20),
    "quoted over two lines": ('"a\n        {{ nope }}"', 7, 12),
    "folded": (">\n        a\n        {{ nope }}", 8, 12),
}


@pytest.mark.parametrize(("value", "line", "column"), PLACES.values(), ids=PLACES)
def test_a_template_error_points_to_its_place_in_the_file_and_names_its_own_line(value, line, column):
    frame = "templates:\n- runtime: r\n  podTemplate:\n    containerTemplate:\n      argsTemplate:\n      - "
    [problem] = read(f"{frame}{value}\n").problems
    assert (problem.severity, problem.code) == ("error", "template-syntax")
    assert problem.path == "templates[0].podTemplate.containerTemplate.argsTemplate[0]"
    assert (problem.line, problem.column) == (line, column)
    assert problem.cause.startswith("template: r/argsTemplate[0]:")
    assert 'function "nope" not defined' in problem.cause


def test_a_template_error_below_render_all_points_to_its_place():
    [problem] = read(entry("renderAll: true\npodTemplate:\n  hostname: '{{ .X'")).problems
    assert (problem.path, problem.line, problem.column) == ("templates[0].podTemplate.hostname", 5, 23)


def test_names_that_are_not_valid_label_values_are_found():
    snapshot = read("templates: [{runtime: -a}, {runtime: a b}, {runtime: %s}, {runtime: a.b_c-1}]" % ("x" * 64))
    assert [(problem.code, problem.column) for problem in snapshot.problems] == [
        ("runtime-name", 23),
        ("runtime-name", 38),
        ("runtime-name", 54),
    ]
    assert len(snapshot.runtime_templates) == 4


def test_two_names_of_one_field_are_found_and_podsecuritycontext_is_used():
    snapshot = read(entry("podTemplate: {securityContext: {fsGroup: 1}, podSecurityContext: {fsGroup: 2}}"))
    assert [problem.code for problem in snapshot.problems] == ["two-names"]
    assert snapshot.runtime_templates["r"].common.pod == {"securityContext": {"fsGroup": 2}}
