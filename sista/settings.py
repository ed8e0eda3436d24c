"""Settings of Sista: one file, read from the environment.

Nothing set = the embedded default: SQLite and photos under ``SISTA_DATA``,
totals drained by a thread of the one web process. ``DATABASE_URL``,
``REDIS_URL`` and ``S3_BUCKET`` choose the real parts. `sista.environment`
checks every variable and says what to set; the README has the table.
"""

import os
import secrets
import socket
from pathlib import Path
from typing import Any

import environ

from sista import environment

BASE_DIR = Path(__file__).resolve().parent.parent
env = environment.read(os.environ)

DATA_DIR = Path(env["SISTA_DATA"] or BASE_DIR / "var").resolve()
DEBUG = env["SISTA_DEBUG"]
#: True while the tests run: nothing is shared with other processes.
TESTING = env["SISTA_TEST"]
DATABASE_URL = env["DATABASE_URL"]
REDIS_URL = env["REDIS_URL"]


def secret_key() -> str:
    """Read ``SISTA_SECRET_KEY``, or keep one beside the embedded database.

    A key made anew at each start would sign everyone out; with real parts
    several processes must share one, so there it has to be given.
    """
    if env["SISTA_SECRET_KEY"]:
        return env["SISTA_SECRET_KEY"]
    kept = DATA_DIR / "secret-key"
    if not kept.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(50))
    return kept.read_text()


SECRET_KEY = secret_key()
ALLOWED_HOSTS = list(env["SISTA_HOSTS"]) or ["127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = list(env["SISTA_ORIGINS"])
#: True when a proxy in front speaks HTTPS: secure cookies and HSTS.
HTTPS = env["SISTA_HTTPS"]

INSTALLED_APPS = [
    "sista",
    "regions",
    "accounts",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "tallies",
    "analytics",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "axes",
    "csp",
    "simple_history",
]

MIDDLEWARE = [
    "sista.answer_headers.AnswerHeadersMiddleware",
    "sista.health.ProbeMiddleware",
    "sista.request_log.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "sista.outage.OutageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "accounts.middleware.HiddenTokenMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.DeviceSessionMiddleware",
    "accounts.languages.ChosenLanguageMiddleware",
    "accounts.body_limits.BodyLimitMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "accounts.middleware.PrivatePagesMiddleware",
    "accounts.middleware.WhoWasHereMiddleware",
    "accounts.middleware.RefusalRecordMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
    # Last: right round the view.
    "sista.replica.ReplicaMiddleware",
]

ROOT_URLCONF = "sista.urls"
WSGI_APPLICATION = "sista.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "sista.templatetags.formats"],
        },
    }
]

if DATABASE_URL:
    DATABASES: dict[str, Any] = {"default": dict(environ.Env.db_url_config(DATABASE_URL))}
    # A machine that swallows packets must not hold a request, or a probe, for minutes.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
    # Without a kept connection PostgreSQL's share of a form rose from 1.3 to 10.2 ms.
    DATABASES["default"]["CONN_MAX_AGE"] = 600
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A cursor that is left open on the server needs the same connection again; a pooler hands on another.
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = env["SISTA_POOLER"]
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "sista.sqlite3",
            "OPTIONS": {
                # synchronous=NORMAL may lose acknowledged forms at a power cut.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;",
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
            },
        }
    }
#: A copy that follows the database, for pages that only read. See sista.replica.
REPLICA_URL = env["REPLICA_URL"]
if REPLICA_URL:
    DATABASES["replica"] = dict(environ.Env.db_url_config(REPLICA_URL))
    # The primary answers in its place: nobody waits long for it, not even in the middle of a query.
    DATABASES["replica"]["OPTIONS"] = {
        "connect_timeout": 2,
        "tcp_user_timeout": 4000,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 2,
    } | DATABASES["replica"].get("OPTIONS", {})
    DATABASES["replica"] |= {name: DATABASES["default"][name] for name in ("CONN_MAX_AGE", "CONN_HEALTH_CHECKS")}
    DATABASES["replica"]["DISABLE_SERVER_SIDE_CURSORS"] = env["SISTA_POOLER"]
    DATABASES["replica"]["TEST"] = {"MIRROR": "default"}
    DATABASE_ROUTERS = ["sista.replica.ReplicaRouter"]
