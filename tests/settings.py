"""Settings of the tests: a state folder of their own, fast password hashes, no Redis unless a test starts one."""

import os
import tempfile
from pathlib import Path

_var = Path(os.environ.get("VIRTDECK_TEST_VAR") or tempfile.mkdtemp(prefix="virtdeck-test-"))
os.environ["VIRTDECK_VAR"] = str(_var)
os.environ.setdefault("VIRTDECK_SECRET_KEY", "tests-only")
os.environ.setdefault("VIRTDECK_URL", "http://testserver")

from console.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
REDIS_URL = "redis://127.0.0.1:1/0"  # nothing listens there: what needs Redis must say so
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
WHITENOISE_AUTOREFRESH = True
CELERY = {**CELERY, "broker_url": "memory://"}  # noqa: F405
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file: threads have connections of their own.
    DATABASES["default"]["TEST"] = {"NAME": str(_var / "test.sqlite3")}  # noqa: F405
