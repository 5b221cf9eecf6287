"""Addresses of instances, flavors, key pairs and unmanaged domains under /api/v1/."""

from compute.api.v1 import catalog, views
from console.identity.api.kit import route

urlpatterns = [
    route("instances", views.InstancesView, "instances"),
    route("instances/<uuid:instance_id>", views.InstanceView, "instance"),
    route("instances/<uuid:instance_id>/start", views.InstanceStartView, "instance-start"),
    route("instances/<uuid:instance_id>/stop", views.InstanceStopView, "instance-stop"),
    route("instances/<uuid:instance_id>/reboot", views.InstanceRebootView, "instance-reboot"),
    route("instances/<uuid:instance_id>/console", views.InstanceConsoleView, "instance-console"),
    route("instances/<uuid:instance_id>/console-log", views.InstanceConsoleLogView, "instance-console-log"),
    route("flavors", catalog.FlavorsView, "flavors"),
    route("flavors/<uuid:flavor_id>", catalog.FlavorView, "flavor"),
    route("keypairs", catalog.KeyPairsView, "keypairs"),
    route("keypairs/<uuid:key_pair_id>", catalog.KeyPairView, "keypair"),
    route("unmanaged-domains", catalog.UnmanagedDomainsView, "unmanaged-domains"),
    route("unmanaged-domains/<uuid:domain_id>", catalog.UnmanagedDomainView, "unmanaged-domain"),
    route("unmanaged-domains/<uuid:domain_id>/adopt", catalog.UnmanagedDomainAdoptView, "unmanaged-domain-adopt"),
]
