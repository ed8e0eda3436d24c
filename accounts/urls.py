from django.contrib.auth.views import LogoutView
from django.urls import path

from accounts import account_views, phone_views, second_factor_views, token_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("masuk/", views.SignInView.as_view(), name="sign-in"),
    path("keluar/", LogoutView.as_view(), name="sign-out"),
    path("sandi/", views.NewPasswordView.as_view(), name="new-password"),
    # The second factor
    path("masuk/kode/", second_factor_views.sign_in_code, name="sign-in-code"),
    path("akun/langkah-kedua/", second_factor_views.manage, name="second-factor"),
    path("akun/langkah-kedua/pasang/", second_factor_views.set_up, name="second-factor-set-up"),
    path("akun/langkah-kedua/kode-pemulihan/", second_factor_views.recovery_file, name="recovery-file"),
    # The own account, and those one is responsible for
    path("akun/", account_views.account, name="account"),
    path("akun/sesi/akhiri/", account_views.end_other_sessions, name="sessions-end"),
    path("akun/sesi/<int:pk>/akhiri/", account_views.end_session, name="session-end"),
    path("akun/orang/<int:pk>/", account_views.person, name="person-account"),
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
