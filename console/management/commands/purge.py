"""`manage.py purge`: take everything that this installation made off its hosts."""

from __future__ import annotations

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.fleet.models.hosts import Host
from console.fleet.services.connections import connection
from console.fleet.services.installation import installation_id
from console.virt.errors import VirtError
from console.virt.port import Hypervisor

_OURS = re.compile(r"^(image|volume|config|console|probe)-[0-9a-f]{8}-[0-9a-f-]{27}\.")


class Command(BaseCommand):
    help = "Remove our domains, volumes and pools from all hosts. What is not ours stays."

    def handle(self, *_args: Any, **_options: Any) -> None:
        left = []
        for host in Host.unscoped.all():
            try:
                self._purge(host, connection(host))
            except VirtError as error:
                left.append(f"{host.name}: {error.message}")
        if left:
            raise CommandError("\n".join(["Not all could be removed:", *left]))

    def _purge(self, host: Host, hypervisor: Hypervisor) -> None:
        for facts in hypervisor.domain_list():
            if facts.owner and facts.owner.installation == installation_id():
                hypervisor.domain_destroy(facts.uuid, facts.owner)
                hypervisor.domain_undefine(facts.uuid, facts.owner)
                self.stdout.write(f"{host.name}: {facts.name} removed")
        if host.pool_name:
            for volume in hypervisor.volume_list(host.pool_name):
                if _OURS.match(volume.name):
                    hypervisor.volume_delete(host.pool_name, volume.name)
            hypervisor.pool_delete(host.pool_name)
            self.stdout.write(f"{host.name}: pool {host.pool_name} removed")
