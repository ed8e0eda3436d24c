from django.urls import path

from tallies.views import count_room

urlpatterns = [
    path("", count_room.home, name="count-room"),
    # The photo of the form that the reader holds
    path("foto/<int:form_id>/<str:sha256>/", count_room.photo, name="reading-photo"),
    # Read, keep what one holds, look whether something came, the own work
    path("<slug:slug>/", count_room.read, name="reading"),
    path("<slug:slug>/pegang/", count_room.hold, name="reading-hold"),
    path("<slug:slug>/antrean/", count_room.queue, name="reading-queue"),
    path("<slug:slug>/saya/", count_room.own, name="own-readings"),
]
