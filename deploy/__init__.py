"""Ways to run Liangma."""
