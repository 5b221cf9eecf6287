"""The web process: pages, REST and sockets on one port."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter

from console.live.asgi import BodyLimit, Language, OwnOrigin, Utf8Only
from console.live.routing import websocket_urlpatterns

application = ProtocolTypeRouter(
    {
        "http": Utf8Only(BodyLimit(django_application)),
        "websocket": OwnOrigin(AuthMiddlewareStack(Language(URLRouter(websocket_urlpatterns)))),
    }
)
