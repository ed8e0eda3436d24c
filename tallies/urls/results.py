from django.urls import path

from tallies.views import arrivals, overview, photos, results

urlpatterns = [
    path("", results.home, name="results-home"),
    path("partai/<slug:slug>.css", results.party_css, name="party-css"),
    path("foto/<uuid:uuid>/<str:sha256>/", photos.photo, name="photo"),
    path("<slug:slug>/tps/<int:result_id>/", results.station, name="station"),
    path("<slug:slug>/tps/<int:result_id>/pesan/", results.station_message, name="station-message"),
    path("<slug:slug>/<str:code>/kedatangan/", arrivals.arrivals_page, name="arrivals"),
    path("<slug:slug>/<str:code>/kedatangan.svg", arrivals.arrivals_picture_view, name="arrivals-picture"),
    path("<slug:slug>/<str:code>/pekerjaan/", overview.work_left, name="work-left"),
    path("<slug:slug>/<str:code>/", results.region, name="region"),
]
