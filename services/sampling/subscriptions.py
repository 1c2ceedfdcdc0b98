"""What sampling hears of the other services."""

from __future__ import annotations

import secrets

from liangma.codes.v1 import events_pb2 as codes
from liangma.credit.v1 import events_pb2 as credit
from liangma.plans.v1 import events_pb2 as plans
from liangma.tasks.v1 import events_pb2 as tasks

from services.chassis.servicing import Call
from services.chassis.worker import Subscriptions, subscribe, timer
from services.sampling import snapshotting
from services.sampling.directory import SqlDirectory
from services.sampling.gazetteer import regions
from services.sampling.queries.commitments import overdue
from services.sampling.settings import sampling_settings, vault_of
from services.sampling.snapshot import shelf_at
from services.sampling.use_cases import abandoning, certificates, neighbours, objects
from services.sampling.wire import events as wire


class SamplingSubscriptions(Subscriptions):
    """Each fact becomes a row of sampling's own."""

    name = "sampling"

    @subscribe(tasks.TaskFormed)
    def on_task_formed(self, event: tasks.TaskFormed, call: Call) -> None:
        neighbours.note_task_formed(call.work, wire.task_state(event))

    @subscribe(tasks.TaskPurged)
    def on_task_purged(self, event: tasks.TaskPurged, call: Call) -> None:
        neighbours.note_task_purged(call.work, event.task_id, event.inspection_ids)

    @subscribe(tasks.TaskCancelled)
    def on_task_cancelled(self, event: tasks.TaskCancelled, call: Call) -> None:
        neighbours.note_inspections_cancelled(call.work, event.task_id, event.inspection_ids)

    @subscribe(tasks.InspectionsDispatched)
    def on_inspections_dispatched(self, event: tasks.InspectionsDispatched, call: Call) -> None:
        neighbours.note_dispatched(call.work, event.task_id, wire.dispatched_states(event))

    @subscribe(tasks.ResultPublished)
    def on_result_published(self, event: tasks.ResultPublished, call: Call) -> None:
        neighbours.note_results(call.work, wire.result_states(event.result))

    @subscribe(tasks.ResultCorrected)
    def on_result_corrected(self, event: tasks.ResultCorrected, call: Call) -> None:
        neighbours.note_results(call.work, wire.result_states(event.result))

    @subscribe(tasks.ObjectDiscovered)
    def on_object_discovered(self, event: tasks.ObjectDiscovered, call: Call) -> None:
        objects.note_object_discovered(call.work, wire.discovered_facts(event), regions())

    @subscribe(credit.RatingChanged)
    def on_rating_changed(self, event: credit.RatingChanged, call: Call) -> None:
        neighbours.note_ratings(call.work, wire.rating_states(event))

    @subscribe(credit.WhitelistChanged)
    def on_whitelist_changed(self, event: credit.WhitelistChanged, call: Call) -> None:
        neighbours.note_whitelisting(call.work, wire.whitelisting_state(event))

    @subscribe(codes.BindingChanged)
    def on_binding_changed(self, event: codes.BindingChanged, call: Call) -> None:
        neighbours.note_bindings(call.work, wire.binding_states(event))

    @subscribe(plans.AuthorityChanged)
    def on_authority_changed(self, event: plans.AuthorityChanged, call: Call) -> None:
        neighbours.note_authority(call.work, wire.authority_state(event))

    @subscribe(plans.MatterChanged)
    def on_matter_changed(self, event: plans.MatterChanged, call: Call) -> None:
        neighbours.note_matter(call.work, wire.matter_state(event))

    @subscribe(plans.JointListChanged)
    def on_joint_list_changed(self, event: plans.JointListChanged, call: Call) -> None:
        neighbours.note_joint_list(call.work, wire.joint_list_state(event))

    @timer(seconds=60)
    def finish_overdue_draws(self, call: Call) -> None:
        terms, vault = sampling_settings().terms, vault_of(call.runtime)
        for draw_id in overdue(call.work.session, call.now):
            secret = secrets.token_bytes(32)
            abandoning.finish_overdue(call.work, SqlDirectory(call.work), vault, draw_id, secret, terms, call.now)

    @timer(seconds=3600)
    def warn_of_expiry(self, call: Call) -> None:
        certificates.warn_of_expiry(call.work, SqlDirectory(call.work), call.now)

    @timer(seconds=60)
    def keep_snapshot(self, call: Call) -> None:
        own = sampling_settings()
        shelf = shelf_at(own.snapshots(call.runtime.settings))
        snapshotting.refresh(call.work.session, shelf, call.now, worth_from=own.snapshot_from, after=own.snapshot_after)
