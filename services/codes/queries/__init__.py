"""The read side: what people look up."""
