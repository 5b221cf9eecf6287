"""REST v1: flavors, key pairs, and domains that can be adopted."""

from __future__ import annotations

import uuid

from rest_framework.request import Request
from rest_framework.response import Response

from compute.api.v1.serializers import (
    AdoptSerializer,
    FlavorCreateSerializer,
    FlavorSerializer,
    FlavorUpdateSerializer,
    InstanceAcceptedSerializer,
    InstanceSerializer,
    KeyPairCreateSerializer,
    KeyPairMadeSerializer,
    KeyPairSerializer,
)
from compute.selectors import flavor_get, flavor_list, instance_get, key_pair_get, key_pair_list
from compute.services.flavors import flavor_create, flavor_delete, flavor_update
from compute.services.instances import instance_adopt
from compute.services.key_pairs import key_pair_delete, key_pair_generate, key_pair_import
from console.core.scope import Scope
from console.fleet.api.v1.serializers import UnmanagedDomainSerializer
from console.fleet.selectors import unmanaged_get, unmanaged_list
from console.identity.api.kit import ApiView, secret_is_gone
from console.identity.api.paging import by_id, exactly, yes_or_no
from console.identity.api.schema import describe, page_of
from console.identity.models.audit import AnsweredRequest
from console.operations.api.answers import accepted, replayed

_FLAVOR_FILTERS = {"name": exactly("name"), "enabled": yes_or_no("enabled")}
_KEY_PAIR_FILTERS = {"name": exactly("name"), "fingerprint": exactly("fingerprint")}
_DOMAIN_FILTERS = {"name": exactly("name"), "host": by_id("host_id"), "uuid": by_id("uuid")}


class FlavorsView(ApiView):
    @describe("flavor_list", "List flavors", answers={200: page_of(FlavorSerializer)}, filters=_FLAVOR_FILTERS)
    def get(self, _request: Request) -> Response:
        return self.paged(flavor_list(self.scope), FlavorSerializer, _FLAVOR_FILTERS)

    @describe(
        "flavor_create",
        "Make a flavor (staff)",
        request=FlavorCreateSerializer,
        answers={201: FlavorSerializer},
    )
    def post(self, _request: Request) -> Response:
        body = self.body(FlavorCreateSerializer)

        def answer(flavor_id: uuid.UUID | None) -> Response:
            flavor = flavor_get(self.scope, flavor_id=flavor_id or "")
            return self.made(self.shown(FlavorSerializer, flavor), "flavor", flavor_id=flavor.pk)

        return self.once(lambda scope: answer(flavor_create(scope, **body).pk), lambda found: answer(found.target_id))


class FlavorView(ApiView):
    @describe("flavor_get", "Show a flavor", answers={200: FlavorSerializer})
    def get(self, _request: Request, flavor_id: uuid.UUID) -> Response:
        return Response(self.shown(FlavorSerializer, flavor_get(self.scope, flavor_id=flavor_id)))

    @describe(
        "flavor_update",
        "Change a flavor (staff); instances keep the numbers that they were made with",
        request=FlavorUpdateSerializer,
        answers={200: FlavorSerializer},
    )
    def patch(self, _request: Request, flavor_id: uuid.UUID) -> Response:
        flavor = flavor_update(self.scope, flavor_id=flavor_id, **self.body(FlavorUpdateSerializer))
        return Response(self.shown(FlavorSerializer, flavor))

    @describe("flavor_delete", "Remove a flavor from the choice (staff)", answers={204: None})
    def delete(self, _request: Request, flavor_id: uuid.UUID) -> Response:
        flavor_delete(self.scope, flavor_id=flavor_id)
        return Response(status=204)


class KeyPairsView(ApiView):
    """The caller's key pairs, in whichever project he works."""

    @describe("keypair_list", "List key pairs", answers={200: page_of(KeyPairSerializer)}, filters=_KEY_PAIR_FILTERS)
    def get(self, _request: Request) -> Response:
        return self.paged(key_pair_list(self.scope), KeyPairSerializer, _KEY_PAIR_FILTERS)

    @describe(
        "keypair_create",
        "Import a public key, or make a pair; its private key is shown this once",
        request=KeyPairCreateSerializer,
        answers={201: KeyPairMadeSerializer},
    )
    def post(self, _request: Request) -> Response:
        body = self.body(KeyPairCreateSerializer)
        name, public_key = body["name"], body.get("public_key")

        def imported(key_pair_id: uuid.UUID | None) -> Response:
            return self._made(key_pair_id)

        def generate(scope: Scope) -> Response:
            key_pair, private_key = key_pair_generate(scope, name=name)
            return self._made(key_pair.pk, private_key=private_key)

        if public_key is None:
            return self.once(generate, secret_is_gone)
        return self.once(
            lambda scope: imported(key_pair_import(scope, name=name, public_key=public_key).pk),
            lambda found: imported(found.target_id),
        )

    def _made(self, key_pair_id: uuid.UUID | None, **secret: str) -> Response:
        key_pair = key_pair_get(self.scope, key_pair_id=key_pair_id or "")
        return self.made({**self.shown(KeyPairSerializer, key_pair), **secret}, "keypair", key_pair_id=key_pair.pk)


class KeyPairView(ApiView):
    @describe("keypair_get", "Show a key pair", answers={200: KeyPairSerializer})
    def get(self, _request: Request, key_pair_id: uuid.UUID) -> Response:
        return Response(self.shown(KeyPairSerializer, key_pair_get(self.scope, key_pair_id=key_pair_id)))

    @describe("keypair_delete", "Forget a key pair; instances keep the key", answers={204: None})
    def delete(self, _request: Request, key_pair_id: uuid.UUID) -> Response:
        key_pair_delete(self.scope, key_pair_id=key_pair_id)
        return Response(status=204)


class UnmanagedDomainsView(ApiView):
    fleet = True

    @describe(
        "unmanaged_domain_list",
        "List domains on our hosts that are not ours",
        answers={200: page_of(UnmanagedDomainSerializer)},
        filters=_DOMAIN_FILTERS,
        fleet=True,
    )
    def get(self, _request: Request) -> Response:
        return self.paged(unmanaged_list(self.scope), UnmanagedDomainSerializer, _DOMAIN_FILTERS)


class UnmanagedDomainView(ApiView):
    fleet = True

    @describe("unmanaged_domain_get", "Show an unmanaged domain", answers={200: UnmanagedDomainSerializer}, fleet=True)
    def get(self, _request: Request, domain_id: uuid.UUID) -> Response:
        return Response(self.shown(UnmanagedDomainSerializer, unmanaged_get(self.scope, domain_id=domain_id)))


class UnmanagedDomainAdoptView(ApiView):
    fleet = True

    @describe(
        "unmanaged_domain_adopt",
        "Take an unmanaged domain into a project; only its metadata is changed",
        request=AdoptSerializer,
        answers={202: InstanceAcceptedSerializer},
        fleet=True,
    )
    def post(self, _request: Request, domain_id: uuid.UUID) -> Response:
        project_id = self.body(AdoptSerializer).get("project") or self.own_project_id

        def act(scope: Scope) -> Response:
            instance, operation = instance_adopt(scope, domain_id=domain_id, project_id=project_id)
            return accepted(self, operation, instance=self._instance(instance.pk))

        def replay(found: AnsweredRequest) -> Response:
            return replayed(self, self.scope, found, instance=self._instance(found.target_id))

        return self.once(act, replay)

    def _instance(self, instance_id: uuid.UUID | None) -> object:
        return self.shown(InstanceSerializer, instance_get(self.scope, instance_id=instance_id or ""))
