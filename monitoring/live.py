"""Live regions of monitoring."""
