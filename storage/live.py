"""Live regions of storage."""
