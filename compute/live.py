"""Live regions of compute."""
