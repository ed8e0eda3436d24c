from django.urls import path

from tallies.views import error_reports, quarantine, verification

urlpatterns = [
    # One station: look, decide
    path("tps/<int:result_id>/", verification.decide, name="verification-decide"),
    # What people say is wrong, and the answer
    path("laporan/<int:pk>/tutup/", error_reports.close, name="error-report-close"),
    path("<slug:slug>/laporan/", error_reports.reports, name="error-reports"),
    # What waits, and what is kept apart, by election
    path("<slug:slug>/karantina/", quarantine.quarantine_page, name="quarantine"),
    path("<slug:slug>/", verification.queue, name="verification-queue"),
]
