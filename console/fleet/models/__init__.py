from console.fleet.models import hosts  # noqa: F401 - Django finds models here
