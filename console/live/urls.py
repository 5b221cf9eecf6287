"""Addresses that read all apps: the start page and the command palette."""

from django.urls import path

from console.live import home, palette

urlpatterns: list = [
    path("", home.home, name="home"),
    path("palette.json", palette.palette, name="palette"),
]
