from django.apps import AppConfig


class NetworkingConfig(AppConfig):
    name = "networking"

    def ready(self) -> None:
        from networking import operations  # noqa: F401 - registers the kinds of operations
