"""Addresses that read all apps: the start page and the command palette."""

from django.urls import URLPattern, path

from console.live import home, palette

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("palette.json", palette.palette, name="palette"),
]
