"""tasks: the work, the visit, the result."""
