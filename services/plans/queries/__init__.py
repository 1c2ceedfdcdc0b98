"""The read side of plans: lists, pages, figures, sheets."""
