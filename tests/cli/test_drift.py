"""``drift``: the table and the differences as people see them, the same as JSON, and its exit status."""

import json
import sys

import pytest
import yaml

from tests import fleet
from tests.cli.stored_workloads import NEW, OLD, TEMPLATES, Cluster, in_team_a, workloads
from tests.whatif import stored


@pytest.fixture
def configuration(tmp_path):
    """Options that name a configuration with the new image; it is that of ``fleet.state``."""
    (tmp_path / "templates.yaml").write_text(TEMPLATES)
    (tmp_path / "agent.yaml").write_text(f"deployment_templates: [{{container_template: {{image: '{NEW}'}}}}]")
    return ["--templates", tmp_path / "templates.yaml", "--agent", tmp_path / "agent.yaml"]


@pytest.fixture
def drift(run, tmp_path, configuration):
    """Run ``drift`` on objects in a file."""

    def drift(*values, options=()):
        file = tmp_path / "objects.yaml"
        file.write_text(yaml.safe_dump_all(json.loads(json.dumps(values))))
        return run("drift", "-f", file, *configuration, *options)

    return drift


SHOWN = """\
NAMESPACE  WORKLOAD         RUNNING        REVISION          VERDICT
default    cj/nightly       no pods        -                 not running
default    deploy/chat      2 pods         164131e0e126d6fc  drifted
                            1 pod          cb570a46652d36ca  current
default    lws/deepseek-r1  2 groups       164131e0e126d6fc  drifted
default    lws/fleet        stored         none              not rendered
default    lws/hot          stored leader  cb570a46652d36ca  current
                            stored worker  cb570a46652d36ca  drifted
default    lws/qwen3-235b   2 groups       cb570a46652d36ca  current
                            1 group        164131e0e126d6fc  rolling out
default    lws/same-0       stored         164131e0e126d6fc  drifted
default    lws/same-1       stored         164131e0e126d6fc  drifted
default    lws/same-2       stored         164131e0e126d6fc  drifted
default    lws/same-3       stored         164131e0e126d6fc  drifted
default    pod/alone        1 pod          cb570a46652d36ca  current
team-b     lws/gone         stored         a57a086deb3eb8fa  denied now

default deploy/chat:
  2 pods: drifted, 164131e0e126d6fc -> cb570a46652d36ca
    /spec/containers/name=main/image
      - r.example/vllm:v1
      + r.example/vllm:v2

default lws/deepseek-r1, default lws/same-0, default lws/same-1 and 2 more:
  stored, leader and worker: drifted, 164131e0e126d6fc -> cb570a46652d36ca
    /spec/containers/name=main/image
      - r.example/vllm:v1
      + r.example/vllm:v2

default lws/hot:
  stored, worker: drifted
    /spec/containers/name=main/image
      - hot:1
      + r.example/vllm:v2
    edited by hand, kept: /spec/containers/name=main/image

default lws/qwen3-235b:
  1 group, leader and worker: rolling out, 164131e0e126d6fc -> cb570a46652d36ca
    /spec/containers/name=main/image
      - r.example/vllm:v1
      + r.example/vllm:v2

default pod/alone:
  1 pod: current
    others have changed it since it was rendered, which cannot be told from what it came with: container istio-proxy

team-b lws/gone:
  stored, leader and worker: denied now
    leaderTemplate: label hydra.io/runtime: there is no runtime "other"; known: vllm-cpu [unknown-runtime]
"""


def test_people_see_a_table_and_below_it_what_a_refresh_would_change_once_for_all_that_are_alike(drift):
    result = drift(*workloads())

    assert result.out == SHOWN
    assert result.err == (
        "12 workloads: 1 denied now, 1 not rendered, 7 drifted, 1 rolling out, 1 current, 1 not running\n"
    )
    assert result.status == 1


def test_a_terminal_gets_the_same_lines_whole(drift, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")

    result = drift(*workloads())

    assert result.out == SHOWN


def test_json_has_a_finding_for_each_workload_and_the_numbers(drift):
    result = drift(*workloads(), options=["-o", "json"])

    found = json.loads(result.out)
    assert found["summary"] == {
        "denied": 1, "not-rendered": 1, "drifted": 7, "rolling-out": 1, "current": 1, "not-running": 1
    }  # fmt: skip
    (files,) = found["clusters"]
    assert (files["context"], files["webhook"]) == ("", "")
    (rolling,) = (one for one in files["workloads"] if one["name"] == "qwen3-235b")
    assert (rolling["verdict"], rolling["drift"], rolling["runtimes"]) == ("rolling-out", True, ["vllm-cpu"])
    assert [(one["groups"], one["template_hash"], one["verdict"]) for one in rolling["running"]] == [
        (2, "h2", "current"),
        (1, "h1", "rolling-out"),
    ]
    (change,) = rolling["running"][1]["judgements"][0]["changes"]
    assert change == {"path": "/spec/containers/name=main/image", "removed": [OLD], "added": [NEW], "unit": "value"}
    assert result.status == 1


def test_nothing_that_has_drifted_is_success(drift):
    result = drift(stored.lws(fleet.state(image=NEW)))

    assert (result.status, result.err) == (0, "1 workload: 1 current\n")


def test_no_workloads_are_success_too(drift):
    result = drift({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}})

    assert (result.status, result.out) == (0, "")
    assert "ConfigMap default/x: it is left as it is" in result.err
    assert result.err.endswith("\n0 workloads\n")


