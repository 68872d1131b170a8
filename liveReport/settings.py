"""Settings, all of them from the environment (twelve-factor). See docs/configuration.md.

Without any environment this is the embedded default: SQLite and a folder as Celery's
queue, both in the data directory, nothing to install.
"""

import os
import zoneinfo
from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import Env
from kombu import Queue
from whitenoise.compress import Compressor

from liveReport.channels.registry import plugin_apps
from liveReport.events.limits import RETENTION
from liveReport.site.data_dir import DATABASE_FILE, data_directory
from liveReport.site.secret import (
    check_key,
    embedded_pseudonym_key,
    embedded_secret_key,
    given_pseudonym_key,
    keep_private,
)
from liveReport.site.services import check_url

# Before any model or administration is declared: they say what they are of.
django_stubs_ext.monkeypatch()
env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = data_directory(env.str("LIVEREPORT_DATA_DIR", "") or BASE_DIR / "var")

# -- Services: any other than these is refused by name ----------------------------------------

DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
BROKER_SCHEMES = ("filesystem", "redis", "rediss", "amqp", "amqps", "pyamqp")
CACHE_SCHEMES = ("redis", "rediss")
check_url(os.environ, "DATABASE_URL", DATABASE_SCHEMES)
check_url(os.environ, "CELERY_BROKER_URL", BROKER_SCHEMES, separators=";")
check_url(os.environ, "CACHE_URL", CACHE_SCHEMES, separators=",;")

# -- Security -----------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", False)
EMBEDDED = "DATABASE_URL" not in os.environ
"""Whether this is the default on one machine: only then may a key be made up."""
SECRET_KEY = env.str("SECRET_KEY", "") or (embedded_secret_key(DATA_DIR) if EMBEDDED else "")
if not SECRET_KEY:
    raise ImproperlyConfigured("Set SECRET_KEY: with DATABASE_URL none is made up.")
check_key("SECRET_KEY", SECRET_KEY)
_pseudonym_key = env.str("PSEUDONYM_KEY", "")
PSEUDONYM_KEY = (
    embedded_pseudonym_key(DATA_DIR, DATA_DIR / DATABASE_FILE, SECRET_KEY)
    if EMBEDDED and not _pseudonym_key
    else given_pseudonym_key(_pseudonym_key, SECRET_KEY)
)
"""Keys the hashes that stand for profiles, ids and messages. Another one makes all of them new."""
SEALING_KEYS = [env.str("SEALING_KEY", "") or SECRET_KEY, *env.list("SEALING_KEY_PREVIOUS", [])]
"""What encrypts providers' secrets, and what they send while it waits. The first one seals."""
for _key in SEALING_KEYS:
    check_key("SEALING_KEY", _key)
PUBLIC_URL = env.str("PUBLIC_URL", "").rstrip("/")
"""How the site is reached from outside: in URLs that are shown, and in those that are signed."""

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
HTTPS = env.bool("HTTPS", False)
"""Whether users reach the site over TLS; turns on everything that needs it."""
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^hooks/", r"^beacon/"]
BEHIND_PROXY = env.bool("BEHIND_PROXY", False)
"""Whether exactly one trusted proxy stands in front and sets the X-Forwarded- headers."""
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 8 * 3600
SESSION_ENGINE = "liveReport.site.sessions"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "liveReport.site.accounts.Accounts",
]
CSRF_FAILURE_VIEW = "liveReport.site.errors.csrf_failure"
# Five wrong passwords lock a name for the address they came from, for a quarter of an hour.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "liveReport.site.errors.locked_out"
AXES_CLIENT_IP_CALLABLE = "liveReport.site.middleware.client_ip"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# -- Applications -------------------------------------------------------------------------


def _channel_apps() -> list[str]:
    """Built-in channels: one folder, one app. Deleting the folder deletes the channel."""
    folders = sorted(path.parent.name for path in BASE_DIR.glob("channels_plugins/*/channel.py"))
    return [f"channels_plugins.{name}" for name in folders]


INSTALLED_APPS = [
    "dashboards",
    "liveReport.apps.LiveReportConfig",
    *_channel_apps(),
    *plugin_apps(),
    # What stands above translates before what stands below.
    "liveReport.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "liveReport.apps.StaticFilesConfig",
    "axes",
    "csp",
    "django_celery_beat",
    "django_htmx",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "liveReport.site.middleware.not_stored",
    "liveReport.site.middleware.isolated",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "dashboards.zones.in_readers_zone",
    "dashboards.wall.ReadOnlyWalls",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dashboards.answers.ForScripts",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "liveReport.urls"
WSGI_APPLICATION = "liveReport.wsgi.application"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "liveReport.site.accounts.NotObvious"},
]

