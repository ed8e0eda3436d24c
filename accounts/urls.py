from django.contrib.auth.views import LogoutView
from django.urls import path

from accounts import phone_views, token_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("masuk/", views.SignInView.as_view(), name="sign-in"),
    path("keluar/", LogoutView.as_view(), name="sign-out"),
    path("sandi/", views.NewPasswordView.as_view(), name="new-password"),
    # A witness's phone
    path("aktivasi/<str:token>/", phone_views.activate, name="activate"),
    path("pin/", phone_views.pin, name="pin"),
    path("pin/ganti/", phone_views.change_pin, name="change-pin"),
    # Keys for programs
    path("akun/token/", token_views.tokens, name="api-tokens"),
    path("akun/token/<int:pk>/cabut/", token_views.revoke_token, name="api-token-revoke"),
    path("bahasa/", views.set_language, name="set-language"),
    # Stands before the admin's own address, which it replaces.
    path("admin/login/", views.admin_sign_in),
]
