from console.identity.models import audit, projects, users  # noqa: F401 - Django finds models here
