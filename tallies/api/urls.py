from django.urls import path

from tallies.api.photo_views import PhotoView
from tallies.api.views import FormsView, FormView, InvitationsView, ResultsView
from tallies.api.witness_views import WitnessView

urlpatterns = [
    path("forms/", FormsView.as_view(), name="api-forms"),
    path("forms/<uuid:uuid>/", FormView.as_view(), name="api-form"),
    path("invitations/", InvitationsView.as_view(), name="api-invitations"),
    path("photos/<str:sha256>/", PhotoView.as_view(), name="api-photo"),
    path("witness/", WitnessView.as_view(), name="api-witness"),
    path("results/<slug:slug>/<str:code>/", ResultsView.as_view(), name="api-results"),
]
