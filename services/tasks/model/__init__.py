"""What tasks, inspections and results are, and the rules they keep."""
