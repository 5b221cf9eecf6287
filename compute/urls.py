"""Addresses of this app, by the roof they stand under (see console/urls.py)."""

from django.urls import path

from compute.api.v1.urls import urlpatterns as api_urlpatterns  # noqa: F401 - console/urls.py mounts them
from compute.views import create, detail, flavors, instances, key_pairs, overview, unmanaged

urlpatterns: list = []
project_urlpatterns: list = [
    path("", overview.overview, name="overview"),
    path("instances/", instances.instance_list_page, name="instances"),
    path("instances/new/", create.instance_new, name="instance-create"),
    path("instances/bulk/<slug:verb>/", instances.instance_bulk, name="instance-bulk"),
    path("instances/<uuid:instance_id>/", detail.overview, name="instance"),
    path("instances/<uuid:instance_id>/console/", detail.console, name="instance-console"),
    path("instances/<uuid:instance_id>/console-ticket/", detail.ticket, name="instance-console-ticket"),
    path("instances/<uuid:instance_id>/log/", detail.log, name="instance-log"),
    path("instances/<uuid:instance_id>/activity/", detail.activity, name="instance-activity"),
    path("instances/<uuid:instance_id>/rename/", detail.rename, name="instance-rename"),
    path("instances/<uuid:instance_id>/actions/<slug:verb>/", instances.instance_action, name="instance-action"),
    path("key-pairs/", key_pairs.key_pair_list_page, name="key-pairs"),
    path("key-pairs/import/", key_pairs.import_, name="key-pair-import"),
    path("key-pairs/generate/", key_pairs.generate, name="key-pair-create"),
    path("key-pairs/<uuid:key_pair_id>/delete/", key_pairs.delete, name="key-pair-delete"),
]
fleet_urlpatterns: list = [
    path("instances/", instances.fleet_list_page, name="instances"),
    path("instances/bulk/<slug:verb>/", instances.instance_bulk, name="instance-bulk"),
    path("flavors/", flavors.flavor_list_page, name="flavors"),
    path("flavors/new/", flavors.create, name="flavor-create"),
    path("flavors/<uuid:flavor_id>/", flavors.edit, name="flavor-edit"),
    path("flavors/<uuid:flavor_id>/switch/", flavors.switch, name="flavor-switch"),
    path("flavors/<uuid:flavor_id>/delete/", flavors.delete, name="flavor-delete"),
    path("unmanaged/<uuid:domain_id>/adopt/", unmanaged.adopt, name="unmanaged-adopt"),
]
