"""``plan``: the table and the differences as people see them, the same as JSON and Markdown, and its exit status."""

import json
import re
import sys

import pytest
import yaml

from tests import fleet
from tests.cli import cluster_api
from tests.cli.stored_workloads import NEW, OLD, TEMPLATES, Cluster, in_team_a, workloads
from tests.cluster.apiserver import kubeconfig
from tests.whatif import stored
from webhook.cli import comment

BROKEN = """\
templates:
- runtime: vllm-cpu
  podTemplate: 3
- runtime: other
  podTemplate: {containerTemplate: {argsTemplate: [--x]}}
"""


@pytest.fixture
def files(tmp_path):
    """Options that name an old and a new configuration, by what they name."""
    texts = {
        "templates": TEMPLATES,
        "agent": f"deployment_templates: [{{container_template: {{image: '{OLD}'}}}}]",
        "new-agent": f"deployment_templates: [{{container_template: {{image: '{NEW}'}}}}]",
        "broken": BROKEN,
        "without": "templates: [{runtime: other}]",
        "no-yaml": "templates: [",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return {name: tmp_path / f"{name}.yaml" for name in texts}


@pytest.fixture
def before(files):
    return ["--from-templates", files["templates"], "--from-agent", files["agent"]]


@pytest.fixture
def plan(run, tmp_path, before):
    """Run ``plan`` on objects in a file."""

    def plan(*values, options=()):
        file = tmp_path / "objects.yaml"
        file.write_text(yaml.safe_dump_all(json.loads(json.dumps(values))))
        return run("plan", "-f", file, *before, *options)

    return plan


SHOWN = """\
RUNTIME   CHANGED  STILL DENIED  UNAFFECTED
other           -             1           -
vllm-cpu       10             -           1
total          10             1           1

8 changed: default lws/deepseek-r1, default lws/fleet, default lws/hot and 5 more
  leader and worker:
    /spec/containers/name=main/image
      - r.example/vllm:v1
      + r.example/vllm:v2

2 changed: default cj/nightly, default deploy/chat
  /spec/containers/name=main/image
    - r.example/vllm:v1
    + r.example/vllm:v2

1 still denied: team-b lws/gone
  leaderTemplate: label hydra.io/runtime: there is no runtime "other"; known: vllm-cpu [unknown-runtime]

1 unaffected: default pod/alone

"""
GROUPS = """\
LeaderWorkerSets: only new ones get this; running ones keep theirs until they are refreshed (hydra-webhook refresh) or rendered again.
"""
PODS = """\
CronJobs, Deployments: pods that are created from now on get this, also those that replace others; running ones keep what they have.
"""
ALONE = "Pods: those without a controller keep what they have.\n"


def test_people_see_a_table_and_below_it_what_changes_once_for_all_that_are_alike(plan, files):
    result = plan(*workloads(), options=["--agent", files["new-agent"]])

    assert result.out == SHOWN + GROUPS + PODS + ALONE
    assert result.err == "12 workloads: 10 changed, 1 still denied, 1 unaffected\n"
    assert result.status == 1


def test_a_terminal_gets_the_same_lines_whole(plan, files, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")

    result = plan(*workloads(), options=["--agent", files["new-agent"]])

    assert result.out == SHOWN + GROUPS + PODS + ALONE


def test_nothing_that_changes_is_success(plan, files):
    result = plan(stored.lws(fleet.state()), options=["--agent", files["agent"]])

    assert (result.status, result.err) == (0, "1 workload: 1 unchanged\n")
    assert result.out == "RUNTIME   UNCHANGED\nvllm-cpu          1\n"


def test_no_workloads_are_success_too(plan, files):
    result = plan(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}, options=["--agent", files["agent"]]
    )

    assert (result.status, result.out) == (0, "")
    assert "ConfigMap default/x: it is left as it is" in result.err
    assert result.err.endswith("\n0 workloads\n")


def test_a_denial_is_shown_in_the_words_of_admission(plan, files, run, tmp_path):
    result = plan(fleet.file(stored.ASKED), options=["--templates", files["without"]])
    rendered = run("render", tmp_path / "objects.yaml", "--templates", files["without"], "--agent", files["agent"])

    message = 'leaderTemplate: label hydra.io/runtime: there is no runtime "vllm-cpu"; known: other [unknown-runtime]'
    assert f"1 newly denied: default lws/fleet\n  {message}\n" in result.out
    assert message in rendered.err
    assert result.status == 1


def test_one_that_is_no_longer_denied_shows_why_it_was(plan, files):
    result = plan(stored.lws(fleet.state(), runtime="other"), options=["--templates", files["broken"]])

    assert (
        '1 no longer denied: default lws/fleet\n  was: leaderTemplate: label hydra.io/runtime: there is no runtime "other"'
        in result.out
    )


# Errors of the new configuration


def test_errors_of_the_new_configuration_come_first_and_what_has_one_keeps_its_old_version(plan, files):
    result = plan(stored.lws(fleet.state()), options=["--templates", files["broken"]])

    assert result.err.splitlines() == [
        f"{files['broken']}:3:16: templates[0].podTemplate: must be a map, found the number 3; write its keys below it, indented",
        "1 error in the new configuration: what has an error is planned with its old version, if there is one",
        "1 workload: 1 unchanged",
    ]
    assert result.status == 2


def test_a_new_configuration_that_cannot_be_read_changes_nothing_and_is_an_error(plan, files):
    result = plan(stored.lws(fleet.state()), options=["--templates", files["no-yaml"], "-o", "json"])

    found = json.loads(result.out)
    assert found["summary"] == {"unchanged": 1}
    assert [one["code"] for one in found["problems"]] == ["yaml-syntax"]
    assert result.status == 2


def test_a_broken_entry_without_an_old_version_denies(run, files, tmp_path):
    file = tmp_path / "objects.json"
    file.write_text(json.dumps(fleet.file(stored.ASKED)))

    result = run("plan", "-f", file, "--from-templates", files["without"], "--templates", files["broken"], "-o", "json")

    assert json.loads(result.out)["outcomes"][0]["after"]["code"] == "broken-runtime"


def test_errors_of_the_old_configuration_are_reported_too(run, files, tmp_path):
    file = tmp_path / "objects.json"
    file.write_text(json.dumps(fleet.file(stored.ASKED)))

    result = run("plan", "-f", file, "--from-templates", files["broken"], "--templates", files["templates"])

    assert "must be a map" in result.err
    assert "in the new configuration" not in result.err
    assert result.status == 1


def test_what_is_compared_with_the_built_in_configuration_is_said(run, files, tmp_path):
    file = tmp_path / "objects.json"
    file.write_text(json.dumps(fleet.file(stored.ASKED)))
    new = ["--templates", files["templates"], "--agent", files["new-agent"]]

    said = [
        f"the {what} configuration is compared with the built-in one: name the old one with --from-{option}, or with --context a "
        "cluster that uses it"
        for what, option in (("runtime template", "templates"), ("agent", "agent"))
    ]
    assert run("plan", "-f", file, *new).err.splitlines()[:-1] == said
    assert run("plan", "-f", file, *new, "--from-agent", files["agent"]).err.splitlines()[:-1] == said[:1]
    only = run("plan", "-f", file, "--agent", files["new-agent"], "--from-agent", files["agent"])
    assert len(only.err.splitlines()) == 1


# JSON


def test_json_has_the_numbers_and_the_outcomes(plan, files):
    result = plan(*workloads(), options=["--agent", files["new-agent"], "-o", "json"])

    found = json.loads(result.out)
    assert found["webhook"] == ""
    assert found["problems"] == []
    assert found["summary"] == {"changed": 10, "still-denied": 1, "unaffected": 1}
    assert found["runtimes"] == {"other": {"still-denied": 1}, "vllm-cpu": {"changed": 10, "unaffected": 1}}
    groups, pods, denied, alone = found["outcomes"]
    change = {"path": "/spec/containers/name=main/image", "removed": [OLD], "added": [NEW], "unit": "value"}
    assert groups["changes"] == {"leaderTemplate": [change], "workerTemplate": [change]}
    assert pods["changes"] == {"template": [change]}
    assert pods["workloads"][1] == {
        "namespace": "default", "kind": "Deployment", "name": "chat", "runtimes": ["vllm-cpu"], "scope": "new-pods",
        "revisions_before": ["164131e0e126d6fc"], "revisions_after": ["cb570a46652d36ca"],
    }  # fmt: skip
    assert denied["before"] == denied["after"]
    assert alone["workloads"][0]["scope"] == "nothing"
    assert result.status == 1


# Markdown

MARKDOWN = """\
### Plan: 10 of 12 workloads change

| runtime | changed | still denied | unaffected |
|---|--:|--:|--:|
| `other` |  | 1 |  |
| `vllm-cpu` | 10 |  | 1 |
| **total** | 10 | 1 | 1 |

<details>
<summary><b>8 changed</b>: <code>default lws/deepseek-r1, default lws/fleet, default lws/hot and 5 more</code></summary>

`default lws/deepseek-r1`, `default lws/fleet`, `default lws/hot`, `default lws/qwen3-235b`, `default lws/same-0`, `default lws/same-1`, `default lws/same-2`, `default lws/same-3`

leader and worker:

```diff
  /spec/containers/name=main/image
- r.example/vllm:v1
+ r.example/vllm:v2
```

</details>

<details>
<summary><b>2 changed</b>: <code>default cj/nightly, default deploy/chat</code></summary>

`default cj/nightly`, `default deploy/chat`

```diff
  /spec/containers/name=main/image
- r.example/vllm:v1
+ r.example/vllm:v2
```

</details>

<details>
<summary><b>1 still denied</b>: <code>team-b lws/gone</code></summary>

```
leaderTemplate: label hydra.io/runtime: there is no runtime "other"; known: vllm-cpu [unknown-runtime]
```

</details>

<b>1 unaffected</b>: <code>default pod/alone</code>

"""


def test_markdown_is_a_comment_with_details_to_unfold(plan, files):
    result = plan(*workloads(), options=["--agent", files["new-agent"], "-o", "markdown"])

    assert result.out == f"{MARKDOWN}{GROUPS}\n{PODS}\n{ALONE}"
    assert result.status == 1


def test_markdown_begins_with_the_errors(plan, files):
    result = plan(stored.lws(fleet.state()), options=["--templates", files["broken"], "-o", "markdown"])

    assert result.out.startswith(
        "### Plan: nothing changes\n\n"
        "**1 error in the new configuration: what has an error is planned with its old version, if there is one.**\n\n"
        f"- `{files['broken']}:3:16: templates[0].podTemplate: must be a map, found the number 3; write its keys below it, indented`\n\n| runtime "
    )
    assert result.status == 2


def test_a_long_comment_is_bounded_and_counts_the_rest(plan, files):
    values = []
    for number in range(600):
        value = fleet.file({**stored.ASKED, "runtime": f"runtime-{number}"})
        value["metadata"]["name"] = f"workload-{number:03}"
        values.append(value)

    result = plan(*values, options=["--agent", files["new-agent"], "-o", "markdown"])

    assert 50_000 < len(result.out) <= comment.LIMIT
    assert "| and 550 more |" in result.out
    (rest,) = re.findall(
        r"^(\d+) more outcomes of \1 workloads: not shown, for lack of room$", result.out, re.MULTILINE
    )
    assert int(rest) + result.out.count("<details>") == 600
    assert result.out.count("<details>") == result.out.count("</details>")


def test_names_and_values_stay_text_in_markdown(plan, files, tmp_path):
    value = fleet.file({**stored.ASKED, "args": ["```", "````\n</details> @all"], "runtime": "a|b"})
    value["metadata"]["name"] = "<b>`@all`</b>"
    value["metadata"]["namespace"] = "n|s"
    changed = fleet.file(stored.ASKED)
    (tmp_path / "ticks.yaml").write_text("deployment_templates: [{container_template: {image: 'a/```b````:1'}}]")

    result = plan(value, changed, options=["--agent", tmp_path / "ticks.yaml", "-o", "markdown"])

    assert "<code>n|s lws/&lt;b&gt;`@all`&lt;/b&gt;</code>" in result.out
    assert "| `a\\|b` |" in result.out
    assert "`````diff\n" in result.out
    assert result.out.count("`````") == 2


# What is asked for


def test_names_select_workloads(plan, files):
    result = plan(*workloads(), options=["--agent", files["new-agent"], "lws/hot", "deploy/chat", "-o", "json"])

    assert json.loads(result.out)["summary"] == {"changed": 2}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lws/absent", "there is no LeaderWorkerSet default/absent with label hydra.io/runtime"),
        (
            "rs/chat-1",
            "there is no ReplicaSet default/chat-1 with label hydra.io/runtime, or it is part of another workload",
        ),
        ("hot", "unknown kind"),
    ],
)
def test_a_name_of_nothing_is_an_error(plan, files, name, message):
    result = plan(*workloads(), options=["--agent", files["new-agent"], name])

    assert (result.status, result.out) == (2, "")
    assert message in result.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "name the new configuration"),
        (["-A", "lws/x", "--agent", "FILE"], "cannot be combined with names"),
        (["--model-path", "/models", "--agent", "FILE"], "where a cluster is asked, settings are those of its webhook"),
    ],
)
def test_options_that_contradict_each_other_are_an_error(run, files, options, message):
    result = run("plan", *(files["agent"] if option == "FILE" else option for option in options))

    assert (result.status, result.out) == (2, "")
    assert message in " ".join(result.err.split())