# -- Database -----------------------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {
    # The embedded one by its path: in a URL, signs that a folder's name may have mean more.
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(DATA_DIR / DATABASE_FILE)}
    if EMBEDDED
    else {**dj_database_url.parse(env.str("DATABASE_URL"))}
}
DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    keep_private(Path(str(DATABASES["default"]["NAME"])))
    # Every atomic() takes the write lock at its start (a later upgrade would fail at once),
    # and a commit is on disk when it returns.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
            "PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-65536;"
        ),
    }
else:
    DATABASES["default"]["ENGINE"] = "liveReport.engines.postgresql"
    DATABASES["default"]["OPTIONS"] = {
        # Batches go as they are: escaping their bytes on the client costs more than storing them.
        "server_side_binding": True,
        # A server that is gone without a word is noticed within seconds, not a quarter of an hour.
        "connect_timeout": 3,
        "tcp_user_timeout": 5_000,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
    } | DATABASES["default"].get("OPTIONS", {})

# -- Caches: the default one only counts requests, see INGEST_RATE ---------------------------

CACHE_URL = env.str("CACHE_URL", "")
LOCAL_CACHE = "django.core.cache.backends.locmem.LocMemCache"
CACHES: dict[str, dict[str, object]] = {
    "default": {"BACKEND": LOCAL_CACHE},
    # Bodies of widgets as this process has drawn them: viewers of a campaign share them.
    "bodies": {"BACKEND": LOCAL_CACHE, "LOCATION": "bodies", "OPTIONS": {"MAX_ENTRIES": 500}},
}
if CACHE_URL:
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": "livereport",
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }

# -- Celery -------------------------------------------------------------------------------

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", "filesystem://localhost")
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
FOLD_QUEUE = env.str("CELERY_QUEUE", "livereport")
SLOW_QUEUE = CELERY_TASK_DEFAULT_QUEUE = f"{FOLD_QUEUE}-slow"
"""For all tasks but the tick: it has workers of its own, so that none keeps events waiting."""
# Nobody misses a tick that waited for long: the next one does its work. (RabbitMQ's own
# clock, and RabbitMQ alone: for all brokers ``liveReport.site.beat`` sees to it that few wait.)
CELERY_TASK_QUEUES = [Queue(FOLD_QUEUE, message_ttl=60), Queue(SLOW_QUEUE)]
CELERY_TASK_ROUTES = {"livereport.tick": {"queue": FOLD_QUEUE}}
# Shorter than the time after which Redis gives out a task anew.
CELERY_TASK_TIME_LIMIT = 240
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_CONNECTION_TIMEOUT = 5
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a broker may be away for as long as it likes
CELERY_BROKER_HEARTBEAT = 10
CELERY_BEAT_SCHEDULER = "liveReport.site.beat:Scheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
if CELERY_BROKER_URL.startswith("filesystem"):
    QUEUE_DIR = DATA_DIR / "queue"
    CELERY_BROKER_TRANSPORT = "liveReport.site.filequeue:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {"folder": str(QUEUE_DIR), "polling_interval": 0.05}
elif CELERY_BROKER_URL.startswith("redis"):
    # A hung broker must not hang us, and a killed worker's task comes back within seconds.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 300,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
        "health_check_interval": 10,
        "global_keyprefix": "livereport:",
    }
elif CELERY_BROKER_URL.startswith(("amqp", "pyamqp")):
    CELERY_BROKER_TRANSPORT_OPTIONS = {"write_timeout": 10}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # One fold at a time is what SQLite bears. (Slow work asks for a pool of its own.)
    CELERY_WORKER_CONCURRENCY = 1
    CELERY_WORKER_POOL = "solo"

# -- Events -------------------------------------------------------------------------------

