"""What can happen in credit: one function per request or fact, in the caller's transaction."""
