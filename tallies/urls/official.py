from django.urls import path

from tallies.views import official

urlpatterns = [
    path("", official.imports, name="official-imports"),
    path("<uuid:uuid>/", official.official_import, name="official-import"),
    path("<uuid:uuid>/kolom/", official.choose_columns, name="official-import-columns"),
    path("<uuid:uuid>/impor/", official.confirm, name="official-import-confirm"),
    path("<uuid:uuid>/batalkan/", official.undo, name="official-import-undo"),
    path("<uuid:uuid>/hapus/", official.discard, name="official-import-discard"),
]
