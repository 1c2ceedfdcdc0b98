"""What the plans service knows: authorities, matters, check forms, joint lists, caps, annual plans. Pure Python."""
