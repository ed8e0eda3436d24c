from django.urls import path

from tallies.views import error_reports

urlpatterns = [
    # Whoever may see a station says what is wrong there
    path("tps/<int:result_id>/", error_reports.report, name="error-report"),
]
