"""Networking has no slow work of its own yet: ports are made with their instance."""
