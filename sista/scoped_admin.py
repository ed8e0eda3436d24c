"""The admin as DPD staff see it: everything within the own provinsi, nothing outside."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

#: Rows a list counts at most: of 800,000 stations nobody needs the exact number of pages.
COUNTED_ROWS = 5_000


class BoundedPaginator(Paginator):
    """Count up to a bound, so that a list of the whole nation costs what its first pages cost."""

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:COUNTED_ROWS].count()


class ScopedList(ChangeList):
    """Sorted by the columns that offer it, whatever an address asks for."""

    def get_ordering_field(self, field_name: Any) -> Any:
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None

    @property
    def is_more(self) -> bool:
        """True where there may be rows behind the last page; they are found by searching."""
        return self.result_count >= COUNTED_ROWS


class ScopedAdmin(admin.ModelAdmin):
    """Rows and choices limited by ``visible_to``; people by role, not by Django permissions.

    Superusers do everything; staff with a role that decides (DPD) view, add and
    change; nobody but a superuser deletes. ``superuser_only`` leaves staff the
    view. Models are kept in step with totals by the functions the forms call.

    Where a table may hold a nation, ``sortable_by`` names the columns an index
    can order by, and each search stays within one table.
    """

    empty_value_display = "–"
    show_full_result_count = False
    # The numbers beside the filters would count the table once for each.
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator
    list_per_page = 50
    superuser_only = False
    read_only = False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ScopedList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows if request.user.is_superuser else rows.visible_to(request.user)

    def _may_edit(self, request: HttpRequest) -> bool:
        if self.read_only:
            return False
        return request.user.is_superuser or (self._may_see(request) and not self.superuser_only)

    def _may_see(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_active and user.is_staff and user.may_decide

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may_see(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may_see(request)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self._may_edit(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may_edit(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser and not self.read_only

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        manager = db_field.remote_field.model._default_manager
        if not request.user.is_superuser and hasattr(manager.all(), "visible_to"):
            kwargs["queryset"] = manager.visible_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
