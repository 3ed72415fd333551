"""What servers are made of is genuine and fit, or said to be missing."""

import zipfile

import pytest

from tests.servers import distribution
from tests.servers.distribution import fetch, unpack
from tests.servers.elastic import have_elasticsearch
from tests.servers.java import find_java
from tests.servers.postgres import have_postgres
from tests.servers.redis_server import have_redis
from tests.servers.run import Missing, Run


def make_java(home, *, version, modules="java.base jdk.incubator.vector"):
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "java").touch()
    (home / "release").write_text(f'JAVA_VERSION="{version}"\nMODULES="{modules}"\n', "utf-8")
    return home


def test_the_environments_own_java_comes_first(tmp_path):
    chosen = make_java(tmp_path / "chosen", version="21.0.1")
    other = make_java(tmp_path / "other", version="25")

    assert find_java({"ES_JAVA_HOME": str(chosen), "JAVA_HOME": str(other)}) == chosen


@pytest.mark.parametrize("unfit", [{"version": "17.0.15"}, {"version": "25", "modules": "java.base"}])
def test_an_old_or_a_trimmed_java_is_passed_over(unfit, tmp_path):
    first = make_java(tmp_path / "first", **unfit)
    second = make_java(tmp_path / "second", version="21")

    assert find_java({"ES_JAVA_HOME": str(first), "JAVA_HOME": str(second)}) == second


def test_a_download_of_another_checksum_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(distribution, "_download", put("another archive"))

    with pytest.raises(Missing, match="another checksum"):
        fetch(tmp_path)

    assert not list(tmp_path.glob("*.zip"))


def test_a_damaged_archive_in_the_cache_is_fetched_again(tmp_path, monkeypatch):
    monkeypatch.setattr(distribution, "_download", put("genuine"))
    monkeypatch.setattr(distribution, "is_genuine", lambda archive: archive.read_text("utf-8") == "genuine")
    archive = fetch(tmp_path)
    archive.write_text("damaged", "utf-8")

    assert fetch(tmp_path).read_text("utf-8") == "genuine"


def put(content):
    def download(folder):
        folder.mkdir()
        (folder / f"elasticsearch-{distribution.VERSION}.zip").write_text(content, "utf-8")

    return download


def test_unpacked_programs_can_be_run_and_everything_can_be_read(tmp_path):
    archive = tmp_path / "packed.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name, mode in (("bin/start", 0o755), ("lib/code.jar", 0o600)):
            entry = zipfile.ZipInfo(f"elasticsearch-{distribution.VERSION}/{name}")
            entry.external_attr = mode << 16
            packed.writestr(entry, "")

    home = unpack(archive, tmp_path)

    modes = {path.name: path.stat().st_mode & 0o777 for path in home.rglob("*") if path.is_file()}
    assert modes == {"start": 0o755, "code.jar": 0o644}


def test_a_server_that_the_environment_names_is_used_and_none_is_started(tmp_path):
    run = Run(tmp_path, 0)

    named = [
        have_postgres(run, {"HANMARU_TEST_POSTGRES_URL": "postgresql://u@db.example/x"}).url,
        have_elasticsearch(run, {"HANMARU_TEST_ELASTICSEARCH_URL": "http://es.example:9200"}).url,
        have_redis(run, {"HANMARU_TEST_REDIS_URL": "redis://redis.example/"}).url,
    ]

    assert named == ["postgresql://u@db.example/x", "http://es.example:9200", "redis://redis.example"]
    assert run.notes() == []
