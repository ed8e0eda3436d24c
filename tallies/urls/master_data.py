from django.urls import path

from tallies.views import master_data

urlpatterns = [
    path("", master_data.imports, name="master-imports"),
    path("contoh/<slug:kind>.csv", master_data.template, name="master-import-template"),
    path("<uuid:uuid>/", master_data.master_import, name="master-import"),
    path("<uuid:uuid>/kolom/", master_data.choose_columns, name="master-import-columns"),
    path("<uuid:uuid>/impor/", master_data.confirm, name="master-import-confirm"),
    path("<uuid:uuid>/batalkan/", master_data.undo, name="master-import-undo"),
    path("<uuid:uuid>/hapus/", master_data.discard, name="master-import-discard"),
]
