"""Alembic runs this file for every service; everything it needs was handed over in the configuration."""

from services.chassis.migrations import run

run()