#: Names of addresses whose GET only shows: no form is taken, no claim made and nothing decided on what they read.
REPLICA_PAGES = frozenset({
    # Results
    "results-home", "region", "station", "arrivals", "arrivals-picture", "work-left", "party-css",
    # Tables as files, made at once; a prepared one belongs to who just asked for it
    "exports", "export",
    # Big screens
    "wall",
    # The archive
    "archive-home", "archive", "archive-form", "archive-recap", "archive-quarantined",
    # How the work goes and went
    "evaluation-home", "evaluation", "evaluation-witnesses", "evaluation-readers", "evaluation-report", "standing",
    # Targets, projection, information
    "targets", "lost-area", "lost-picture", "projection", "projection-picture", "information", "information-picture",
    # Programs that read
    "api-elections", "api-contests", "api-newest", "api-work-left", "api-stations", "api-arrivals", "api-region",
    "api-results",
})  # fmt: skip
#: Apps and models that are never read from the copy: who somebody is, what they may, and what was just revoked.
REPLICA_NEVER = frozenset({
    "accounts", "auth", "admin", "contenttypes", "sessions", "axes", "otp_totp", "otp_static", "tallies.walllink",
})  # fmt: skip
#: See sista.statements.
PREPARE_ON_SERVER = bool(DATABASE_URL) and not TESTING and not env["SISTA_POOLER"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if REDIS_URL:
    CACHES = {"default": {"BACKEND": "sista.cache.ForgivingRedisCache", "LOCATION": REDIS_URL}}
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Sessions stay in the database: a flushed Redis signs nobody out.
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# A browser takes such a cookie from this very host alone: no neighbour in the same domain can plant one.
_OF_THIS_HOST = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_OF_THIS_HOST}sessionid", f"{_OF_THIS_HOST}csrftoken"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "accounts.sessions.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "full_name", "phone")},
    },
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.password_rules.NotTheSameAgain"},
]
# By username, never by address alone: witnesses of a village share one carrier
# address, and the default locks them all out. accounts/signin.py slows an
# address down as a whole.
AXES_LOCKOUT_PARAMETERS = ["username"]
# A browser its owner has used before is counted apart: who knows a name cannot keep its owner out.
AXES_USERNAME_CALLABLE = "accounts.known_browsers.counted_as"
# W006 asks for ip_address in it: see above.
SILENCED_SYSTEM_CHECKS = ["axes.W006"]
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.1  # hours
# Whoever keeps trying while locked waits no longer than the page says.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "accounts/locked.html"
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_DISABLE_ACCESS_LOG = True
AXES_SENSITIVE_PARAMETERS = ["password"]
AXES_IPWARE_PROXY_COUNT = 1 if HTTPS else None

#: "required": a desk is opened by password and code. "optional": by a code where its owner has set one up.
SECOND_FACTOR = env["SISTA_SECOND_FACTOR"] or ("required" if (HTTPS or DATABASE_URL) and not TESTING else "optional")
OTP_TOTP_ISSUER = "Sista"
# accounts/second_factor.py lets wait by itself: once for codes and recovery codes together, and never for hours.
OTP_TOTP_THROTTLE_FACTOR = OTP_STATIC_THROTTLE_FACTOR = 0

#: How long an activation link waits to be opened.
ACTIVATION_DAYS = env["SISTA_ACTIVATION_DAYS"]
#: How old the numbers of a big screen may be: so long all screens of a place share one reading.
WALL_SECONDS = env["SISTA_WALL_SECONDS"]

