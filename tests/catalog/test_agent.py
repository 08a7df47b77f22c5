"""The agent configuration and the GPU table: all published shapes, and every problem at its line and column."""

import textwrap

import pytest

from webhook import catalog

LIST = "- match_runtimes: [r]\n  container_template: {image: i}\n"
HOLDING = "deployment_templates:\n" + LIST


def read(content):
    return catalog.build([catalog.Document("agent", "a.yaml", content)], None)


def data(*pairs):
    return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hydra-agent}\ndata:\n" + "".join(
        f"  {key}: |\n{textwrap.indent(text, '    ')}" for key, text in pairs
    )


SHAPES = {
    "at the top": "cluster_name: work-1\n" + HOLDING,
    "under global.config": "image: {tag: 1}\nglobal:\n  config:\n    cluster_name: work-1\n"
    + textwrap.indent(HOLDING, "    "),
    "under configmap": "configmap:\n  cluster_name: work-1\n" + textwrap.indent(HOLDING, "  "),
    "a manifest with one key": data(("config.yaml", "cluster_name: work-1\n" + HOLDING)),
    "a manifest with other keys": data(
        ("values.txt", "no: [yaml\n"), ("agent.yaml", "cluster_name: work-1\n" + HOLDING), ("x", "1\n")
    ),
    "a manifest whose key holds the list": data(("cluster_name", "work-1\n"), ("deployment_templates", LIST)),
    "a manifest whose key holds the Helm values": data(
        ("values.yaml", "global:\n  config:\n    cluster_name: work-1\n" + textwrap.indent(HOLDING, "    "))
    ),
    "a manifest as JSON": '{"apiVersion": "v1", "kind": "ConfigMap", "data": {"c": "cluster_name: work-1\\n'
    + HOLDING.replace("\n", "\\n")
    + '"}}',
    "data from a cluster": {"config.yaml": "cluster_name: work-1\n" + HOLDING},
    "the list from a cluster": {"deployment_templates": LIST, "cluster_name": "work-1"},
    "bytes": ("\ufeffcluster_name: work-1\n" + HOLDING).encode(),
}


@pytest.mark.parametrize("content", SHAPES.values(), ids=SHAPES)
def test_every_published_shape_is_read(content):
    snapshot = read(content)
    assert snapshot.problems == ()
    [entry] = snapshot.agent_entries
    assert (entry.runtimes, entry.image) == (("r",), "i")
    assert snapshot.cluster_name == "work-1"
    assert entry.path.endswith("deployment_templates[0]")


WHOLE = {
    "no list": ("a: 1", "missing-key", 1, 1, "at the top, under global.config or under configmap"),
    "an alias of nothing": ("*x", "yaml-alias", 1, 1, "no anchor"),
    "a list that is an alias of nothing": ("deployment_templates: *x", "yaml-alias", 1, 23, "no anchor"),
    "a duplicate list": (HOLDING + HOLDING, "duplicate-key", 4, 1, "duplicate key"),
    "a bare list": (LIST, "missing-key", 1, 1, "there is no"),
    "in two places": (HOLDING + "configmap:\n" + textwrap.indent(HOLDING, "  "), "several-lists", 6, 3, "2 places"),
    "in two data keys": (data(("a", HOLDING), ("b", HOLDING)), "several-lists", 11, 5, "2 places"),
    "in no data key": (data(("a", "x: 1\n")), "missing-data-key", 5, 6, "no data key"),
    "in a data key that does not parse": (
        data(("a", "deployment_templates:\n- a: [\n")),
        "yaml-syntax",
        7,
        10,
        "closed",
    ),
    "a map": ("deployment_templates: {a: b}", "wrong-type", 1, 23, "must be a list, found a map"),
    "a value that is not a string": (
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  config.yaml:\n    deployment_templates: []\n",
        "wrong-type",
        5,
        5,
        "must be a string, found a map",
    ),
    "no data": ("apiVersion: v1\nkind: ConfigMap\n", "wrong-type", 1, 1, "found nothing"),
    "not UTF-8": (b"a: 1\nb: \xff", "yaml-syntax", 2, 4, "UTF-8"),
}


