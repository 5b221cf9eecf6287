from compute.models import catalog, instances  # noqa: F401 - Django finds models here
