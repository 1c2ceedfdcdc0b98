"""The frame every service is bolted to; it knows no business word."""