def test_without_a_new_configuration_nothing_changes_and_that_is_said(plan):
    result = plan(stored.lws(fleet.state()))

    assert (result.status, result.err.splitlines()[0]) == (0, "no new configuration is named: it is the same as before")


def test_settings_are_those_of_both_sides(run, files, tmp_path):
    file = tmp_path / "path.yaml"
    file.write_text(
        "templates: [{runtime: vllm-cpu, podTemplate: {containerTemplate: {argsTemplate: ['{{ .MODEL_PATH }}']}}}]"
    )
    (tmp_path / "objects.json").write_text(json.dumps(fleet.file(stored.ASKED)))

    result = run(
        "plan", "-f", tmp_path / "objects.json", "--from-agent", files["agent"], "--from-templates", files["templates"],
        "--templates", file, "--model-path", "/from/settings",
    )  # fmt: skip

    assert "+ /from/settings" in result.out


def test_progress_is_shown_on_a_terminal_only_and_disappears(plan, files, monkeypatch):
    options = ["--agent", files["new-agent"], "-o", "json"]
    assert "\r" not in plan(*workloads(), options=options).err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)

    result = plan(*workloads(), options=options)

    assert result.err == f"\r\r1 objects ...\r{' ' * len('1 objects ...')}\r"


# Clusters


