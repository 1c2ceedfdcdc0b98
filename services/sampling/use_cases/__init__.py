"""What sampling does: one function per request or event."""
