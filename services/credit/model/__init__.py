"""What credit knows and decides: pure, without transport or database."""
