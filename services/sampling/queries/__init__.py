"""The read side of sampling: filters and pages."""
