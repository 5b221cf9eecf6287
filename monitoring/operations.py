"""Monitoring has no slow work of its own."""
