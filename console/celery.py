"""The Celery application of the workers."""

import os
from typing import Any

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")


def _settings() -> dict[str, Any]:
    """Read when first needed: Django's settings are a module of this package and are not there yet."""
    from django.conf import settings

    celery: dict[str, Any] = settings.CELERY
    return celery


# No fixup for Django: `manage.py worker` has set Django up, tasks tend their own connections, checks load every page.
app = Celery("virtdeck", fixups=[])
app.add_defaults(_settings)
app.set_default()  # for every thread: the outbox sends wake-ups from one of its own
app.autodiscover_tasks(["console.operations", "console.fleet", "compute", "storage", "networking", "monitoring"])