LANGUAGE_CODE = "id"
LANGUAGES = [("id", "Bahasa Indonesia"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = "Asia/Jakarta"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder", "sista.scripts.JoinedScriptsFinder"]
STATICFILES_FINDERS += ["django.contrib.staticfiles.finders.AppDirectoriesFinder"]
_PHONE = BASE_DIR / "static" / "js" / "phone"
#: What is served: folder, first module, modules left to another script, its name. See sista.scripts.
JOINED_SCRIPTS = {
    "js/phone-queue.js": (_PHONE, "queue", (), ""),
    "js/phone-app.js": (_PHONE, "app", ("store", "net", "queue"), "phone-queue.js"),
    "js/phone-worker.js": (_PHONE, "worker", ("queue",), "phone-queue.js"),
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "photos": {
        "BACKEND": "sista.photo_storage.DurableFileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "photos"},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "sista.static_files.RememberingStaticFilesStorage"
    },
}
STORAGES["exports"] = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {"location": DATA_DIR, "base_url": None, "file_permissions_mode": 0o600, "allow_overwrite": True},
}
if env["S3_BUCKET"]:
    STORAGES["photos"] = {
        "BACKEND": "sista.photo_storage_s3.S3PhotoStorage",
        "OPTIONS": {
            "bucket_name": env["S3_BUCKET"],
            "endpoint_url": env["S3_ENDPOINT"] or None,
            "region_name": env["S3_REGION"],
            "access_key": env["S3_ACCESS_KEY"] or None,
            "secret_key": env["S3_SECRET_KEY"] or None,
        },
    }
    # Web and workers need not share a disk: the files lie beside the photos, in the same private bucket.
    STORAGES["exports"] = STORAGES["photos"] | {"BACKEND": "sista.photo_storage_s3.S3FileStorage"}
# Bodies: a form is under 10 KB; a photo goes through its own limit.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400
PHOTO_MAX_BYTES = 20 * 1024 * 1024
# A file of figures brought in over a page: 48,607 TPS are 2 MB as CSV. Larger ones go through a command.
IMPORT_MAX_BYTES = 20 * 1024 * 1024
# Pieces of a photo; the last one may be smaller.
PHOTO_PIECE_MIN_BYTES, PHOTO_PIECE_MAX_BYTES = 16 * 1024, 64 * 1024
PARTIAL_PHOTOS_PER_PERSON = 12
PARTIAL_PHOTO_DAYS = 7
# A form that a reader has not finished by then goes to the next reader.
READING_SECONDS = 300
# A contest whose totals move is projected again after so long, the kabupaten inside a larger one after the second.
PROJECTION_SECONDS, PROJECTION_PART_SECONDS = 60, 300
PHOTOS_PER_STATION_AND_WITNESS = env["SISTA_PHOTOS_PER_STATION"]

#: Rows of a table that are answered at once; a longer one is prepared beside the requests.
EXPORT_DIRECT_ROWS = env["SISTA_EXPORT_DIRECT_ROWS"]
EXPORT_HOURS = 24
EXPORTS_PER_PERSON = 10
#: An evidence pack holds the original photos, 1 MB a station and more: so many stations, and so many packs a person.
EVIDENCE_MOST_STATIONS = 1500
EVIDENCE_HOURS = 24
EVIDENCE_PER_PERSON = 5

#: The archive of a kecamatan or kabupaten as a file holds its original photos; one object of a store takes 5 GB.
ARCHIVE_MOST_BYTES = 4 * 1024**3
ARCHIVES_PER_PERSON = 5
#: Days that an election must have been closed before names and numbers of its witnesses may be erased, at least.
RETENTION_MIN_DAYS = env["SISTA_RETENTION_MIN_DAYS"]

#: How long a token of the API lasts at most.
API_TOKEN_DAYS = env["SISTA_API_TOKEN_DAYS"]
API_TOKENS_PER_PERSON = 10

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.token_authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "accounts.token_authentication.TokensOnlyRead",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["sista.throttles.ForgivingUserThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": env["SISTA_API_RATE"]},
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Sista",
    "VERSION": "v1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "ENUM_NAME_OVERRIDES": {
        "PhotoSubjectEnum": "tallies.models.PhotoSubject",
        "PhotoStateEnum": "tallies.models.PhotoState",
        "OutcomeEnum": "tallies.models.Outcome",
        "ContactOutcomeEnum": "tallies.models.ContactOutcome",
        "StationStateEnum": "tallies.api.reading_serializers.STATES",
    },
}

