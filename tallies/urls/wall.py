from django.urls import path

from tallies.views import wall, wall_links

urlpatterns = [
    # Links of the own region
    path("", wall_links.manage, name="wall-links"),
    path("tautan/", wall_links.make, name="wall-make"),
    path("tautan/<int:pk>/ulang/", wall_links.make_again, name="wall-make-again"),
    path("tautan/<int:pk>/cabut/", wall_links.revoke, name="wall-revoke"),
    # The screen itself, for who has its secret address
    path("<str:token>/", wall.screen, name="wall"),
]
