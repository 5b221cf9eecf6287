"""`manage.py observer`: the process that keeps what is shown in step with what the hosts report."""

from __future__ import annotations

import signal
from typing import Any

from django.core.management.base import BaseCommand

from monitoring.observer.supervisor import Supervisor


class Command(BaseCommand):
    help = "Watch all enrolled hosts until stopped."
    requires_system_checks: list[str] = []  # they would load every page

    def handle(self, *_args: Any, **_options: Any) -> None:
        supervisor = Supervisor()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: supervisor.stop())
        supervisor.run()