#: The gateway signs with it; without one its address is not there.
SMS_SECRET = env["SISTA_SMS_SECRET"]
SMS_SENDER = env["SISTA_SMS_SENDER"]
SMS_URL, SMS_USER, SMS_PASSWORD = env["SISTA_SMS_URL"], env["SISTA_SMS_USER"], env["SISTA_SMS_PASSWORD"]
#: Where in its JSON the gateway writes what, and under which headers it signs. As sms-gate.app does by default.
#: Not its messageId: that is made from the content, and two equal messages share it.
SMS_FIELDS = {
    "id": "id",
    "gateway": "deviceId",
    "event": "event",
    "sender": "payload.phoneNumber",
    "text": "payload.message",
    "time": "payload.receivedAt",
} | env["SISTA_SMS_FIELDS"]
SMS_EVENT = "sms:received"
#: A witness is reminded at most once in so many minutes.
REMINDER_MINUTES = env["SISTA_REMINDER_MINUTES"]
SMS_HEADERS = {"signature": "X-Signature", "timestamp": "X-Timestamp"} | env["SISTA_SMS_HEADERS"]

CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Travels in the message: what web and beat have counts, not the worker's, nor its --time-limit.
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_DEFAULT_QUEUE = "totals"
CELERY_TASK_ROUTES = {
    "tallies.tasks.process_photos": {"queue": "photos"},
    "tallies.tasks.remove_stale_pieces": {"queue": "photos"},
    "tallies.tasks.answer_sms": {"queue": "messages"},
    "tallies.tasks.send_sms": {"queue": "messages"},
    "tallies.tasks.seal_audit": {"queue": "messages"},
    "tallies.tasks.publish_audit_head": {"queue": "messages"},
    "tallies.tasks.write_exports": {"queue": "exports"},
    "tallies.tasks.remove_expired_exports": {"queue": "exports"},
    "tallies.tasks.print_mandates": {"queue": "exports"},
    "tallies.tasks.remove_expired_mandates": {"queue": "exports"},
    # Long work of the desks, like the files: it waits behind them, not behind totals.
    "tallies.tasks.import_official": {"queue": "exports"},
    "tallies.tasks.import_master_data": {"queue": "exports"},
    "tallies.tasks.remove_abandoned_imports": {"queue": "exports"},
    "tallies.tasks.write_archives": {"queue": "exports"},
    "tallies.tasks.remove_expired_archives": {"queue": "exports"},
    "tallies.tasks.erase_people": {"queue": "exports"},
    "analytics.tasks.make_evidence": {"queue": "exports"},
    "analytics.tasks.remove_expired_evidence": {"queue": "exports"},
    "analytics.tasks.*": {"queue": "findings"},
}
# Without the two unacked settings a killed worker's task came back after 96 s.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 30,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
}
CELERY_BEAT_SCHEDULE = {
    "drain totals": {"task": "tallies.tasks.drain", "schedule": 1.0, "options": {"expires": 5}},
    "process photos": {"task": "tallies.tasks.process_photos", "schedule": 2.0, "options": {"expires": 5}},
    "remove stale pieces": {
        "task": "tallies.tasks.remove_stale_pieces",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "answer SMS": {"task": "tallies.tasks.answer_sms", "schedule": 30.0, "options": {"expires": 30}},
    "send SMS": {"task": "tallies.tasks.send_sms", "schedule": 2.0, "options": {"expires": 5}},
    "seal what was recorded": {"task": "tallies.tasks.seal_audit", "schedule": 60.0, "options": {"expires": 60}},
    "publish the head of the audit": {
        "task": "tallies.tasks.publish_audit_head",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "write exports": {"task": "tallies.tasks.write_exports", "schedule": 2.0, "options": {"expires": 5}},
    "remove expired exports": {
        "task": "tallies.tasks.remove_expired_exports",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "examine what changed": {
        "task": "analytics.tasks.examine_changed",
        "schedule": 2.0,
        "options": {"expires": 5},
    },
    "import official figures": {
        "task": "tallies.tasks.import_official",
        "schedule": 2.0,
        "options": {"expires": 5},
    },
    "import master data": {
        "task": "tallies.tasks.import_master_data",
        "schedule": 2.0,
        "options": {"expires": 5},
    },
    "remove abandoned imports": {
        "task": "tallies.tasks.remove_abandoned_imports",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "write archives": {"task": "tallies.tasks.write_archives", "schedule": 2.0, "options": {"expires": 5}},
    "remove expired archives": {
        "task": "tallies.tasks.remove_expired_archives",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "erase people": {"task": "tallies.tasks.erase_people", "schedule": 30.0, "options": {"expires": 30}},
    "make evidence": {"task": "analytics.tasks.make_evidence", "schedule": 2.0, "options": {"expires": 5}},
    "remove expired evidence": {
        "task": "analytics.tasks.remove_expired_evidence",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "print mandates": {"task": "tallies.tasks.print_mandates", "schedule": 2.0, "options": {"expires": 5}},
    "remove expired mandates": {
        "task": "tallies.tasks.remove_expired_mandates",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "refresh findings": {"task": "analytics.tasks.refresh_findings", "schedule": 5.0, "options": {"expires": 10}},
    "run projections": {"task": "analytics.tasks.run_projections", "schedule": 15.0, "options": {"expires": 30}},
}
# Written down every quarter of a minute, not every three minutes: a health check looks at the file's age.
CELERY_BEAT_SYNC_EVERY = 20
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")

#: Forms a drain takes at most in one transaction (measured: 1 / 100 / 1000 → 129 / 1,974 / 3,722 forms/s).
DRAIN_BATCH = 1000
#: Seconds a drain waits for one lock on PostgreSQL before it gives up and the next one tries. Less than the limit of
#: its task: the server's side of a drain that was killed goes on waiting and keeps a connection all that time.
DRAIN_LOCK_SECONDS = 60

if (DATABASE_URL or REDIS_URL) and not TESTING:
    # Several processes answer and work: prometheus_client adds up what each writes here. One folder a
    # machine or container, because the files are named by process number.
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(DATA_DIR / "metrics" / socket.gethostname()))
METRICS_TOKEN = env["SISTA_METRICS_TOKEN"]
METRICS_PORT = env["SISTA_METRICS_PORT"]

# Celery would put its own formats in place of these.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
_OWN_HANDLER = {"handlers": ["console"], "propagate": False}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no addresses": {"()": "sista.logging_json.WithoutAddresses"}},
    "formatters": {
        "line": {"()": "sista.logging_json.LineFormatter"},
        "json": {"()": "sista.logging_json.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env["SISTA_LOG_FORMAT"],
            "filters": ["no addresses"],
        }
    },
    "root": {"handlers": ["console"], "level": env["SISTA_LOG"]},
    "loggers": {
        # At WARNING it names the people who mistyped.
        "axes": {"level": "ERROR"},
        "django": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},
        "django.server": _OWN_HANDLER | {"level": "WARNING"},
        "gunicorn.error": _OWN_HANDLER,
    },
}

if env["SENTRY_DSN"] and not TESTING:
    from sista import sentry

    sentry.start(env["SENTRY_DSN"])
