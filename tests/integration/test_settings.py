"""Claims about the environment: each mistake is named with what to set, and no secret is told."""

import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from sista import environment

ROOT = Path(__file__).resolve().parents[2]
KEY = "k3y-" * 12 + "end-of-the-key"
PRODUCTION = {"SISTA_HTTPS": "1", "SISTA_HOSTS": "sista.example.id", "SISTA_SECRET_KEY": KEY}


def problem(**environ):
    with pytest.raises(ImproperlyConfigured) as found:
        environment.read(environ)
    return str(found.value)


def test_nothing_set_is_the_embedded_default():
    values = environment.read({})
    assert (values["DATABASE_URL"], values["REDIS_URL"], values["S3_BUCKET"]) == ("", "", "")
    assert (values["PORT"], values["SISTA_HTTPS"], values["SISTA_LOG_FORMAT"]) == (8000, False, "line")


def test_an_empty_variable_is_one_that_is_not_set():
    assert environment.read({"SISTA_HTTPS": "", "PORT": " "}) == environment.read({})


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "80a", "PORT=80a is not right: set it to a whole number from 1 to 65535."),
        ("PORT", "65536", "PORT=65536 is not right: set it to a whole number from 1 to 65535."),
        ("SISTA_HTTPS", "maybe", "SISTA_HTTPS=maybe is not right: set it to 1 or 0."),
        ("SISTA_LOG", "loud", "SISTA_LOG=loud is not right: set it to one of DEBUG, INFO, WARNING, ERROR, CRITICAL."),
        ("SISTA_LOG_FORMAT", "xml", "SISTA_LOG_FORMAT=xml is not right: set it to one of line, json."),
        (
            "SISTA_HOSTS",
            "https://sista.example.id",
            "SISTA_HOSTS=https://sista.example.id is not right: set it to host names with commas between, "
            "without https:// and port, e.g. sista.example.id.",
        ),
        (
            "SISTA_ORIGINS",
            "sista.example.id",
            "SISTA_ORIGINS=sista.example.id is not right: set it to origins with commas between, each with its "
            "scheme, e.g. https://sista.example.id.",
        ),
        (
            "SISTA_API_RATE",
            "600",
            "SISTA_API_RATE=600 is not right: set it to a number of requests a time, e.g. 600/min.",
        ),
        (
            "SISTA_PHOTOS_PER_STATION",
            "0",
            "SISTA_PHOTOS_PER_STATION=0 is not right: set it to a whole number from 1 to 10000.",
        ),
        (
            "S3_BUCKET",
            "My Bucket",
            "S3_BUCKET=My Bucket is not right: set it to a bucket's name: 3 to 63 small letters, digits and "
            "hyphens, e.g. sista-photos.",
        ),
        (
            "REDIS_URL",
            "localhost:6379",
            "REDIS_URL is not right: it is not an address: set it to redis://HOST:6379/0 (rediss:// with TLS).",
        ),
        (
            "DATABASE_URL",
            "mysql://u:geheim@db/sista",
            "DATABASE_URL is not right: the database must be PostgreSQL: set it to "
            "postgres://NAME:PASSWORD@HOST:5432/DATABASE.",
        ),
        (
            "DATABASE_URL",
            "postgres://u:geheim@db",
            "DATABASE_URL is not right: it names no database: set it to postgres://NAME:PASSWORD@HOST:5432/DATABASE.",
        ),
        (
            "DATABASE_URL",
            "sqlite:///x.db",
            "DATABASE_URL is not right: SQLite needs no address: leave it out, and set SISTA_DATA to the folder of "
            "the database.",
        ),
        (
            "DATABASE_URL",
            "postgres://u:ge#heim@db/sista",
            "DATABASE_URL is not right: write # ? / @ : and % in the password as %23 %3F %2F %40 %3A %25.",
        ),
        (
            "DATABASE_URL",
            "postgres://u:geheim@db:port/sista",
            "DATABASE_URL is not right: host or port cannot be read: set it to "
            "postgres://NAME:PASSWORD@HOST:5432/DATABASE.",
        ),
        (
            "SISTA_SMS_HEADERS",
            "signature=X-Sign,clock=X-Time",
            "SISTA_SMS_HEADERS=signature=X-Sign,clock=X-Time is not right: set it to some of signature, timestamp, "
            "as signature=…,timestamp=….",
        ),
        (
            "SISTA_SMS_SENDER",
            "gateway",
            "SISTA_SMS_SENDER=gateway is not right: set it to console, http, or the dotted path of a function "
            "of yours.",
        ),
        (
            "SISTA_SMS_SENDER",
            "http",
            "SISTA_SMS_URL is not set: with SISTA_SMS_SENDER=http set it to the address that takes messages, "
            "e.g. https://api.sms-gate.app/3rdparty/v1/messages.",
        ),
    ],
    ids=lambda text: "" if " " in text else text,
)
def test_a_wrong_value_is_named_with_what_to_set(name, value, sentence):
    assert problem(**{name: value}) == sentence


def test_fields_of_a_gateway_are_named_in_one_variable():
    read = environment.read({"SISTA_SMS_FIELDS": "id=msg.no, sender=msg.from,event="})
    assert read["SISTA_SMS_FIELDS"] == {"id": "msg.no", "sender": "msg.from", "event": ""}


def test_all_problems_are_told_at_once():
    lines = problem(PORT="x", SISTA_DEBUG="x").splitlines()
    assert [line.split("=")[0] for line in lines] == ["PORT", "SISTA_DEBUG"]


