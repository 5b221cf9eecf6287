"""Virtdeck's project and kernel."""

from console.celery import app as celery_app  # shared tasks belong to this application in every process

__all__ = ["celery_app"]
