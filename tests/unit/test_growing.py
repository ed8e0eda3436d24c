"""Claims about what is brought along for many machines: the profile of the compose file, nginx, the alert rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from sista import environment, metrics
from tests.compose_processes import COMPOSE, GROWN, ROOT, SERVICES

DEPLOY = ROOT / "deploy"
NGINX = (DEPLOY / "nginx.conf").read_text()
RULES = [rule for group in yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
OURS = ("web-many", "photo-worker-many")
#: What PromQL has of its own among the names in our rules.
OPERATORS = {"and", "by", "le", "reason", "method", "route", "status", "job", "why"}


# Compose


def test_the_profile_adds_and_replaces_nothing():
    assert sorted(GROWN) == ["nginx", "pgbouncer", "photo-worker-many", "replica", "web-many"]
    assert set(SERVICES) | set(GROWN) == set(COMPOSE["services"])


@pytest.mark.parametrize("service", GROWN)
def test_each_is_looked_after_and_waits_for_what_is_there(service):
    given = GROWN[service]
    assert given["restart"] == "unless-stopped"
    assert given["healthcheck"]["test"][0] == "CMD"
    assert set(given["depends_on"]) <= set(COMPOSE["services"])
    assert ("build" in given) != bool(re.fullmatch(r"[\w./-]+:v?\d[\w.-]*", given["image"]))


@pytest.mark.parametrize("service", OURS)
def test_every_variable_is_one_that_sista_knows_and_they_fit(service):
    given = GROWN[service]["environment"]
    assert set(given) <= environment.known_names()
    values = dict.fromkeys(given, "") | {
        "DATABASE_URL": given["DATABASE_URL"].replace("${POSTGRES_PASSWORD:?set it in .env}", "p"),
        "REPLICA_URL": given.get("REPLICA_URL", "").replace("${POSTGRES_PASSWORD:?set it in .env}", "p"),
        "SISTA_POOLER": str(given.get("SISTA_POOLER", "")),
        "SISTA_SECRET_KEY": environment.MAKE_A_KEY,
    }
    environment.read(values)


def test_what_goes_through_the_pooler_says_so_and_workers_do_not():
    web, worker = GROWN["web-many"]["environment"], GROWN["photo-worker-many"]["environment"]
    assert "@pgbouncer:" in web["DATABASE_URL"]
    assert (web["SISTA_POOLER"], GROWN["pgbouncer"]["environment"]["POOL_MODE"]) == (1, "transaction")
    assert "@postgres:" in worker["DATABASE_URL"]
    assert [name for name in COMPOSE["services"] if "REPLICA_URL" in _environment(name)] == ["web-many"]


def _environment(name):
    return COMPOSE["services"][name].get("environment") or {}


@pytest.mark.parametrize("service", OURS)
def test_several_of_them_run_and_may_change_nothing(service):
    given = GROWN[service]
    assert given["deploy"]["replicas"] > 1
    assert "ports" not in given
    assert (given["read_only"], given["cap_drop"]) == (True, ["ALL"])


def test_files_that_are_mounted_are_there():
    mounted = [
        volume.partition(":")[0]
        for given in COMPOSE["services"].values()
        for volume in given.get("volumes", [])
        if volume.startswith("./")
    ]
    assert len(mounted) == 3
    assert all((ROOT / path).is_file() for path in mounted)


def test_the_way_in_is_nginx_and_it_goes_where_the_containers_are():
    assert [name for name in GROWN if GROWN[name].get("ports")] == ["nginx"]
    assert re.findall(r"server ([\w-]+):8000", NGINX) == ["web-many"]
    inside = {port.rpartition(":")[2] for port in GROWN["nginx"]["ports"]}
    assert inside == set(re.findall(r"listen (\d+)", NGINX))


# nginx


def test_nginx_takes_a_request_in_whole_and_as_large_as_the_application_does(settings):
    assert NGINX.count("{") == NGINX.count("}")
    assert "proxy_request_buffering on;" in NGINX
    limit = int(re.search(r"client_max_body_size (\d+)m;", NGINX)[1]) * 1024 * 1024
    assert max(settings.PHOTO_MAX_BYTES, settings.IMPORT_MAX_BYTES) < limit


def test_nginx_writes_no_address_down():
    """Activation links and big screens carry their secret in it; at "error" nginx quotes requests too."""
    assert "access_log off;" in NGINX
    assert re.findall(r"error_log \S+ (\w+);", NGINX) == ["crit"]


def test_nginx_believes_nobody_about_the_address():
    assert "X-Forwarded-For $remote_addr;" in NGINX
    assert "proxy_add_x_forwarded_for" not in NGINX
    assert {"X-Forwarded-Proto $scheme;", 'Forwarded "";'} <= set(re.findall(r"proxy_set_header (.+)", NGINX))


def test_nginx_sends_nothing_twice_that_may_have_been_stored():
    tried = re.findall(r"proxy_next_upstream ([\w ]+);", NGINX)
    assert tried == ["error timeout"]  # and not non_idempotent


# Alerts


class _Waiting:
    outbox_rows = photos_waiting = findings_waiting = sms_waiting = 1
    outbox_age = photos_age = findings_age = 1.0


def exposed() -> set[str]:
    metrics.count_request("GET", "x/", 200, 0.1)
    metrics.count_form("x")
    metrics.count_refused("x")
    metrics.count_page_read("replica", "")
    with metrics.timed("drain"):
        pass
    told = metrics.exposition(_Waiting, lambda: 0.5).decode()
    return set(re.findall(r"^(\w+)", told, re.MULTILINE))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_asks_for_what_is_told(rule):
    named = set(re.findall(r"\bsista_\w+", rule["expr"]))
    assert named
    assert named <= exposed()
    assert rule["expr"].count("(") == rule["expr"].count(")")
    assert rule["labels"]["severity"] in ("page", "look")
    assert rule["annotations"]["summary"].endswith((".", "?"))


def test_rules_name_routes_and_reasons_that_exist():
    from django.urls import reverse

    text = " ".join(rule["expr"] for rule in RULES)
    assert {reverse("api-forms").strip("/")} == {route.strip("/") for route in re.findall(r'route="([^"]+)"', text)}
    sources = "".join(path.read_text() for path in Path(ROOT / "tallies").glob("*.py"))
    assert all(f'"{reason}"' in sources for reason in re.findall(r'reason="(\w+)"', text))
    assert set(re.findall(r'why="(\w+)"', text)) == {"failed"}


def test_every_queue_has_an_alert():
    text = " ".join(rule["expr"] for rule in RULES)
    for metric in (
        "outbox_age",
        "photos_age",
        "findings_age",
        "replica_behind",
        "refused",
        "request_seconds",
        '"5..',
    ):
        assert metric in text, metric
