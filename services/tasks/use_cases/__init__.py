"""What can be done with tasks and inspections: one function per request or fact."""
