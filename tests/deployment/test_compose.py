"""docker-compose.yml and the files beside it: well formed, without secrets, and true of the program."""

import re
from pathlib import Path

import pytest

from tests.deployment.compose import COMPOSE, ROOT, Unset, find_faults, list_required, read_file, read_services
from tests.deployment.site import NGINX
from web.config import SETTINGS, Settings
from web.known_secrets import refuse_known_secrets

GIVEN = {
    "HANMARU_SECRET_KEY": "Vn3qk0-8xZr1_LwTc5",
    "POSTGRES_PASSWORD": "h4Kx91vq",
    "REDIS_PASSWORD": "t7Rw2pLd",
    "ELASTIC_PASSWORD": "q9Zc5mBe",
    "HANMARU_DEMO": "yes",
}
EXAMPLE = (ROOT / "deploy/env.example").read_text("utf-8")
ALERTS = read_file(ROOT / "deploy/alerts.yml")


def list_ours():
    return [each for each in read_services(GIVEN, "mock", "observe").values() if each.is_ours]


def test_the_file_is_what_the_format_allows():
    assert find_faults(read_file(COMPOSE)) == []


def test_the_check_of_the_format_finds_a_misspelt_word():
    document = read_file(COMPOSE)
    document["services"]["web-a"]["comand"] = ["hanmaru"]

    assert any("comand" in fault for fault in find_faults(document))


@pytest.mark.parametrize("name", sorted(set(list_required(read_file(COMPOSE)))))
def test_nothing_starts_without_a_secret(name):
    with pytest.raises(Unset, match=f"{name}: make one, see deploy/env.example"):
        read_services({**GIVEN, name: ""})


def test_no_secret_stands_in_any_file():
    texts = {path: path.read_text("utf-8") for path in (COMPOSE, *(ROOT / "deploy").iterdir(), ROOT / "Dockerfile")}
    word = re.compile(r"(?im)^\s*-?\s*([\w.]*(?:PASSWORD|SECRET|_KEY|TOKEN|AUTH)\w*)\s*[:=][ \t]*(?P<value>\S.*)?$")

    shown = [
        f"{path.name}: {found[1]}"
        for path, text in texts.items()
        for found in word.finditer(text)
        if found["value"] and not re.fullmatch(r"\$\{\w+:(\?[^}]*|-)\}", found["value"])
    ]

    assert shown == []
    assert not re.search(r"://[^$\s/]*:[^$\s/]+@", "".join(texts.values()))


def test_the_example_names_what_the_file_asks_for_and_nothing_else():
    asked = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text("utf-8"))) - {"HANMARU_VERSION", "MOCK_SIZE"}
    named = set(re.findall(r"(?m)^(?:# )?([A-Z_]+)=", EXAMPLE)) - {"COMPOSE_PROFILES"}

    assert named == asked


def test_git_ignores_the_file_of_secrets():
    assert ".env" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


def test_every_setting_that_is_given_is_one_of_ours():
    known = {row.name for row in SETTINGS}

    assert {name for each in list_ours() for name in each.environ} - known == set()


def test_the_settings_as_written_are_taken_by_a_server_that_others_reach():
    services = read_services(GIVEN, "mock")

    refuse_known_secrets(Settings.from_environment({**services["web-a"].environ, "HANMARU_DEMO": "no"} | OWN_FEEDS))


OWN_FEEDS = {
    "HANMARU_BUYKOREA_URL": "https://feeds.buykorea.example/buykorea",
    "HANMARU_BUYKOREA_KEY": "own-key-91",
    "HANMARU_GOBIZKOREA_URL": "https://feeds.gobizkorea.example/gobizkorea",
    "HANMARU_GOBIZKOREA_ID": "own-id",
    "HANMARU_GOBIZKOREA_SECRET": "own-word-71",
    "HANMARU_TRADEKOREA_URL": "https://feeds.tradekorea.example/tradekorea",
    "HANMARU_TRADEKOREA_CLIENT_ID": "own-client",
    "HANMARU_TRADEKOREA_CLIENT_SECRET": "own-word-72",
}


def test_every_service_has_a_health_check_but_the_one_that_ends():
    unchecked = [name for name, each in read_services(GIVEN, "mock", "observe").items() if not each.check]

    assert unchecked == ["migrate"]


def test_every_image_of_others_has_a_version():
    others = [each.image for each in read_services(GIVEN, "mock", "observe").values() if not each.is_ours]

    assert [image for image in others if not re.search(r":v?\d+\.\d+|:\d+-\w+$", image)] == []


def test_a_file_that_is_mounted_exists_and_a_volume_that_is_used_is_named():
    document = read_file(COMPOSE)
    used = {each.partition(":")[0] for service in document["services"].values() for each in service.get("volumes", [])}

    assert [each for each in used if each.startswith(".") and not (ROOT / each).is_file()] == []
    assert {each for each in used if not each.startswith(".")} == set(document["volumes"])


def test_the_limit_of_the_proxy_is_three_requests_a_thread():
    from web.commands.serve import THREADS

    text = NGINX.read_text("utf-8")
    webs = {name: each for name, each in read_services(GIVEN).items() if name.startswith("web")}
    limits = dict(re.findall(r"server ([\w-]+):8000 max_conns=(\d+)", text))

    assert limits == {
        name: str(3 * THREADS * int(each.command[each.command.index("--processes") + 1])) for name, each in webs.items()
    }


# Alerts ---------------------------------------------------------------------------------------------------------------


def list_rules():
    return [rule for group in ALERTS["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("rule", list_rules(), ids=lambda rule: rule["alert"])
def test_an_alert_is_about_figures_that_there_are(rule):
    source = (ROOT / "web/metrics.py").read_text("utf-8")
    told = {f"hanmaru_{name}" for name in re.findall(r'"(?:hanmaru_)?([a-z_]+)"', source)}
    told |= {f"{name}_{kind}" for name in told for kind in ("total", "bucket", "set_aside", "up")}
    named = set(re.findall(r"hanmaru_[a-z_]+", rule["expr"]))

    assert named - told == set()
    assert rule["annotations"]["summary"]
    assert rule["labels"]["severity"] in ("page", "ticket")


def test_the_monitor_reads_the_rules_and_asks_every_web_server():
    settings = read_file(ROOT / "deploy/prometheus.yml")
    (job,) = settings["scrape_configs"]
    webs = [name for name in read_services(GIVEN) if name.startswith("web")]

    assert [Path(each).name for each in settings["rule_files"]] == ["alerts.yml"]
    assert job["static_configs"][0]["targets"] == [f"{name}:8000" for name in sorted(webs)]
