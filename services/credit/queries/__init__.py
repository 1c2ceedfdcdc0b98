"""The read side of credit: lists, figures, and what timers look for."""
