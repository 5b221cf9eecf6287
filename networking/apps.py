from django.apps import AppConfig


class NetworkingConfig(AppConfig):
    name = "networking"

    def ready(self) -> None:
        from networking import live, operations  # noqa: F401 - registers regions and kinds of operations
