from django.urls import path

from tallies.views import verification

urlpatterns = [
    # One station: look, decide
    path("tps/<int:result_id>/", verification.decide, name="verification-decide"),
    # What waits, by election
    path("<slug:slug>/", verification.queue, name="verification-queue"),
]
