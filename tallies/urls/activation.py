from django.urls import path

from tallies.views import activation

urlpatterns = [
    # Who guards here, and whose phone is ready
    path("", activation.phones, name="phones"),
    # One witness: a link, its end, a lost phone
    path("<int:pk>/tautan/", activation.make_link, name="phone-link"),
    path("<int:pk>/cabut/", activation.revoke_link, name="phone-revoke"),
    path("<int:pk>/hilang/", activation.lost_phone, name="phone-lost"),
]
