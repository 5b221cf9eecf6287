"""Live regions of networking."""
