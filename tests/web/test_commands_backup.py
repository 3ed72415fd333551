"""`hanmaru backup` and `restore`, and what a start refuses."""

import json

from tests.fakes.connector import row


def list_products(run):
    return run("export", "products").output


def test_a_catalogue_is_put_back_with_its_index(run, feeds, tmp_path):
    copy = str(tmp_path / "copy")
    run("sync", "--all")
    before = list_products(run)
    assert run("backup", copy).output.endswith(" bytes, whole.\n")
    feeds["buykorea"].listings = [row(f"b{number:02}", name=f"Winch {number}", updated=2000) for number in range(15)]
    run("sync", "buykorea", "--full")
    assert list_products(run) != before

    restored = run("restore", copy)

    assert restored.exit_code == 0, restored.output
    assert "epoch 2 begins" in restored.output
    assert list_products(run) == before
    assert run("index", "verify").exit_code == 1
    assert run("index", "rebuild").exit_code == 0
    assert run("index", "verify").exit_code == 0
    found = json.loads(run("search", "pump", "--limit", "50", "--json").output)
    assert found["total"] == len(before.splitlines())


def test_a_copy_is_not_written_over_another(run, tmp_path):
    run("backup", str(tmp_path / "copy"))

    again = run("backup", str(tmp_path / "copy"))

    assert (again.exit_code, again.output) == (2, f"hanmaru: {tmp_path / 'copy'} is there already: name a new file\n")


def test_a_server_that_others_can_reach_does_not_start_with_a_known_secret(run, monkeypatch):
    monkeypatch.setenv("HANMARU_HOST", "0.0.0.0")  # noqa: S104
    monkeypatch.setenv("HANMARU_SECRET_KEY", "changeme-changeme")

    for command in ("serve", "worker", "scheduler", "up"):
        refused = run(command)

        assert refused.exit_code == 2
        assert refused.output.startswith("hanmaru: HANMARU_SECRET_KEY holds a secret that everybody knows: ")
        assert refused.output.count("\n") == 1
