from django.apps import AppConfig


class StorageConfig(AppConfig):
    name = "storage"

    def ready(self) -> None:
        from storage import live, operations  # noqa: F401 - registers regions and kinds of operations
