"""What Celery runs for storage besides operations."""

from __future__ import annotations

import time

from celery import shared_task

from storage.services.images import uploads_tidy

ABANDONED_SECONDS = 24 * 3600.0


@shared_task(name="storage.tidy", ignore_result=True)
def tidy() -> int:
    """Remove what uploads that broke off have left. Answers how many files."""
    return uploads_tidy(before=time.time() - ABANDONED_SECONDS)
