"""What the codes service does: one function per request or fact, in one transaction each."""
