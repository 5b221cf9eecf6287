"""Addresses of this app, by the roof they stand under (see console/urls.py)."""

from django.urls import path

from monitoring import views

urlpatterns: list = []
project_urlpatterns: list = [
    path("instances/<uuid:instance_id>/metrics/", views.instance_metrics, name="instance-metrics"),
]
fleet_urlpatterns: list = []
api_urlpatterns: list = []
