from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"

    def ready(self) -> None:
        from monitoring import live, operations  # noqa: F401 - registers regions and kinds of operations
