"""Channels: entered and changed by administrators."""

from __future__ import annotations

from collections.abc import Collection

from services.chassis.work import Work
from services.credit.model.channel import Channel, ChannelNameTaken, Vault


def create_channel(work: Work, channel: Channel, allowed_hosts: Collection[str], vault: Vault) -> Channel:
    """Add a channel; what is published from now on is shared through it."""
    channel.check(allowed_hosts)
    _require_free_name(work, channel.name)
    channel.channel_id = work.new_id()
    channel.seal(vault)
    work.add(channel)
    return channel


def update_channel(
    work: Work, channel_id: str, wanted: Channel, allowed_hosts: Collection[str], vault: Vault, *, etag: str = ""
) -> Channel:
    """Replace what a channel says."""
    channel = work.get(Channel, channel_id, etag=etag, lock=True)
    if wanted.name != channel.name:
        _require_free_name(work, wanted.name)
    channel.revise(wanted, allowed_hosts)
    channel.seal(vault)
    return channel


def seal_secrets(work: Work, vault: Vault) -> int:
    """Seal what was kept in the open by an earlier release; how many."""
    found = [channel for channel in work.all(Channel) if channel.secret]
    for channel in found:
        channel.seal(vault)
    return len(found)


def _require_free_name(work: Work, name: str) -> None:
    taken = work.find(Channel, name=name)
    if taken:
        raise ChannelNameTaken(name, taken.channel_id)
