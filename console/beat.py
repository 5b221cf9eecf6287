"""The Celery application of beat: a clock that knows names and times only, and so needs no Django."""

import os

from celery import Celery

_redis = os.environ.get("VIRTDECK_REDIS", "redis://127.0.0.1:6379/0")

app = Celery("virtdeck-beat", set_as_current=False)
app.conf.update(
    broker_url=_redis.replace("unix://", "redis+socket://", 1),
    broker_connection_retry_on_startup=True,
    broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 2},
    timezone="UTC",
    beat_schedule={
        "operations.sweep": {"task": "operations.sweep", "schedule": 15.0, "options": {"expires": 15}},
        "operations.tidy": {"task": "operations.tidy", "schedule": 3600.0, "options": {"expires": 3600}},
    },
)
