"""The `groups` block: by what the windows of a study are compared."""

from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from lstmkit.params.base import Date, Name, Number, Schema, twice

MOST_GROUPS = 8
TERCILES = ("Low", "Medium", "High")
OTHER, UNKNOWN = "other", "unknown"  # groups of the steps outside every span, and of those without a value


def _shown_by_legends(label: str) -> str:
    if label.startswith("_"):
        raise ValueError("a label must not begin with _, which legends leave out")
    return label


def _distinct(labels: tuple[str, ...]) -> tuple[str, ...]:
    if repeated := twice(labels):
        raise ValueError(
            f"the labels must differ, as [{', '.join(TERCILES)}] do: {repeated!r} is there twice"
        )
    return labels


def _rising(edges: tuple[float, ...]) -> tuple[float, ...]:
    if any(low >= high for low, high in pairwise(edges)):
        raise ValueError(f"the edges must rise: the lowest comes first, not {list(edges)}")
    return edges


def _one_or_several(given: Any) -> Any:
    """A span alone as a list of one."""
    is_alone = isinstance(given, list | tuple) and not any(isinstance(each, list | tuple) for each in given)
    return (given,) if is_alone else given


def _first_and_last(span: Any) -> Any:
    is_pair = isinstance(span, list | tuple) and len(span) == 2 and any(day is not None for day in span)
    if not is_pair:
        raise ValueError(
            "write a first and a last day, for example [2023-12-01, 2024-02-29]; null leaves one of them open"
        )
    return span


def _in_order(span: tuple[str | None, str | None]) -> tuple[str | None, str | None]:
    first, last = span
    if first is not None and last is not None and last < first:
        raise ValueError(f"the first day comes first, not [{first}, {last}]")
    return span


Label = Annotated[Name, AfterValidator(_shown_by_legends)]
Labels = Annotated[tuple[Label, ...], Field(min_length=2, max_length=MOST_GROUPS), AfterValidator(_distinct)]
Edges = Annotated[tuple[Number, ...], Field(min_length=1), AfterValidator(_rising)]
Span = Annotated[tuple[Date | None, Date | None], BeforeValidator(_first_and_last), AfterValidator(_in_order)]
Spans = Annotated[tuple[Span, ...], BeforeValidator(_one_or_several), Field(min_length=1, max_length=100)]


def _check_edges(labels: tuple[str, ...], edges: tuple[float, ...]) -> None:
    if len(edges) != len(labels) - 1:
        raise ValueError(f"{len(labels)} labels need {len(labels) - 1} edges between them, not {len(edges)}")


class QuantileGroups(Schema):
    """Equal shares of the target's values in the training part, from the lowest to the highest."""

    labels: Labels = TERCILES


class EdgeGroups(Schema):
    """Ranges of the target between fixed edges in its unit; a value at an edge belongs to the upper range."""

    labels: Labels = TERCILES
    edges: Edges

    @model_validator(mode="after")
    def _edges_fit(self) -> "EdgeGroups":
        _check_edges(self.labels, self.edges)
        return self


class ColumnGroups(Schema):
    """The values of a column, or its ranges between `edges`; no model needs to see the column.

    Attributes:
        column: a name in `data.columns` or `data.latents`, or else the file's own.
        noun: what one of the groups is called in sentences, for example `shift`.
        labels: of the ranges of a column of numbers, from the lowest to the highest.
        edges: between these ranges.
    """

    column: Annotated[str, Field(min_length=1)]
    noun: Name = "group"
    labels: Labels | None = None
    edges: Edges | None = None

    @model_validator(mode="after")
    def _edges_fit(self) -> "ColumnGroups":
        if (self.labels is None) != (self.edges is None):
            raise ValueError(
                "`labels` and `edges` belong together; without both, the groups are the column's values"
            )
        if self.labels and self.edges:
            _check_edges(self.labels, self.edges)
        if UNKNOWN in (self.labels or ()):
            raise ValueError(f"{UNKNOWN!r} is the group of the steps without a value: choose another label")
        return self


class SpanGroups(Schema):
    """Spans of days on the site's clock; what lies outside all of them is the group `other`.

    Attributes:
        noun: what one of the groups is called in sentences, for example `season`.
        spans: label to a first and a last day, or to several such pairs; `null` leaves an end open.
    """

    noun: Name = "group"
    spans: Annotated[dict[Label, Spans], Field(min_length=1, max_length=MOST_GROUPS)]

    @model_validator(mode="after")
    def _are_apart(self) -> "SpanGroups":
        if OTHER in self.spans:
            raise ValueError(f"{OTHER!r} is the group of what lies outside the spans: choose another label")
        days = sorted(
            (first or "", last or "9999", label)
            for label, spans in self.spans.items()
            for first, last in spans
        )
        for (_, last, label), (first, _, other) in pairwise(days):
            if first <= last:
                raise ValueError(
                    f"the spans of {label!r} and {other!r} overlap: a day belongs to one of them"
                )
        return self


def _kind(given: Any) -> str:
    """Which kind of groups a block states: the one whose key it has, else equal shares."""
    keys = given if isinstance(given, dict) else getattr(type(given), "model_fields", ())
    return next((key for key in ("spans", "column", "edges") if key in keys), "quantiles")


GroupParams = QuantileGroups | EdgeGroups | ColumnGroups | SpanGroups
GroupsBlock = Annotated[
    Annotated[QuantileGroups, Tag("quantiles")]
    | Annotated[EdgeGroups, Tag("edges")]
    | Annotated[ColumnGroups, Tag("column")]
    | Annotated[SpanGroups, Tag("spans")],
    Discriminator(_kind),
]