@pytest.mark.parametrize(
    "environ",
    [
        {"DATABASE_URL": "postgres://u:geheim@db:x/s"},
        {"DATABASE_URL": "mysql://u:geheim@db/s"},
        {"DATABASE_URL": "postgres://u:geheim[@db/s"},
        {"REDIS_URL": "redis://:geheim@host:x/0"},
        {"REDIS_URL": "amqp://:geheim@host"},
        {"SISTA_METRICS_TOKEN": "geheim"},
        {"SISTA_HTTPS": "1", "SISTA_HOSTS": "a.id", "SISTA_SECRET_KEY": "geheim"},
        {"S3_SECRET_KEY": "geheim"},
        {"SISTA_SMS_SECRET": "geheim"},
        {"SISTA_SMS_URL": "https://u:geheim@sms.example.id/"},
    ],
)
def test_no_secret_is_told(environ):
    assert "geheim" not in problem(**environ)


def test_https_asks_for_the_host_names():
    assert problem(SISTA_HTTPS="1").startswith("SISTA_HOSTS is not set: with SISTA_HTTPS=1 set it to the host names")


def test_https_refuses_debug_and_a_short_key():
    lines = problem(**PRODUCTION | {"SISTA_DEBUG": "1", "SISTA_SECRET_KEY": "short"}).splitlines()
    assert [line.split()[0] for line in lines] == ["SISTA_DEBUG=1", "SISTA_SECRET_KEY"]


def test_real_parts_ask_for_a_shared_key_and_for_each_other():
    assert problem(DATABASE_URL="postgres://u@db/s").startswith("SISTA_SECRET_KEY is not set.")
    assert problem(REDIS_URL="redis://r/0").startswith("REDIS_URL is set and DATABASE_URL is not.")


def test_a_photo_store_asks_for_all_its_parts():
    assert problem(S3_ENDPOINT="http://s3:8333").startswith("S3_BUCKET is not set, but S3_ENDPOINT is")
    lines = problem(S3_BUCKET="sista-photos", S3_ENDPOINT="http://s3:8333").splitlines()
    assert [line.split()[0] for line in lines] == ["S3_ACCESS_KEY", "S3_SECRET_KEY"]


def test_a_secret_may_come_from_a_file(tmp_path):
    held = tmp_path / "key"
    held.write_text(KEY + "\n")
    assert environment.read({"SISTA_SECRET_KEY_FILE": str(held)})["SISTA_SECRET_KEY"] == KEY


def test_the_content_of_a_file_is_checked_and_not_told(tmp_path):
    held = tmp_path / "url"
    held.write_text("mysql://u:geheim@db/s")
    told = problem(DATABASE_URL_FILE=str(held))
    assert told.startswith("DATABASE_URL_FILE is not right: the database must be PostgreSQL")
    assert "geheim" not in told


def test_a_missing_or_empty_file_is_named(tmp_path):
    held = tmp_path / "empty"
    assert problem(SISTA_SECRET_KEY_FILE=str(held)) == (
        f"SISTA_SECRET_KEY_FILE={held} cannot be read (No such file or directory): "
        "name a file that holds only the secret."
    )
    held.touch()
    assert problem(SISTA_SECRET_KEY_FILE=str(held)) == (
        f"SISTA_SECRET_KEY_FILE={held} is an empty file: write the secret into it."
    )


def test_a_secret_twice_is_refused():
    assert problem(S3_SECRET_KEY="a", S3_SECRET_KEY_FILE="/b") == (
        "S3_SECRET_KEY and S3_SECRET_KEY_FILE are both set: keep one of them."
    )


def test_an_unknown_variable_is_warned_about_with_the_one_that_was_meant():
    with pytest.warns(RuntimeWarning) as found:
        environment.read({"SISTA_HOST": "sista.example.id"})
    told = str(found[0].message)
    assert told.startswith("SISTA_HOST is not a variable of Sista and does nothing. Did you mean SISTA_HOSTS?")
    assert "SISTA_SECRET_KEY_FILE" in told


def test_known_variables_are_not_warned_about():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        environment.read(PRODUCTION | {"PATH": "/bin", "S3_REGION": "id-1"})


def manage(*arguments, **environ):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_production_passes_the_deployment_check_without_a_word(tmp_path):
    done = manage("check", "--deploy", "--fail-level", "WARNING", SISTA_DATA=str(tmp_path), **PRODUCTION)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "System check identified no issues (1 silenced).\n"


def test_production_keeps_cookies_to_this_host_and_makes_passwords_slow(tmp_path):
    names = "s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.CSRF_COOKIE_SECURE, s.PASSWORD_HASHERS[0]"
    ask = f"from django.conf import settings as s; print({names})"
    done = manage("shell", "-v0", "-c", ask, SISTA_DATA=str(tmp_path), **PRODUCTION)
    slow = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
    assert done.stdout.split() == ["__Host-sessionid", "__Host-csrftoken", "True", slow]


def test_a_wrong_environment_stops_every_command_with_the_sentence_last():
    done = manage("check", PORT="none")
    assert done.returncode != 0
    assert done.stderr.strip().endswith("PORT=none is not right: set it to a whole number from 1 to 65535.")


def test_the_readme_lists_every_variable_and_which_are_secret():
    rows = re.findall(r"^\| *`([A-Z0-9_]+)` *\|(.*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    told = {name: bool(re.search(r"\bsecret *\|", row)) for name, row in rows}
    assert told == {variable.name: variable.secret for variable in environment.VARIABLES}
