"""Settings. All that differs between installations comes from the environment; the defaults serve one machine.

VIRTDECK_VAR          folder of state (database, images, secret key); default: var/ in the checkout
VIRTDECK_REDIS        redis://host:port/0 or unix:///path/redis.sock
DATABASE_URL          postgres://...; default: SQLite in VIRTDECK_VAR
VIRTDECK_URL          the address that browsers use; default: http://127.0.0.1:8000
VIRTDECK_HOSTS        further host names to answer to, comma separated
VIRTDECK_SECRET_KEY   instead of VIRTDECK_VAR/secret.key
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import environ
import structlog
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("VIRTDECK_VAR", default=str(BASE_DIR / "var")))
IMAGE_DIR = VAR_DIR / "images"
UPLOAD_DIR = VAR_DIR / "uploads"
for _folder in (IMAGE_DIR, UPLOAD_DIR):
    _folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _keep_private(*paths: Path) -> None:
    """Take from other users of the machine what they must not read: disks of guests, sessions, hashes."""
    for path in paths:
        with contextlib.suppress(FileNotFoundError, PermissionError):  # not there yet, or another user's to settle
            if path.stat().st_mode & 0o077:
                path.chmod(path.stat().st_mode & 0o700)


_keep_private(IMAGE_DIR, UPLOAD_DIR)


def _secret_key() -> str:
    """The key of this installation, made on first use and readable by its owner only."""
    if given := env.str("VIRTDECK_SECRET_KEY", default=""):
        return given
    path = VAR_DIR / "secret.key"
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
    return path.read_text().strip()


SECRET_KEY = _secret_key()
DEBUG = env.bool("VIRTDECK_DEBUG", default=False)
PUBLIC_URL = env.str("VIRTDECK_URL", default=f"http://127.0.0.1:{env.int('VIRTDECK_PORT', default=8000)}").rstrip("/")
_public = urlsplit(PUBLIC_URL)
ALLOWED_HOSTS = [
    _public.hostname or "127.0.0.1",
    "127.0.0.1",
    "localhost",
    "[::1]",
    *env.list("VIRTDECK_HOSTS", default=[]),
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
_TLS = _public.scheme == "https"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_tables2",
    "django_filters",
    "allauth",
    "allauth.account",
    "csp",
    "console",
    "console.core",
    "console.identity",
    "console.operations",
    "console.fleet",
    "console.live",
    "storage",
    "networking",
    "compute",
    "monitoring",
]

MIDDLEWARE = [
    "console.core.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "console.core.middleware.RefusalMiddleware",
    "console.identity.middleware.ScopeMiddleware",
]

ROOT_URLCONF = "console.urls"
ASGI_APPLICATION = "console.asgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "console.live.shell.context",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "console.core.templatetags.ui"],
        },
    }
]

# --- data ---

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'virtdeck.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    _file = Path(DATABASES["default"]["NAME"])
    if _file.is_absolute():  # else it is in memory
        with contextlib.suppress(OSError):  # SQLite itself says better what is wrong with the folder
            os.close(os.open(_file, os.O_WRONLY | os.O_CREAT, 0o600))
    _keep_private(_file, *(_file.with_name(f"{_file.name}-{part}") for part in ("wal", "shm")))
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # a writer waits for its turn instead of failing half-way
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-8000;",
    }
    DATABASES["default"]["CONN_MAX_AGE"] = None
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 300
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("VIRTDECK_REDIS", default="redis://127.0.0.1:6379/0")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "virtdeck"},
    }
}
# Counts failed logins, and little else: signing in must work while Redis is away.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "virtdeck_cache"}}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# --- people ---

AUTH_USER_MODEL = "identity.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "console.identity.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {
    "login": "console.identity.forms.SignInForm",
    "change_password": "console.identity.forms.PasswordChangeForm",
}
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "20/m/ip,5/5m/key"}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True

# --- the browser ---

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "console" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static" / "dist"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "console.core.static.ManifestStorage"},
}
WHITENOISE_MAX_AGE = 3600

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _TLS else None
SECURE_HSTS_SECONDS = 31_536_000 if _TLS else 0
SESSION_COOKIE_NAME = "virtdeck_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _TLS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "virtdeck_csrf"
CSRF_FAILURE_VIEW = "console.core.views.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 3 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = str(UPLOAD_DIR)

# --- automation ---

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["console.identity.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "console.core.problem.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Virtdeck REST API",
    "DESCRIPTION": "A private cloud on plain libvirt/KVM hosts.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}

CELERY = {
    "broker_url": REDIS_URL.replace("unix://", "redis+socket://", 1),
    "task_ignore_result": True,
    "task_acks_late": True,
    "worker_prefetch_multiplier": 1,
    "task_publish_retry": False,
    "broker_connection_retry_on_startup": True,
    "broker_transport_options": {"socket_timeout": 5, "socket_connect_timeout": 2, "visibility_timeout": 3600},
    "worker_hijack_root_logger": False,
    "task_default_queue": "celery",
    "timezone": "UTC",
}

# --- the cloud ---

CONSOLE_TICKET_SECONDS = 30
CONSOLE_LOG_BYTES = 64 * 1024
IMAGE_MAX_BYTES = env.int("VIRTDECK_IMAGE_MAX_BYTES", default=64 * 1024**3)

# --- logs ---


def _configure_logs() -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )


_configure_logs()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "console.core.logs.CarefulFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"django.request": {"level": "ERROR"}, "celery": {"level": "WARNING"}},
}