def test_a_cluster_is_planned_for_by_its_own_configuration_and_only_workloads_are_read(run, open_clusters, files):
    cluster = Cluster("east", in_team_a(workloads()), fleet.state(image=OLD))
    open_clusters(cluster)

    result = run("plan", "--agent", files["new-agent"], "-o", "json")

    kinds = [
        (kind, "team-a", "") for kind in ("LeaderWorkerSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
    ]
    bare = ("Pod", "team-a", "hydra.io/runtime,!leaderworkerset.sigs.k8s.io/name")
    assert cluster.asked == [*kinds, bare]
    found = json.loads(result.out)
    assert found["summary"] == {"changed": 11, "unaffected": 1}
    assert found["webhook"] == "9.9.9"
    assert result.status == 1


def test_objects_in_files_can_be_planned_for_by_a_cluster(run, tmp_path, open_clusters, files):
    file = tmp_path / "lws.json"
    file.write_text(json.dumps(fleet.file(stored.ASKED)))
    cluster = Cluster("east", [], fleet.state(image=OLD))
    open_clusters(cluster)

    result = run("plan", "-f", file, "--context", "east", "--agent", files["new-agent"], "-o", "json")

    assert json.loads(result.out)["outcomes"][0]["workloads"][0]["namespace"] == "team-a"
    assert (result.status, cluster.asked) == (1, [])


def test_files_for_the_old_side_are_used_in_place_of_the_clusters_and_how_they_differ_is_reported(
    run, open_clusters, files, before
):  # fmt: skip
    cluster = Cluster("east", in_team_a([stored.lws(fleet.state())]), fleet.state(image=NEW))
    open_clusters(cluster)

    result = run("plan", *before, "--agent", files["new-agent"], "--model-path", "/models")

    assert result.status == 1
    assert len(cluster.differences) == 1


def test_who_may_not_read_the_state_is_told_the_files_to_name(run, files, tmp_path):
    with cluster_api.serving(cluster_api.ClusterApi()) as api:
        api.forbidden.add("/api/v1/namespaces/hydra-system/configmaps/hydra-webhook-state")
        result = run("plan", "--kubeconfig", kubeconfig(tmp_path, api.url), "--agent", files["new-agent"])

    assert (result.status, result.out) == (2, "")
    assert "or name files with --from-templates, --from-agent and --from-gpu-configs" in result.err
