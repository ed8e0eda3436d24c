from django.urls import path, re_path

from tallies.api import reading_views as reading
from tallies.api.photo_views import PhotoView
from tallies.api.views import FormsView, FormView, InvitationsView, ResultsView
from tallies.api.witness_views import WitnessView

urlpatterns = [
    path("forms/", FormsView.as_view(), name="api-forms"),
    path("forms/<uuid:uuid>/", FormView.as_view(), name="api-form"),
    path("invitations/", InvitationsView.as_view(), name="api-invitations"),
    path("photos/<str:sha256>/", PhotoView.as_view(), name="api-photo"),
    path("witness/", WitnessView.as_view(), name="api-witness"),
    # What the pages show
    path("elections/", reading.ElectionsView.as_view(), name="api-elections"),
    path("elections/<slug:slug>/contests/", reading.ContestsView.as_view(), name="api-contests"),
    path("elections/<slug:slug>/queue/", reading.QueueView.as_view(), name="api-queue"),
    path("elections/<slug:slug>/quarantine/", reading.QuarantineView.as_view(), name="api-quarantine"),
    path("elections/<slug:slug>/reports/", reading.ErrorReportsView.as_view(), name="api-error-reports"),
    path("elections/<slug:slug>/silent/", reading.SilentView.as_view(), name="api-silent"),
    path("elections/<slug:slug>/regions/<str:code>/newest/", reading.NewestView.as_view(), name="api-newest"),
    path("elections/<slug:slug>/regions/<str:code>/work/", reading.WorkLeftView.as_view(), name="api-work-left"),
    path("elections/<slug:slug>/regions/<str:code>/stations/", reading.StationsView.as_view(), name="api-stations"),
    path("elections/<slug:slug>/regions/<str:code>/arrivals/", reading.ArrivalsView.as_view(), name="api-arrivals"),
    path("elections/<slug:slug>/stations/<int:pk>/", reading.StationView.as_view(), name="api-station"),
    path("elections/<slug:slug>/stations/<int:pk>/events/", reading.EventsView.as_view(), name="api-events"),
    path("elections/<slug:slug>/stations/<int:pk>/readings/", reading.ReadingsView.as_view(), name="api-readings"),
    path("regions/<str:code>/", reading.RegionView.as_view(), name="api-region"),
    path("forms/<uuid:uuid>/photos/<str:sha256>/", reading.FormPhotoView.as_view(), name="api-form-photo"),
    path("results/<slug:slug>/<str:code>/", ResultsView.as_view(), name="api-results"),
    # Anything else: a program wants its 404 as JSON. With a slash at its end, so that one that is missing is added.
    re_path(r"^(?:[\s\S]*/)?$", reading.NothingHereView.as_view()),
]