INGEST_MAX_BYTES = 5 * 1024 * 1024
INGEST_MAX_EVENTS = 5_000
INGEST_MAX_RATIO = 200
"""Bytes that one of a gzipped body may unfold to: events that repeat themselves reach 120."""
INGEST_RATE = env.int("INGEST_RATE", 600_000)
"""Requests a minute that one token may send: to each web process, or with CACHE_URL to all."""
BEACON_RATE = env.int("BEACON_RATE", 60_000)
"""Requests a minute that pages and apps may send under one public key; counted as above."""
BEACON_CLIENT_RATE = env.int("BEACON_CLIENT_RATE", 600)
"""Requests a minute of one address among them; a household or an office can be behind it."""
HOOK_RATE = env.int("HOOK_RATE", 600_000)
"""Requests a minute that the provider of one source may send; counted as above."""
HOOK_CLIENT_RATE = env.int("HOOK_CLIENT_RATE", 600)
"""Requests a minute of one address that are not the provider's, or for sources that are not."""
INGEST_MAX_PENDING = env.int("INGEST_MAX_PENDING", 20_000)
"""Batches waiting to be folded beyond which ingest answers 503."""
SPOOL_DIR = DATA_DIR / "spool"
SPOOL_MAX_BYTES = env.int("SPOOL_MAX_BYTES", 256 * 1024 * 1024)
"""Bytes on this machine's disk for events that arrive while the database is away."""
TOKEN_TRUST = timedelta(minutes=env.int("TOKEN_TRUST_MINUTES", 60))
"""How long a token is good without the database, after the database last confirmed it."""
LOG_RETENTION = timedelta(hours=env.int("LOG_RETENTION_HOURS", 72))
_least = RETENTION // timedelta(hours=1) + 1
if timedelta(hours=_least) > LOG_RETENTION:
    raise ImproperlyConfigured(f"LOG_RETENTION_HOURS: a recount needs {_least} or more.")
QUARANTINE_RETENTION = timedelta(hours=env.int("QUARANTINE_RETENTION_HOURS", 168))
"""How long events of an unknown campaign wait for it."""
QUARANTINE_MAX_EVENTS = env.int("QUARANTINE_MAX_EVENTS", 100_000)
"""Events that one source may have in quarantine. Beyond the limits ingest refuses events."""
QUARANTINE_MAX_CAMPAIGNS = env.int("QUARANTINE_MAX_CAMPAIGNS", 1_000)
"""Distinct unknown campaigns that one source may have in quarantine."""
QUARANTINE_MAX_TOTAL = env.int("QUARANTINE_MAX_TOTAL", 500_000)
"""Events that all sources together may have in quarantine."""
FILE_MAX_BYTES = env.int("FILE_MAX_BYTES", 256 * 1024 * 1024)
"""Bytes that a CSV file of events may have."""
FILE_UPLOAD_HANDLERS = ["liveReport.site.uploads.SealingHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = INGEST_MAX_BYTES
TOKEN_DAYS = 90
READY_MAX_LAG = env.int("READY_MAX_LAG", 60)
"""Seconds an event may wait to be counted before /readyz says that we are not ready."""

# -- API ----------------------------------------------------------------------------------

KNOX_TOKEN_MODEL = "livereport.ApiToken"  # noqa: S105 (the name of a model)
# Its own token table would only stand in the way of a flush on PostgreSQL.
MIGRATION_MODULES = {"knox": None}
REST_KNOX = {"TOKEN_PREFIX": "lr_", "AUTH_HEADER_PREFIX": "Bearer", "TOKEN_MODEL": KNOX_TOKEN_MODEL}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "liveReport.site.auth.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["liveReport.site.auth.MayRead"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "liveReport.api.base.Pages",
    "DEFAULT_SCHEMA_CLASS": "liveReport.api.openapi.Schema",
    "EXCEPTION_HANDLER": "liveReport.api.problems.problem_handler",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "liveReport",
    "DESCRIPTION": _("Send events of campaigns, and read what the live report shows."),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
    "SORT_OPERATIONS": False,
    "ENUM_NAME_OVERRIDES": {
        "WidgetKind": "liveReport.api.serializers.KINDS",
        "ColumnRole": "liveReport.api.serializers.ROLES",
        "CampaignStatus": "liveReport.models.Campaign.Status",
        "Level": "liveReport.api.serializers.LEVELS",
        "VerdictLevel": "liveReport.api.serializers.VERDICT_LEVELS",
    },
}

# -- Language, time, files ----------------------------------------------------------------

LANGUAGE_CODE = env.str("LANGUAGE_CODE", "en")
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "liveReport" / "locale"]
FORMAT_MODULE_PATH = "liveReport.site.formats"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = "UTC"
# One list of zones and one set of rules wherever we run: those that come with us.
zoneinfo.reset_tzpath(())

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", BASE_DIR / ".static")
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = [*Compressor.SKIP_COMPRESS_EXTENSIONS, "map"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "class": "liveReport.site.logs.Brief",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "filters": {"brief": {"()": "liveReport.site.errors.BriefRefusals"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["brief"],
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        "celery": {"level": "WARNING"},
        "django.server": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
    },
}
