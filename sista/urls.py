"""Every address, by area. The areas list their own."""

from django.contrib import admin
from django.contrib.auth.decorators import user_passes_test
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from sista.component_page import component_page
from tallies.views import manage

for_developers = user_passes_test(lambda user: user.is_superuser)

# /healthz, /readyz and /metrics are answered by sista.health, before these are looked at.
urlpatterns = [
    # People: sign-in, language, the way home
    path("", include("accounts.urls")),
    # Saksi: C1, receipts
    path("saksi/", include("tallies.urls.witness")),
    # Results, stations, photos
    path("hasil/", include("tallies.urls.results")),
    # The same tables as files
    path("unduh/", include("tallies.urls.exports")),
    # Files are brought in: looked at first, then imported
    path("impor/resmi/", include("tallies.urls.official")),
    path("impor/", include("tallies.urls.master_data")),
    # Coordinators decide
    path("verifikasi/", include("tallies.urls.verification")),
    # Somebody says that something is wrong
    path("laporan/", include("tallies.urls.error_reports")),
    # Stations that are not in: called, reminded, typed from paper
    path("belum-masuk/", include("tallies.urls.silent")),
    # D.Hasil: what is in, entered, read a second time, settled
    path("rekap/", include("tallies.urls.recap")),
    # Everything that came in, found again
    path("arsip/", include("tallies.urls.archive")),
    # Operators read photos a second time
    path("kamar-hitung/", include("tallies.urls.count_room")),
    # The desks that prepare and watch over an election
    path("kelola/", manage.manage, name="manage"),
    # What people did beside the figures
    path("jejak/", include("tallies.urls.trail")),
    # How the work went: regions, witnesses, readers, a report
    path("evaluasi/", include("tallies.urls.evaluation")),
    # Elections: their phases, their practice
    path("pemilihan/", include("tallies.urls.elections")),
    # Coordinators hand out links to witnesses
    path("penugasan/aktivasi/", include("tallies.urls.activation")),
    # Letters of mandate
    path("penugasan/mandat/", include("tallies.urls.mandates")),
    # Who guards which TPS, who steps in, who sits in the count room
    path("penugasan/", include("tallies.urls.roster")),
    # Big screens and their links
    path("layar/", include("tallies.urls.wall")),
    # Targets and findings
    path("analisis/", include("analytics.urls")),
    # What is expected, and from where
    path("harapan/", include("analytics.expectation_urls")),
    # The SMS gateway
    path("sms/", include("tallies.urls.sms")),
    # Phones and programs
    path("api/v1/", include("tallies.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    # Developers: every component on one page
    path("komponen/", for_developers(component_page), name="components"),
    # DPD
    path("admin/", admin.site.urls),
]
