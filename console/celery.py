"""The Celery application of the workers."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

app = Celery("virtdeck")
app.config_from_object("django.conf:settings.CELERY")
app.autodiscover_tasks(["console.operations", "console.fleet", "compute", "storage", "networking", "monitoring"])