def test_names_select_workloads(drift):
    result = drift(*workloads(), options=["leaderworkerset/hot", "deploy/chat", "-o", "json"])

    assert [one["name"] for one in json.loads(result.out)["clusters"][0]["workloads"]] == ["chat", "hot"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lws/absent", "there is no LeaderWorkerSet default/absent with label hydra.io/runtime"),
        ("rs/chat-1", "there is no ReplicaSet default/chat-1"),
        ("hot", "unknown kind"),
    ],
)
def test_a_name_of_nothing_is_an_error(drift, name, message):
    result = drift(*workloads(), options=[name])

    assert (result.status, result.out) == (2, "")
    assert message in result.err


def test_a_list_from_kubectl_is_read_from_standard_input(run, configuration):
    values = [stored.lws(fleet.state(image=OLD)), stored.lws(fleet.state(image=NEW), "other")]

    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": values})
    result = run("drift", "-f", "-", *configuration, "-n", "team", stdin=text)

    assert result.err == "2 workloads: 1 drifted, 1 current\n"
    assert "team " in result.out


def test_a_folder_is_read_without_those_below_it(run, tmp_path, configuration):
    folder = tmp_path / "workloads"
    (folder / "below").mkdir(parents=True)
    for name in ("a.yaml", "b.yml", "c.json", "d.txt", "below/e.yaml"):
        value = stored.lws(fleet.state(image=NEW), name.partition(".")[0].rpartition("/")[2])
        (folder / name).write_text(json.dumps(value))

    assert run("drift", "-f", folder, *configuration).err == "3 workloads: 3 current\n"


def test_a_folder_without_objects_is_an_error(run, tmp_path, configuration):
    (tmp_path / "empty").mkdir()

    result = run("drift", "-f", tmp_path / "empty", *configuration)

    assert result.status == 2
    assert "holds no files with the suffix .json, .yaml, .yml" in result.err


def test_settings_take_part(run, tmp_path):
    file = tmp_path / "pod.json"
    file.write_text(json.dumps(fleet.file(stored.ASKED)))
    rendered = run("render", file, "-o", "json").out

    built_in = run("drift", "-f", "-", stdin=rendered)
    assert built_in.status == 0
    assert built_in.err.startswith(
        "what is in the files is judged by the built-in configuration: name the right one with --temp"
    )
    result = run("drift", "-f", "-", "--model-path", "/models", stdin=rendered)
    assert result.status == 1
    assert "/models" in result.out


def test_a_cluster_is_asked_for_one_list_of_each_kind_and_for_nothing_else(run, open_clusters):
    cluster = Cluster("east", in_team_a(workloads()), fleet.state(image=NEW))
    open_clusters(cluster)

    result = run("drift", "-o", "json")

    labelled = [("LeaderWorkerSet", "team-a", "hydra.io/runtime"), ("Pod", "team-a", "hydra.io/runtime")]
    others = [
        (kind, "team-a", "") for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob")
    ]
    assert sorted(cluster.asked) == sorted([*labelled, *others])
    found = json.loads(result.out)
    assert found["summary"]["drifted"] == 8
    assert found["clusters"][0]["webhook"] == "9.9.9"
    assert result.status == 1


def test_each_of_several_clusters_is_judged_by_its_own_configuration(run, open_clusters):
    values = in_team_a([stored.lws(fleet.state(image=OLD))])
    open_clusters(Cluster("east", values, fleet.state(image=NEW)), Cluster("west", values, fleet.state(image=OLD)))

    result = run("drift", "--context", "east", "--context", "west")

    assert [line.split() for line in result.out.splitlines()[:3]] == [
        ["CONTEXT", "NAMESPACE", "WORKLOAD", "RUNNING", "REVISION", "VERDICT"],
        ["east", "team-a", "lws/fleet", "stored", "164131e0e126d6fc", "drifted"],
        ["west", "team-a", "lws/fleet", "stored", "164131e0e126d6fc", "current"],
    ]
    assert "east: team-a lws/fleet:" in result.out
    assert result.err == "2 workloads: 1 drifted, 1 current\n"


def test_files_with_a_configuration_judge_a_cluster_and_how_they_differ_is_reported(run, open_clusters, configuration):
    cluster = Cluster("east", in_team_a([stored.lws(fleet.state(image=NEW))]), fleet.state(image=OLD))
    open_clusters(cluster)

    result = run("drift", "lws/fleet", *configuration)

    assert result.status == 0
    assert len(cluster.differences) == 1


def test_objects_in_files_can_be_judged_by_a_cluster(run, tmp_path, open_clusters):
    file = tmp_path / "lws.json"
    file.write_text(json.dumps(stored.lws(fleet.state(image=OLD))))
    cluster = Cluster("east", [], fleet.state(image=NEW))
    open_clusters(cluster)

    result = run("drift", "-f", file, "--context", "east")

    assert (result.status, cluster.asked) == (1, [])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model-path", "/models"], "where a cluster is asked, settings are those of its webhook"),
        (["-A", "lws/x"], "cannot be combined with names"),
    ],
)
def test_options_that_contradict_each_other_are_an_error(run, options, message):
    result = run("drift", *options)

    assert result.status == 2
    assert message in " ".join(result.err.split())
