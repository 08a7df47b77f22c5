"""``lint`` with files, folders and standard input, whose kind is found by their content."""

import json
import os

import pytest

TEMPLATES = "templates:\n- runtime: a\n  podTemplate: {priorityClassName: high}\n"
AGENT = "deployment_templates:\n- match_runtimes: [b]\n  container_template: {image: i}\n"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A function that writes files below a folder, which becomes the working directory."""
    monkeypatch.chdir(tmp_path)

    def tree(**files):
        for name, text in files.items():
            file = tmp_path / name.replace("__", "/").replace("_yaml", ".yaml").replace("_json", ".json")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    return tree


def found(result):
    return [(one["source"], one["code"]) for one in json.loads(result.out)]


def test_files_are_recognised_and_compared(run, tree):
    tree(one_yaml=TEMPLATES, two_yaml=AGENT)

    assert found(run("lint", "two.yaml", "one.yaml", "-o", "json")) == [
        ("two.yaml", "no-template"),
        ("one.yaml", "no-agent-entry"),
        ("one.yaml", "late-field"),
    ]


def test_a_folder_is_searched_at_every_depth(run, tree):
    tree(a__b__one_yaml=TEMPLATES, a__two_json='{"gpu_configs": 1}', a__readme="templates:", _hidden__x_yaml=TEMPLATES)
    (result) = run("lint", "a", "-o", "json")

    assert found(result) == [("a/two.json", "wrong-type"), ("a/b/one.yaml", "late-field")]
    assert result.status == 1


def test_a_hidden_folder_is_left_out_but_can_be_named(run, tree, tmp_path):
    tree(x_yaml=AGENT)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "t.yaml").write_text(TEMPLATES)

    assert found(run("lint", ".", "-o", "json")) == []
    assert found(run("lint", ".git", "-o", "json")) == [(".git/t.yaml", "late-field")]


def test_a_file_that_is_named_twice_is_checked_once(run, tree):
    tree(a__one_yaml=TEMPLATES)

    assert found(run("lint", "a", "a/one.yaml", "./a/one.yaml", "-o", "json")) == [("a/one.yaml", "late-field")]


def test_standard_input(run):
    result = run("lint", "-", stdin=TEMPLATES)

    assert result.out.startswith("standard input:3:17: templates[0].podTemplate.priorityClassName: ")
    assert result.status == 1


def test_options_and_paths_are_checked_together(run, tree):
    tree(one_yaml=TEMPLATES, two_yaml=AGENT)

    assert ("two.yaml", "no-template") in found(run("lint", "--templates", "one.yaml", "two.yaml", "-o", "json"))


def test_invalid_yaml_is_a_finding(run, tree):
    tree(one_yaml="deployment_templates:\n- match_runtimes: [a\n")
    result = run("lint", "one.yaml", "-o", "json")

    assert found(result) == [("one.yaml", "yaml-syntax")]


OTHER = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}}"


def one_line(text):
    return " ".join(text.split())


def test_a_file_that_is_something_else_is_an_error(run, tree):
    tree(one_yaml=OTHER)
    result = run("lint", "one.yaml")

    assert (result.status, result.out) == (2, "")
    assert 'one.yaml: cannot tell which configuration this is: it is a Deployment named "web"' in one_line(result.err)
    assert "name it with --templates, --agent or --gpu-configs" in one_line(result.err)


def test_in_a_folder_it_is_skipped_and_counted(run, tree):
    tree(a__one_yaml=OTHER, a__two_yaml=AGENT)
    result = run("lint", "a")

    assert (result.status, result.out) == (0, "")
    assert result.err == "skipped 1 file without a configuration: a/one.yaml\nno findings\n"


def test_many_skipped_files_are_only_counted(run, tree):
    tree(**{f"a__{number}_yaml": OTHER for number in range(5)}, a__x_yaml=AGENT)

    assert run("lint", "a").err == (
        "skipped 5 files without a configuration: a/0.yaml, a/1.yaml, a/2.yaml and 2 more\nno findings\n"
    )


def test_in_a_folder_what_is_too_large_or_no_file_is_not_looked_at(run, tree, tmp_path):
    tree(a__x_yaml=AGENT)
    with (tmp_path / "a" / "large.json").open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    os.mkfifo(tmp_path / "a" / "pipe.yaml")
    (tmp_path / "a" / "nowhere.yaml").symlink_to("absent")

    assert run("lint", "a").err == "no findings\n"


def test_a_named_file_can_be_skipped_too(run, tree):
    tree(one_yaml=OTHER, two_yaml=TEMPLATES)
    result = run("lint", "--skip-others", "one.yaml", "two.yaml")
    alone = run("lint", "--skip-others", "one.yaml")

    assert result.status == 1
    assert result.err.startswith("skipped 1 file without a configuration: one.yaml\n")
    assert (alone.status, alone.out) == (0, "")


def test_a_folder_without_any_configuration_is_an_error(run, tree):
    tree(a__one_yaml=OTHER)
    result = run("lint", "a")

    assert result.status == 2
    assert "no configuration below a: a configuration has templates" in one_line(result.err)


def test_a_path_that_does_not_exist_is_an_error(run, tree):
    result = run("lint", "nowhere.yaml")

    assert result.status == 2
    assert "cannot read nowhere.yaml: No such file or directory" in one_line(result.err)


def test_two_configurations_in_one_document_are_an_error(run, tree):
    tree(one_yaml=TEMPLATES + AGENT)
    result = run("lint", "one.yaml")

    assert result.status == 2
    assert "one.yaml: holds templates and deployment_templates" in one_line(result.err)


def test_agent_entries_of_several_clusters_are_compared_with_the_only_templates(run, tree):
    tree(t_yaml=TEMPLATES, one__a_yaml=AGENT, two__a_yaml=AGENT)

    assert found(run("lint", ".", "-o", "json")).count(("two/a.yaml", "no-template")) == 1


def test_templates_of_several_installations_are_compared_with_the_agent_entries_beside_them(run, tree):
    agent = AGENT.replace("[b]", "[a]")
    tree(one__t_yaml=TEMPLATES, one__a_yaml=agent, two__t_yaml=TEMPLATES, two__a_yaml=AGENT)

    assert found(run("lint", ".", "-o", "json", "--ignore", "late-field")) == [
        ("two/a.yaml", "no-template"),
        ("two/t.yaml", "no-agent-entry"),
    ]


def test_one_file_can_hold_several_config_maps(run, tree):
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata:\n  config.yaml: |\n    %s"
    texts = {"hydra-runtime-template": TEMPLATES, "hydra-agent": AGENT}
    manifests = [manifest % (name, text.replace("\n", "\n    ")) for name, text in texts.items()]
    tree(all_yaml="\n---\n".join([*manifests, OTHER]))

    assert found(run("lint", "all.yaml", "-o", "json")) == [
        ("all.yaml", "no-agent-entry"),
        ("all.yaml", "late-field"),
        ("all.yaml", "no-template"),
    ]
