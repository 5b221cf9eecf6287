"""Addresses of the sockets."""

from django.urls import path

from console.live.consoles import ConsoleConsumer
from console.live.consumer import LiveConsumer

websocket_urlpatterns = [
    path("ws/live/", LiveConsumer.as_asgi()),
    path("ws/console/<str:ticket>/", ConsoleConsumer.as_asgi()),
]
