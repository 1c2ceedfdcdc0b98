"""What codes, visits and warnings are, and the rules they keep."""
