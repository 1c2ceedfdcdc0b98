"""What the `liangma` command does besides running services: it fills them, looks after them, and speaks to people."""
