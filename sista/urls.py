"""Every address, by area. The areas list their own."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

urlpatterns = [
    # People: sign-in, language, the way home
    path("", include("accounts.urls")),
    # Saksi: C1, receipts
    path("saksi/", include("tallies.urls.witness")),
    # Results, stations, photos
    path("hasil/", include("tallies.urls.results")),
    # Coordinators decide
    path("verifikasi/", include("tallies.urls.verification")),
    # Targets and findings
    path("analisis/", include("analytics.urls")),
    # Phones and programs
    path("api/v1/", include("tallies.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    # DPD
    path("admin/", admin.site.urls),
]
