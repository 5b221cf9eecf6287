"""The addresses that the shell links to."""

from django.http import HttpResponse
from django.urls import include, path


def nothing(_request):
    """Answer an empty page."""
    return HttpResponse()


urlpatterns = [
    path("accounts/login/", nothing, name="account_login"),
    path("accounts/logout/", nothing, name="account_logout"),
    path("i18n/", include("django.conf.urls.i18n")),
]