@pytest.mark.parametrize(("content", "code", "line", "column", "cause"), WHOLE.values(), ids=WHOLE)
def test_a_text_that_cannot_be_used_as_a_whole(content, code, line, column, cause):
    snapshot = read(content)
    problem = snapshot.problems[0]
    assert (problem.severity, problem.code, problem.line, problem.column) == ("error", code, line, column)
    assert cause in problem.cause
    assert snapshot.agent_entries == ()
    assert any("hydra-agent" in name for name in snapshot.missing)


IMAGES = {
    "a map": ("{registry: reg.io, repository: a/b, tag: v1}", "reg.io/a/b:v1"),
    "without registry": ("{repository: a/b, tag: v1}", "a/b:v1"),
    "without tag": ("{registry: reg.io, repository: a}", "reg.io/a"),
    "with digest": (f"{{repository: a, digest: 'sha256:{'0' * 64}'}}", f"a@sha256:{'0' * 64}"),
    "with tag and digest": (f"{{repository: a, tag: v1, digest: 'sha256:{'0' * 64}'}}", f"a:v1@sha256:{'0' * 64}"),
    "a registry with a slash": ("{registry: reg.io/, repository: a}", "reg.io/a"),
    "nulls": ("{registry: , repository: a, tag: ~}", "a"),
    "a string": ("reg.io:5000/a:b", "reg.io:5000/a:b"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("beside", [False, True], ids=["inside", "beside"])
@pytest.mark.parametrize(("image", "reference"), IMAGES.values(), ids=IMAGES)
def test_an_image_becomes_one_reference(image, reference, beside):
    where = f"image: {image}" if beside else f"container_template:\n    image: {image}"
    [entry] = read(f"deployment_templates:\n- match_runtimes: [r]\n  {where}\n").agent_entries
    assert entry.broken is None
    assert entry.image == reference
    assert entry.common.container.get("image", "") == reference


@pytest.mark.parametrize("tag", ["2.10", "1e3", "0x1F", "1_000", "20261130"])
def test_a_tag_that_yaml_reads_as_a_number_is_taken_as_it_is_written(tag):
    snapshot = read(f"deployment_templates:\n- image: {{repository: a, tag: {tag}}}\n")
    assert snapshot.agent_entries[0].image == f"a:{tag}"
    problems = [problem for problem in snapshot.problems if problem.code != "image-beside"]
    assert [(one.code, one.severity, one.remedy) for one in problems] == [
        ("unquoted-tag", "warning", f'quote it: "{tag}"')
    ]


def test_an_image_inside_container_template_wins_over_one_beside_it():
    snapshot = read("deployment_templates:\n- image: beside\n  container_template: {image: inside}")
    assert snapshot.agent_entries[0].image == "inside"
    assert [(problem.severity, problem.code) for problem in snapshot.problems] == [("warning", "image-beside")]


def test_args_env_and_other_container_fields_are_kept():
    text = "deployment_templates:\n- container_template:\n    args: [--a=1]\n    env: [{name: A, value: 'on'}]\n    tty: true\n    stdin:\n"
    snapshot = read(text)
    [entry] = snapshot.agent_entries
    assert snapshot.problems == ()
    assert (entry.runtimes, entry.gpu_types, entry.args["lone"]) == ((), (), ("--a=1",))
    assert entry.common.container == {"env": [{"name": "A", "value": "on"}], "tty": True}


BROKEN = {
    "args with a number": ("container_template: {args: [1]}", "wrong-type", "container_template.args[0]", 31),
    "an env value that is a number": (
        "container_template: {env: [{name: A, value: 1}]}",
        "wrong-type",
        "container_template.env[0].value",
        47,
    ),
    "container_template a list": ("container_template: []", "wrong-type", "container_template", 23),
    "an image that is a list": ("image: []", "wrong-type", "image", 10),
    "an image without repository": ("image: {tag: a}", "missing-key", "image", 10),
    "a tag that is a boolean": ("image: {repository: a, tag: on}", "wrong-type", "image.tag", 31),
    "a digest without algorithm": ("image: {repository: a, digest: abc}", "bad-value", "image.digest", 34),
    "an image with a space": ("image: 'a b'", "bad-value", "image", 10),
    "an empty image": ("image: ''", "bad-value", "image", 10),
    "a duplicate key": ("image: a\n  image: b", "duplicate-key", "", 3),
}


@pytest.mark.parametrize(("field", "code", "path", "column"), BROKEN.values(), ids=BROKEN)
def test_an_entry_that_cannot_be_used_is_broken_and_still_matches(field, code, path, column):
    snapshot = read(f"deployment_templates:\n- match_runtimes: [r]\n  {field}\n- match_runtimes: [good]\n  image: x\n")
    problem = next(problem for problem in snapshot.problems if problem.severity == "error")
    assert (problem.code, problem.column) == (code, column)
    assert problem.path == f"deployment_templates[0].{path}".rstrip(".")
    broken, good = snapshot.agent_entries
    assert (broken.runtimes, broken.broken, broken.image) == (("r",), problem, "")
    assert (good.broken, good.image) == (None, "x")


UNMATCHABLE = {
    "a word": ("- r", 3, "must be a map"),
    "runtimes a string": ("- match_runtimes: r", 19, "must be a list"),
    "runtimes a number": ("- match_runtimes: [1]", 20, "the number 1"),
    "GPU types a map": ("- match_gpu_types: {a: b}", 20, "must be a list"),
}


@pytest.mark.parametrize(("entry", "column", "cause"), UNMATCHABLE.values(), ids=UNMATCHABLE)
def test_an_entry_that_might_match_anything_is_ignored(entry, column, cause):
    snapshot = read(f"deployment_templates:\n{entry}\n- match_runtimes: [good]\n  container_template: {{image: x}}\n")
    [problem] = snapshot.problems
    assert (problem.code, problem.line, problem.column) == ("wrong-type", 2, column)
    assert cause in problem.cause
    assert [one.path for one in snapshot.agent_entries] == ["deployment_templates[1]"]


def test_a_name_instead_of_a_list_is_shown_as_a_list():
    [problem] = read("deployment_templates:\n- match_runtimes: vllm").problems
    assert problem.remedy == "write [vllm]"


UNKNOWN = {
    "at the top": ("clustername: a\n" + HOLDING, "clustername", 1, 1, 'did you mean "cluster_name"?'),
    "in an entry": (
        HOLDING + "  match_gpu_type: [a]",
        "deployment_templates[0].match_gpu_type",
        4,
        3,
        "match_gpu_types",
    ),
    "args beside container_template": (
        HOLDING + "  args: []",
        "deployment_templates[0].args",
        4,
        3,
        "container_template",
    ),
    "in an image": (
        HOLDING + "- image: {repository: a, tags: b}",
        "deployment_templates[1].image.tags",
        4,
        26,
        'did you mean "tag"?',
    ),
    "an overlay beside container_template": (
        HOLDING + "  leader: {args: []}",
        "deployment_templates[0].leader",
        4,
        3,
        "move it to container_template or pod_template",
    ),
    "a registry beside the image": (
        HOLDING + "- container_template: {registry: a}",
        "deployment_templates[1].container_template.registry",
        4,
        24,
        "move it to image",
    ),
}


@pytest.mark.parametrize(("text", "path", "line", "column", "remedy"), UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_key_is_a_finding_with_a_suggestion(text, path, line, column, remedy):
    snapshot = read(text)
    problem = next(problem for problem in snapshot.problems if problem.code == "unknown-key")
    assert (problem.severity, problem.path, problem.line, problem.column) == ("warning", path, line, column)
    assert remedy in problem.remedy
    assert all(entry.broken is None for entry in snapshot.agent_entries)


def test_a_container_field_that_a_newer_api_server_may_have_is_kept():
    snapshot = read("deployment_templates: [{container_template: {future: {a: 1}, tag: x, command: [x], args: [z]}}]")
    [agent_entry] = snapshot.agent_entries
    assert (agent_entry.common.container, agent_entry.args["lone"]) == ({"future": {"a": 1}}, ("z",))
    assert [(problem.cause, problem.remedy.partition(":")[0]) for problem in snapshot.problems] == [
        ('unknown field "future": it is passed on as written', "known"),
        ('the key "tag" does not belong here, so it is ignored', "move it to image"),
        (
            'the key "command" does not belong here, so it is ignored',
            "move it to containerTemplate of the runtime template, as commandTemplate",
        ),
    ]


def test_a_cluster_name_that_is_not_a_string_leaves_the_entries_usable():
    before = read("cluster_name: one\n" + HOLDING)
    after = catalog.build([catalog.Document("agent", "a.yaml", "cluster_name: 2\n" + HOLDING)], before)
    assert [(problem.path, problem.remedy) for problem in after.problems] == [("cluster_name", 'quote it: "2"')]
    assert after.cluster_name == "one"
    assert after.agent_entries == before.agent_entries


def gpu(content):
    return catalog.build([catalog.Document("gpu-configs", "g.yaml", content)], None)


BUILT_IN = [
    ("nvidia-gpu", "nvidia.com/gpu"),
    ("nvidia-gpu", "nvidia.com/mig-*"),
    ("nvidia-vgpu", "nvidia.com/vgpu"),
    ("metax-gpu", "metax-tech.com/gpu"),
    ("ascend-gpu-910", "huawei.com/Ascend910"),
]
ROW = "gpu_type: h100\n  other: 1\n  gpu_resource_template_config: {gpu_per_node: {key: nvidia.com/gpu, x: 1}}\n"


def rows(snapshot):
    return [(row.name, row.resource) for row in snapshot.gpu_types]


def test_the_gpu_table_comes_before_the_built_in_rows():
    snapshot = gpu(f"gpu_configs:\n- {ROW}")
    assert snapshot.problems == ()
    assert rows(snapshot) == [("h100", "nvidia.com/gpu"), *BUILT_IN]


def test_the_gpu_table_is_read_from_a_manifest():
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hydra-gpu-configs}\ndata:\n  gpu-configs.yaml: |\n"
    snapshot = gpu(text + textwrap.indent(f"gpu_configs:\n- {ROW}", "    "))
    assert snapshot.problems == ()
    assert rows(snapshot)[0] == ("h100", "nvidia.com/gpu")


GPU_PROBLEMS = {
    "a row that is a word": ("gpu_configs: [a]", "wrong-type", 1, 15),
    "no type": ("gpu_configs:\n- gpu_resource_template_config: {gpu_per_node: {key: a.b/c}}", "missing-key", 2, 3),
    "no resource": ("gpu_configs:\n- gpu_type: a", "missing-key", 2, 3),
    "no key": ("gpu_configs:\n- gpu_type: a\n  gpu_resource_template_config: {gpu_per_node: {}}", "missing-key", 3, 48),
    "a key that is a number": (
        "gpu_configs:\n- gpu_type: a\n  gpu_resource_template_config: {gpu_per_node: {key: 1}}",
        "wrong-type",
        3,
        54,
    ),
    "no table": ("a: 1", "missing-key", 1, 1),
    "a table that is a map": ("gpu_configs: {}", "wrong-type", 1, 14),
}


@pytest.mark.parametrize(("text", "code", "line", "column"), GPU_PROBLEMS.values(), ids=GPU_PROBLEMS)
def test_a_bad_gpu_row_is_skipped(text, code, line, column):
    snapshot = gpu(text)
    [problem] = snapshot.problems
    assert (problem.severity, problem.code, problem.line, problem.column) == ("error", code, line, column)
    assert rows(snapshot) == BUILT_IN


def test_a_bad_gpu_row_keeps_its_last_good_version():
    before = gpu(f"gpu_configs:\n- {ROW}")
    bad = catalog.Document("gpu-configs", "g.yaml", "gpu_configs:\n- gpu_type: h100\n- gpu_type: new\n")
    assert rows(catalog.build([bad], before)) == [("h100", "nvidia.com/gpu"), *BUILT_IN]
    gone = catalog.Document("gpu-configs", "g.yaml", "gpu_configs: []")
    assert rows(catalog.build([gone], before)) == BUILT_IN


def test_a_data_key_that_only_mentions_the_list_is_ignored():
    snapshot = read(data(("notes", "see: deployment_templates: x\n"), ("config.yaml", HOLDING)))
    assert [(problem.severity, problem.code) for problem in snapshot.problems] == [("warning", "unread-data-key")]
    assert len(snapshot.agent_entries) == 1
