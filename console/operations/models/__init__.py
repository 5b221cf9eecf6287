from console.operations.models import operations  # noqa: F401 - Django finds models here
