from django.urls import path

from analytics.views import evidence, findings, information, losing, projections, standing
from analytics.views import targets as views

urlpatterns = [
    # Targets of an election
    path("<slug:slug>/target/", views.targets, name="targets"),
    path("<slug:slug>/target/<int:contest_id>/<str:code>/", losing.area, name="lost-area"),
    path("<slug:slug>/target/<int:contest_id>/<str:code>/gambar/", losing.picture, name="lost-picture"),
    # Findings
    path("<slug:slug>/temuan/", findings.findings, name="findings"),
    path("temuan/<int:finding_id>/", findings.finding, name="finding"),
    path("temuan/<int:finding_id>/tindakan/", findings.act, name="finding-act"),
    path("temuan/<int:finding_id>/lampiran/<int:attachment_id>/", findings.attachment, name="finding-attachment"),
    # People, coverage and findings, a line a region
    path("<slug:slug>/<str:code>/pantauan/", standing.standing_page, name="standing"),
    # What the end may be, and what is told of a kabupaten beside its result
    path("<slug:slug>/<str:code>/proyeksi/", projections.projection_page, name="projection"),
    path("<slug:slug>/<str:code>/proyeksi.svg", projections.projection_picture, name="projection-picture"),
    path("<slug:slug>/<str:code>/keterangan/", information.information_page, name="information"),
    path("<slug:slug>/<str:code>/keterangan.svg", information.information_picture, name="information-picture"),
    # Evidence packs: what was made, one of them, those of a region
    path("bukti/", evidence.packs, name="evidence-packs"),
    path("bukti/verify.py", evidence.verifier, name="evidence-verifier"),
    path("bukti/paket/<uuid:uuid>/", evidence.pack, name="evidence"),
    path("bukti/paket/<uuid:uuid>/isi/", evidence.pack_file, name="evidence-file"),
    path("bukti/paket/<uuid:uuid>/hapus/", evidence.pack_remove, name="evidence-remove"),
    path("bukti/<slug:slug>/<str:code>/", evidence.of_region, name="region-evidence"),
    # Findings
    path("temuan/<int:finding_id>/bukti/", evidence.of_finding, name="finding-evidence"),
]
