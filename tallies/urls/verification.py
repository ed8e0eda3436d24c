from django.urls import path

from tallies.views import quarantine, verification

urlpatterns = [
    # One station: look, decide
    path("tps/<int:result_id>/", verification.decide, name="verification-decide"),
    # What waits, and what is kept apart, by election
    path("<slug:slug>/karantina/", quarantine.quarantine_page, name="quarantine"),
    path("<slug:slug>/", verification.queue, name="verification-queue"),
]
