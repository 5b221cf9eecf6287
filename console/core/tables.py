"""Tables whose rows are built by plain Python: a list of fifty rows must not cost fifty templates."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import django_tables2 as tables
from django.utils.functional import cached_property
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from console.core.templatetags.ui import EMPTY


class _Ordered(tables.data.TableListData):
    """Rows that the database has ordered already."""

    def order_by(self, aliases: Any) -> None:
        """Leave the order as it is; the heads only show it."""


class LeanTable(tables.Table):
    """Columns and sorting by django-tables2, rows by `render_<column>(record)` methods of the table itself.

    `row_html` makes one row, for the page and for the socket alike. A subclass names the live region and, in `orders`,
    the database keys behind each column that can be sorted.
    """

    live_region = ""
    live_gone = "strike"
    """What becomes of a row whose object is gone: struck, so that nobody's click lands on another row; or removed."""
    orders: dict[str, tuple[str, ...]] = {}
    default_order = ""

    def __init__(self, rows: Iterable[Any] = (), *, sort: str = "", **kwargs: Any) -> None:
        self.sort = sort if sort.lstrip("-") in self.orders else self.default_order
        super().__init__(data=_Ordered(list(rows)), order_by=self.sort, order_by_field="sort", **kwargs)

    @classmethod
    def keys(cls, sort: str) -> tuple[str, ...]:
        """The database keys behind a column's name, with a leading minus for descending."""
        if sort.lstrip("-") not in cls.orders:
            sort = cls.default_order
        keys = cls.orders[sort.lstrip("-")]
        return tuple(f"-{key}" for key in keys) if sort.startswith("-") else keys

    @cached_property
    def _cells(self) -> list[tuple[str, Callable[[Any], Any]]]:
        cells = []
        for column in self.columns:
            render = getattr(self, f"render_{column.name}")
            if column.name in ("select", "actions"):
                opening = f'<td class="col-{column.name}">'
            else:
                css = column.column.attrs.get("td", {}).get("class", "")
                opening = f'<td class="{css}" data-label="{conditional_escape(column.header)}">'
            cells.append((opening, render))
        return cells

    def row_html(self, record: Any) -> SafeString:
        """One row."""
        live = (
            f' data-live="{self.live_region}:{record.pk}" data-live-gone="{self.live_gone}"' if self.live_region else ""
        )
        parts = [f'<tr id="{record._meta.model_name}-row-{record.pk}"{live}>']
        for opening, render in self._cells:
            cell = render(record)
            parts += (opening, EMPTY if cell is None or cell == "" else conditional_escape(cell), "</td>")
        parts.append("</tr>")
        return mark_safe("".join(parts))  # noqa: S308 - every cell is escaped above

    @cached_property
    def body(self) -> SafeString:
        """All rows: `components/table.html` takes them as they are."""
        return mark_safe("".join(self.row_html(record) for record in self.data))  # noqa: S308 - made of safe rows


def select_box(record: Any) -> SafeString:
    """The checkbox by which a row joins a bulk action."""
    return format_html(
        '<label class="row-check"><input type="checkbox" class="form-check-input row-select" id="select-{}" name="ids"'
        ' value="{}" data-name="{}" aria-label="{}"></label>',
        record.pk,
        record.pk,
        record,
        _("Select %(name)s") % {"name": record},
    )
