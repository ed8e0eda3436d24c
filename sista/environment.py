"""Read the environment once, and say plainly what is wrong with it.

`VARIABLES` is the whole list; the README's table has the same names. Every
problem is found at the start and told at once, each with the variable, what is
wrong and what to set. A secret's value is never part of a message.
"""

from __future__ import annotations

import importlib.util
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

PREFIXES = ("SISTA_", "S3_")
HOST_NAME = re.compile(r"\*|\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\]")
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
KEY_LENGTH = 50
TOKEN_LENGTH = 16
MAKE_A_KEY = 'python3 -c "import secrets; print(secrets.token_urlsafe(50))"'

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Variable:
    """One variable. ``read`` turns its text into the value, or raises ValueError with what to set instead.

    The value of a ``secret`` is never shown, and may come from the file that ``<name>_FILE`` names.
    """

    name: str
    read: Callable[[str], Any]
    default: Any = ""
    secret: bool = False

    @property
    def file_name(self) -> str:
        return f"{self.name}_FILE"


def text(value: str) -> str:
    return value


def flag(value: str) -> bool:
    if value.lower() in ("1", "true", "yes", "on"):
        return True
    if value.lower() in ("0", "false", "no", "off"):
        return False
    raise ValueError("set it to 1 or 0")


def number(lowest: int, highest: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not lowest <= int(value) <= highest:
            raise ValueError(f"set it to a whole number from {lowest} to {highest}")
        return int(value)

    return read


def one_of(*choices: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(f"set it to one of {', '.join(choices)}")
        return value

    return read


def hosts(value: str) -> list[str]:
    names = _listed(value)
    if not all(HOST_NAME.fullmatch(name) for name in names):
        raise ValueError("set it to host names with commas between, without https:// and port, e.g. sista.example.id")
    return names


def origins(value: str) -> list[str]:
    names = _listed(value)
    if not all(re.fullmatch(r"https?://[^/\s]+", name) for name in names):
        raise ValueError("set it to origins with commas between, each with its scheme, e.g. https://sista.example.id")
    return names


def _listed(value: str) -> list[str]:
    return [name.strip() for name in value.split(",") if name.strip()]


def rate(value: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,6}/(s|sec|min|m|h|hour|d|day)", value):
        raise ValueError("set it to a number of requests a time, e.g. 600/min")
    return value


def postgres_url(value: str) -> str:
    example = "set it to postgres://NAME:PASSWORD@HOST:5432/DATABASE"
    if "#" in value:
        raise ValueError("write # ? / @ : and % in the password as %23 %3F %2F %40 %3A %25")
    parts = _url(value, example)
    if parts.scheme.startswith("sqlite"):
        raise ValueError("SQLite needs no address: leave it out, and set SISTA_DATA to the folder of the database")
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError(f"the database must be PostgreSQL: {example}")
    if not re.fullmatch(r"/[^/]+", unquote(parts.path)):
        raise ValueError(f"it names no database: {example}")
    return value


def redis_url(value: str) -> str:
    example = "set it to redis://HOST:6379/0 (rediss:// with TLS)"
    parts = _url(value, example)
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise ValueError(f"the broker must be Redis: {example}")
    if parts.scheme != "unix" and (not parts.hostname or not re.fullmatch(r"/?|/[0-9]+", parts.path)):
        raise ValueError(f"host or database number is wrong: {example}")
    return value


def store_url(value: str) -> str:
    example = "set it to the address of the S3 server, e.g. http://seaweedfs:8333"
    parts = _url(value, example)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ValueError(f"{example} (the bucket goes into S3_BUCKET)")
    return value.rstrip("/")


def _url(value: str, example: str) -> Any:
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018  raises for a port that is no number
    except ValueError:
        # Not urlsplit's own words: they may quote the password.
        raise ValueError(f"host or port cannot be read: {example}") from None
    if not parts.scheme or "://" not in value:
        raise ValueError(f"it is not an address: {example}")
    return parts


def gateway_url(value: str) -> str:
    example = "set it to the address that takes messages, e.g. https://api.sms-gate.app/3rdparty/v1/messages"
    parts = _url(value, example)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise ValueError(f"{example} (user and password have variables of their own)")
    return value


def dsn(value: str) -> str:
    example = "set it to the DSN of the project, e.g. https://KEY@sentry.example.id/1"
    parts = _url(value, example)
    if parts.scheme not in ("http", "https") or not parts.username or not re.fullmatch(r"/(.+/)?[0-9]+", parts.path):
        raise ValueError(example)
    return value


def sender(value: str) -> str:
    if value not in ("console", "http") and not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", value):
        raise ValueError("set it to console, http, or the dotted path of a function of yours")
    return value


def pairs(*names: str) -> Callable[[str], dict[str, str]]:
    """Read "name=value, …" with some of ``names``; the others keep their defaults."""

    def read(value: str) -> dict[str, str]:
        found = dict(part.partition("=")[::2] for part in _listed(value))
        if not set(found) <= set(names) or any("=" not in part for part in _listed(value)):
            raise ValueError(f"set it to some of {', '.join(names)}, as {names[0]}=…,{names[1]}=…")
        return found

    return read


def bucket(value: str) -> str:
    if not BUCKET_NAME.fullmatch(value):
        raise ValueError("set it to a bucket's name: 3 to 63 small letters, digits and hyphens, e.g. sista-photos")
    return value


def token(value: str) -> str:
    if len(value) < TOKEN_LENGTH or not re.fullmatch(r"[!-~]+", value):
        raise ValueError(f"set it to at least {TOKEN_LENGTH} random characters, made e.g. with {MAKE_A_KEY}")
    return value


VARIABLES = (
    # Where things are
    Variable("SISTA_DATA", text),
    Variable("DATABASE_URL", postgres_url, secret=True),
    Variable("REPLICA_URL", postgres_url, secret=True),
    Variable("REDIS_URL", redis_url, secret=True),
    Variable("S3_BUCKET", bucket),
    Variable("S3_ENDPOINT", store_url),
    Variable("S3_REGION", text, "us-east-1"),
    Variable("S3_ACCESS_KEY", text, secret=True),
    Variable("S3_SECRET_KEY", text, secret=True),
    # Who may reach it
    Variable("SISTA_SECRET_KEY", text, secret=True),
    Variable("SISTA_HTTPS", flag, False),
    Variable("SISTA_SECOND_FACTOR", one_of("required", "optional")),
    Variable("SISTA_POOLER", flag, False),
    Variable("SISTA_HOSTS", hosts, ()),
    Variable("SISTA_ORIGINS", origins, ()),
    # How it runs
    Variable("PORT", number(1, 65535), 8000),
    Variable("WEB_CONCURRENCY", number(1, 256), 2),
    Variable("SISTA_API_RATE", rate, "600/min"),
    Variable("SISTA_PHOTOS_PER_STATION", number(1, 10_000), 30),
    Variable("SISTA_ACTIVATION_DAYS", number(1, 90), 14),
    Variable("SISTA_WALL_SECONDS", number(3, 15), 15),
    Variable("SISTA_API_TOKEN_DAYS", number(1, 366), 90),
    Variable("SISTA_EXPORT_DIRECT_ROWS", number(10, 100_000), 5_000),
    Variable("SISTA_RETENTION_MIN_DAYS", number(30, 36_500), 1825),
    # How it is watched
    Variable("SISTA_LOG", one_of("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), "INFO"),
    Variable("SISTA_LOG_FORMAT", one_of("line", "json"), "line"),
    Variable("SISTA_METRICS_TOKEN", token, secret=True),
    Variable("SENTRY_DSN", dsn, secret=True),
    Variable("SISTA_METRICS_PORT", number(1, 65535), None),
    # Messages
    Variable("SISTA_SMS_SECRET", token, secret=True),
    Variable("SISTA_SMS_FIELDS", pairs("sender", "text", "id", "gateway", "event", "time"), {}),
    Variable("SISTA_SMS_HEADERS", pairs("signature", "timestamp"), {}),
    Variable("SISTA_SMS_SENDER", sender, "console"),
    Variable("SISTA_SMS_URL", gateway_url, secret=True),
    Variable("SISTA_SMS_USER", text),
    Variable("SISTA_SMS_PASSWORD", text, secret=True),
    Variable("SISTA_REMINDER_MINUTES", number(1, 1440), 30),
    # Developers
    Variable("SISTA_DEBUG", flag, False),
    Variable("SISTA_TEST", flag, False),
    Variable("SISTA_VENV", text),  # read by ./run
)


def read(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the value of every variable by its name. An empty one is one that is not set.

    Raises `ImproperlyConfigured` with every problem, a line each. Warns about
    names that look like ours and are not known.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for variable in VARIABLES:
        try:
            values[variable.name] = _value(variable, environ)
        except ValueError as error:
            values[variable.name] = variable.default
            problems.append(str(error))
    # Two problems with one cause help nobody: how the parts fit is looked at when each is right.
    problems = problems or list(_misfits(values))
    if problems:
        raise ImproperlyConfigured("\n".join(problems))
    for sentence in unknown(environ):
        warnings.warn(sentence, RuntimeWarning, stacklevel=2)
    return values


def _value(variable: Variable, environ: Mapping[str, str]) -> Any:
    name, given = variable.name, environ.get(variable.name, "").strip()
    path = environ.get(variable.file_name, "").strip() if variable.secret else ""
    if path:
        if given:
            raise ValueError(f"{name} and {variable.file_name} are both set: keep one of them.")
        name, given = variable.file_name, _secret_in(variable.file_name, path)
    if not given:
        return variable.default
    try:
        return variable.read(given)
    except ValueError as error:
        shown = "" if variable.secret else f"={given}"
        raise ValueError(f"{name}{shown} is not right: {error}.") from None


def _secret_in(name: str, path: str) -> str:
    try:
        content = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not a text file"
        raise ValueError(f"{name}={path} cannot be read ({why}): name a file that holds only the secret.") from None
    if not content:
        raise ValueError(f"{name}={path} is an empty file: write the secret into it.")
    return content


def _misfits(values: Values) -> Sequence[str]:
    return [
        *_production_misfits(values),
        *_part_misfits(values),
        *_store_misfits(values),
        *_message_misfits(values),
        *_watching_misfits(values),
    ]


def _production_misfits(values: Values) -> list[str]:
    found = []
    key = values["SISTA_SECRET_KEY"]
    if values["SISTA_HTTPS"]:
        if not values["SISTA_HOSTS"]:
            found.append(
                "SISTA_HOSTS is not set: with SISTA_HTTPS=1 set it to the host names people type, "
                "e.g. SISTA_HOSTS=sista.example.id."
            )
        if values["SISTA_DEBUG"]:
            found.append("SISTA_DEBUG=1 shows settings and figures to anyone: leave it out with SISTA_HTTPS=1.")
        if key and (len(key) < KEY_LENGTH or len(set(key)) < 5):
            found.append(
                f"SISTA_SECRET_KEY is too easy to guess: set it to {KEY_LENGTH} random characters or more, "
                f"e.g. {MAKE_A_KEY}."
            )
    if values["DATABASE_URL"] and not key and not values["SISTA_TEST"]:
        found.append(
            "SISTA_SECRET_KEY is not set. With DATABASE_URL every process must share one key: set it to "
            f"{KEY_LENGTH} random characters, e.g. {MAKE_A_KEY}."
        )
    return found


def _part_misfits(values: Values) -> list[str]:
    if values["REPLICA_URL"] and not values["DATABASE_URL"]:
        return [
            "REPLICA_URL is set and DATABASE_URL is not: set DATABASE_URL to the database that the replica follows, "
            "or leave REPLICA_URL out."
        ]
    if values["REPLICA_URL"] and values["REPLICA_URL"] == values["DATABASE_URL"]:
        return ["REPLICA_URL is the same as DATABASE_URL: set it to the replica, or leave it out."]
    if values["REDIS_URL"] and not values["DATABASE_URL"] and not values["SISTA_TEST"]:
        return [
            "REDIS_URL is set and DATABASE_URL is not. Several processes cannot write one SQLite file: set "
            "DATABASE_URL to a PostgreSQL database too, or leave REDIS_URL out."
        ]
    return []


def _store_misfits(values: Values) -> list[str]:
    given = [name for name in ("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY") if values[name]]
    if not values["S3_BUCKET"]:
        return [f"S3_BUCKET is not set, but {given[0]} is: set it to the bucket for the photos."] if given else []
    found = []
    # Without an address it is Amazon's, where the machine's own role may take the place of the two keys.
    keys = ("S3_ACCESS_KEY", "S3_SECRET_KEY")
    if values["S3_ENDPOINT"] or any(values[name] for name in keys):
        found += [
            f"{name} is not set: with S3_BUCKET set it, or {name}_FILE to a file that holds it."
            for name in keys
            if not values[name]
        ]
    if importlib.util.find_spec("storages") is None or importlib.util.find_spec("boto3") is None:
        found.append("S3_BUCKET needs packages that are not installed: pip install -r requirements-s3.txt.")
    return found


def _message_misfits(values: Values) -> list[str]:
    if values["SISTA_SMS_SENDER"] == "http" and not values["SISTA_SMS_URL"]:
        return [
            "SISTA_SMS_URL is not set: with SISTA_SMS_SENDER=http set it to the address that takes messages, "
            "e.g. https://api.sms-gate.app/3rdparty/v1/messages."
        ]
    return []


def _watching_misfits(values: Values) -> list[str]:
    if values["SENTRY_DSN"] and importlib.util.find_spec("sentry_sdk") is None:
        return ["SENTRY_DSN needs a package that is not installed: pip install -r requirements-sentry.txt."]
    return []


def known_names() -> set[str]:
    """Every variable that is read, the files of secrets included."""
    return {v.name for v in VARIABLES} | {v.file_name for v in VARIABLES if v.secret}


def unknown(environ: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that looks like ours and is not."""
    known = known_names()
    found = []
    for name in sorted(environ):
        if name.startswith(PREFIXES) and name not in known:
            near = get_close_matches(name, known, 1)
            meant = f" Did you mean {near[0]}?" if near else ""
            ours = ", ".join(sorted(one for one in known if one.startswith(PREFIXES)))
            found.append(f"{name} is not a variable of Sista and does nothing.{meant} Known are {ours}.")
    return found
