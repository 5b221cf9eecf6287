from networking.models import networks  # noqa: F401 - Django finds models here
