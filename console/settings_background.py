"""Settings of worker and observer: the same, without what only pages and REST need. It saves 20 MB a process."""

from console.settings import *  # noqa: F403
from console.settings import INSTALLED_APPS as _ALL

_PAGES_ONLY = (
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_tables2",
    "django_filters",
    "allauth",
    "allauth.account",
    "csp",
    "console.live",
)
INSTALLED_APPS = [app for app in _ALL if app not in _PAGES_ONLY]
MIDDLEWARE = []
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
