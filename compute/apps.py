from django.apps import AppConfig


class ComputeConfig(AppConfig):
    name = "compute"

    def ready(self) -> None:
        from compute import live, operations  # noqa: F401 - registers regions and kinds of operations
