from django.urls import path

from tallies.views import mandates, mandates_printing

urlpatterns = [
    # Print the letters of a region; whose letters there are
    path("", mandates_printing.home, name="mandates"),
    path("surat/", mandates.listed, name="mandate-list"),
    # Is the number on a paper valid?
    path("periksa/", mandates.check, name="mandate-check"),
    # One letter: what it is, its end, another in its place
    path("surat/<int:pk>/", mandates.letter, name="mandate"),
    path("surat/<int:pk>/cabut/", mandates.revoke, name="mandate-revoke"),
    path("surat/<int:pk>/ganti/", mandates.replace, name="mandate-replace"),
    # Files that are prepared, and their maker's alone
    path("berkas/<uuid:uuid>/", mandates_printing.batch, name="mandate-batch"),
    path("berkas/<uuid:uuid>/semua.zip", mandates_printing.all_files, name="mandate-files"),
    path("berkas/<uuid:uuid>/<str:code>.pdf", mandates_printing.one_file, name="mandate-file"),
    path("berkas/<uuid:uuid>/hapus/", mandates_printing.remove, name="mandate-batch-remove"),
]
