from django.urls import path

from tallies.views import exports

urlpatterns = [
    # A long table: its progress, then its file
    path("berkas/<uuid:uuid>/", exports.job, name="export-job"),
    path("berkas/<uuid:uuid>/isi/", exports.job_file, name="export-file"),
    path("berkas/<uuid:uuid>/hapus/", exports.job_remove, name="export-remove"),
    # A table of a place: what there is, and one of them
    path("<slug:slug>/<str:code>/", exports.tables_page, name="exports"),
    path("<slug:slug>/<str:code>/<slug:table>.<slug:file_format>", exports.export, name="export"),
]
