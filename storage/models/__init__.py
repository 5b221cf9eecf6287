from storage.models import images, volumes  # noqa: F401 - Django finds models here
