from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class LiveConfig(AppConfig):
    name = "console.live"
    label = "live"

    def ready(self) -> None:
        # Each app's `live.py` registers its regions. Here and not by the apps: workers, which show no pages, have no
        # need of them.
        autodiscover_modules("live")
