from django.contrib import admin
from simple_history.admin import SimpleHistoryAdmin

from regions.models import Region
from sista.scoped_admin import ScopedAdmin


@admin.register(Region)
class RegionAdmin(ScopedAdmin, SimpleHistoryAdmin):
    """Population and time zone are set here; the tree itself comes from an import."""

    list_display = ["code", "name", "level", "population", "time_zone"]
    list_filter = ["level"]
    search_fields = ["code", "name"]
    fields = ["code", "name", "level", "parent", "population", "time_zone"]
    readonly_fields = ["code", "name", "level", "parent"]

    def has_add_permission(self, request, *args):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
