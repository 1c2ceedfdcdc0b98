"""Credit: results come back as ratings, are disclosed and shared, and can be repaired."""
