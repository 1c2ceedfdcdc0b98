"""The read side: filters, pages, figures, exports."""
