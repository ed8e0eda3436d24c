from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.admin import StaticDevice
from django_otp.plugins.otp_totp.admin import TOTPDevice

from accounts import recording, rights, rights_changes
from accounts.models import Refusal, User
from accounts.phone_numbers import normalise_start
from sista.database import writing
from sista.scoped_admin import ScopedAdmin

admin.site.unregister(Group)  # roles, not groups
# They would show the secrets of everybody's authenticator app.
admin.site.unregister([TOTPDevice, StaticDevice])


@admin.register(User)
class PersonAdmin(ScopedAdmin, UserAdmin):
    list_display = ["username", "full_name", "role", "region", "phone_number", "is_active"]
    list_filter = ["role", "is_active"]
    list_select_related = ["region"]
    search_fields = ["username", "full_name", "phone"]
    sortable_by = ["username"]
    ordering = ["username"]
    autocomplete_fields = ["region"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Orang"), {"fields": ["full_name", "phone", "language"]}),
        (_("Peran"), {"fields": ["role", "region", "is_active", "valid_until"]}),
        (_("Masuk"), {"fields": ["account_page"]}),
    ]
    readonly_fields = ["account_page"]
    superuser_fieldsets = [(_("Kuasa"), {"fields": ["is_staff", "is_superuser"]})]
    add_fieldsets = [
        (None, {"fields": ["username", "password1", "password2", "full_name", "phone", "role", "region"]}),
    ]

    @admin.display(description=_("telepon"))
    def phone_number(self, person):
        return person.spoken_phone or None

    @admin.display(description=_("sesi dan langkah kedua"))
    def account_page(self, person):
        address = reverse("person-account", args=[person.pk])
        return format_html('<a href="{}">{}</a>', address, gettext("Lihat dan akhiri"))

    def save_model(self, request, obj, form, change):
        rights_changes.save(obj, by=request.user)

    def user_change_password(self, request, id, form_url=""):
        with writing():
            response = super().user_change_password(request, id, form_url)
            if request.method == "POST" and response.status_code == 302:
                person = self.get_object(request, id)
                recording.record("password changed", by=request.user, region=person.region, subject=person)
        return response

    def get_search_results(self, request, queryset, search_term):
        # Numbers are kept as +62812…, and asked for as people read them out: 0812-3456.
        return super().get_search_results(request, queryset, normalise_start(search_term))

    def get_fieldsets(self, request, obj=None):
        sets = super().get_fieldsets(request, obj)
        return [*sets, *self.superuser_fieldsets] if obj and request.user.is_superuser else sets

    def has_change_permission(self, request, obj=None):
        # Whom a region shows are also those who once guarded there, whatever they are elsewhere by now.
        if obj is not None and not request.user.is_superuser:
            # As stored: a form that was refused has left what was typed in ``obj``, and is shown again.
            stored = User.objects.select_related("region").get(pk=obj.pk)
            if not rights.may_manage(request.user, stored):
                return False
        return super().has_change_permission(request, obj)

    def formfield_for_choice_field(self, db_field, request, **kwargs):
        if db_field.name == "role" and not request.user.is_superuser:
            kwargs["choices"] = [(role.value, role.label) for role in rights.given_by(request.user)]
        return super().formfield_for_choice_field(db_field, request, **kwargs)


@admin.register(Refusal)
class RefusalAdmin(ScopedAdmin):
    list_display = ["at", "user", "method", "status", "path"]
    list_select_related = ["user"]
    search_fields = ["user__username"]
    sortable_by = ["at"]
    read_only = True
