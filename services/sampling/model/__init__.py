"""What sampling knows and decides: pure, without transport or database."""
