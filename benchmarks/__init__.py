"""Measured against what somebody would use instead; only ratios within one run mean anything."""
