from django.urls import path

from tallies.views import archive, archive_packs, retention

urlpatterns = [
    path("", archive.home, name="archive-home"),
    # One of them, with its history
    path("c1/<uuid:uuid>/", archive.form, name="archive-form"),
    path("rekap/<uuid:uuid>/", archive.recap, name="archive-recap"),
    path("karantina/<uuid:uuid>/", archive.quarantined, name="archive-quarantined"),
    # A region as a file: its progress, the file, its end
    path("berkas/<uuid:uuid>/", archive_packs.pack, name="archive-pack"),
    path("berkas/<uuid:uuid>/isi/", archive_packs.pack_file, name="archive-pack-file"),
    path("berkas/<uuid:uuid>/hapus/", archive_packs.pack_remove, name="archive-pack-remove"),
    path("<slug:slug>/<str:code>/berkas/", archive_packs.offer, name="archive-pack-offer"),
    # Names and numbers end
    path("retensi/", retention.elections, name="retention"),
    path("retensi/<slug:slug>/", retention.one, name="retention-election"),
    path("retensi/<slug:slug>/<int:pk>/setujui/", retention.confirm, name="retention-confirm"),
    path("retensi/<slug:slug>/<int:pk>/tarik/", retention.withdraw, name="retention-withdraw"),
    # What a region holds
    path("<slug:slug>/", archive.browse, name="archive"),
]
