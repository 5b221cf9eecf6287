"""`manage.py worker`: a Celery worker. Not started by Celery's own command line, which loads 7 MB of shell."""

from __future__ import annotations

import gc
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from console.celery import app
from console.operations.tasks import sweep


class Command(BaseCommand):
    help = "Run operations until stopped."
    requires_system_checks: list[str] = []  # they would load every page

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", type=int, default=16, help="how many operations run at a time")

    def handle(self, *_args: Any, **options: Any) -> None:
        worker = app.Worker(
            hostname="worker@%h",
            pool="threads",
            concurrency=options["concurrency"],
            queues=["celery"],
            loglevel="WARNING",
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        gc.collect()
        gc.freeze()  # what is loaded now stays: no need to look at it again
        sweep()  # what a worker before this one left is taken up at once
        worker.start()
        sys.exit(worker.exitcode)
