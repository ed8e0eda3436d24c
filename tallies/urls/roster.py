from django.urls import path

from tallies.views import roster, roster_acts, roster_people

urlpatterns = [
    path("", roster.home, name="roster-home"),
    # One TPS: put somebody there, replace, choose one of two, take off
    path("tps/<int:pk>/tugaskan/", roster_acts.assign, name="roster-assign"),
    path("tps/<int:pk>/ganti/", roster_acts.replace, name="roster-replace"),
    path("tps/<int:pk>/pilih/", roster_acts.keep, name="roster-keep"),
    path("tps/<int:pk>/lepas/", roster_acts.take_off, name="roster-take-off"),
    # What is ended
    path("cadangan/<int:pk>/akhiri/", roster_people.end_reserve, name="roster-end-reserve"),
    path("giliran/<int:pk>/batal/", roster_people.cancel_shift, name="roster-cancel-shift"),
    # One election, one place
    path("<slug:slug>/<str:code>/", roster.place, name="roster"),
    path("<slug:slug>/<str:code>/cadangan/", roster_people.reserves_page, name="roster-reserves"),
    path("<slug:slug>/<str:code>/saksi-ppk/", roster_people.district_page, name="roster-districts"),
    path("<slug:slug>/<str:code>/operator/", roster_people.shifts_page, name="roster-shifts"),
]
