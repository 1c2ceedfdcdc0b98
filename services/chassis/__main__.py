"""One process in one role, for any number of services: `python -m services.chassis api|worker|migrate SERVICE…`.

`python -m services.chassis revise SERVICE "what changes"` writes a migration.
"""

from __future__ import annotations

import sys


def main(role: str, names: list[str]) -> None:
    """Run a role for the named services."""
    if role == "worker":
        from services.chassis import green

        green.patch()
    from services.chassis import service
    from services.chassis.settings import Settings, load

    if role == "revise":
        from services.chassis import migrations

        migrations.revise(service.find(names[0]), names[1])
        return
    settings = load(Settings)
    services = [service.find(name) for name in names]
    if role == "api":
        service.serve(services, settings)
    elif role == "worker":
        from services.chassis import worker

        worker.run_workers(services, settings)
    else:
        from services.chassis import migrations

        for each in services:
            migrations.upgrade(each, settings)


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("api", "worker", "migrate", "revise"):
        raise SystemExit(__doc__)
    main(sys.argv[1], sys.argv[2:])
