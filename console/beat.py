"""`python -m console.beat`: a clock that knows names and times only, and so needs no Django."""

import argparse
import os

from celery import Celery

_redis = os.environ.get("VIRTDECK_REDIS", "redis://127.0.0.1:6379/0")

app = Celery("virtdeck-beat", set_as_current=False, fixups=[])
app.conf.update(
    broker_url=_redis.replace("unix://", "redis+socket://", 1),
    broker_connection_retry_on_startup=True,
    broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 2},
    timezone="UTC",
    beat_schedule={
        "operations.sweep": {"task": "operations.sweep", "schedule": 15.0, "options": {"expires": 15}},
        "storage.tidy": {"task": "storage.tidy", "schedule": 3600.0, "options": {"expires": 3600}},
        "operations.tidy": {"task": "operations.tidy", "schedule": 3600.0, "options": {"expires": 3600}},
    },
)


def main() -> None:
    """Run the clock until stopped. Not by Celery's own command line, which loads 7 MB of shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedule", required=True, help="file that keeps when each task was last due")
    app.Beat(schedule=parser.parse_args().schedule, loglevel="WARNING", quiet=True).run()


if __name__ == "__main__":
    main()
