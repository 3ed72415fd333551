"""A replay that writes nothing: what would today's parser read otherwise, field by field, with examples?"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from integrator.errors import BytesRefused, RejectedRecord
from integrator.explain.fields import flatten, name_field
from integrator.listing import Account, Detail, Listing
from integrator.ports import Connector
from integrator.record import Kind, Record
from integrator.store.archive import ArchiveReader, Kept
from integrator.store.database import Database
from integrator.store.feeds import load_feed
from integrator.store.readings import KeptStatement, stream_kept
from integrator.sync.outcome import Progress, quiet

_EXAMPLES = 3

_PLACE = re.compile(r"\[\d+\]")

_DECODERS = {
    Kind.LISTING: msgspec.json.Decoder(Listing).decode,
    Kind.ACCOUNT: msgspec.json.Decoder(Account).decode,
    Kind.DETAIL: msgspec.json.Decoder(Detail).decode,
}


@dataclass(frozen=True, slots=True)
class Example:
    """One record's values of a field; None where there is none."""

    external_id: str
    before: object
    after: object


@dataclass(slots=True)
class Difference:
    """In how many records a field would be another, be filled, or be lost."""

    changed: int = 0
    filled: int = 0
    lost: int = 0
    examples: list[Example] = field(default_factory=list)

    def add(self, example: Example) -> None:
        """One more record. The first few are kept as examples."""
        if example.before is None:
            self.filled += 1
        elif example.after is None:
            self.lost += 1
        else:
            self.changed += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(example)

    @property
    def records(self) -> int:
        """How many records differ in it."""
        return self.changed + self.filled + self.lost


@dataclass(slots=True)
class Rehearsal:
    """What a replay of one platform would come to. `usable`: rejected before; `rejected`: by code, usable before."""

    platform: str
    parser_version: int
    read: Counter[str] = field(default_factory=Counter)  # records by kind
    differing: Counter[str] = field(default_factory=Counter)
    fields: dict[tuple[str, str], Difference] = field(default_factory=dict)  # by kind and field
    usable: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    not_kept: int = 0


def rehearse_replay(
    database: Database, connector: Connector, *, rejected: bool = False, progress: Progress = quiet
) -> Rehearsal:
    """Parse what is kept of every live listing, account and detail, and of standing rejections; write nothing."""
    found = Rehearsal(connector.platform, connector.parser_version)
    reader, done = ArchiveReader(), 0
    with database.read() as connection:
        scope = load_feed(connection, connector.platform).scope
    for page in stream_kept(database, connector.platform, rejected=rejected):
        with database.read() as connection:
            kept = reader.find(connection, {each.raw for each in page})
        for each in page:
            _rehearse(connector, each, kept.get(each.raw), scope, found)
        done += len(page)
        progress("replay", done, None)
    return found


def _rehearse(
    connector: Connector, stated: KeptStatement, kept: Kept | None, scope: str | None, found: Rehearsal
) -> None:
    if kept is None:
        found.not_kept += 1
        return
    if stated.kind is not kept.kind:
        return  # a listing read out of a detail waits for its next list record, which is parsed whatever it says
    found.read[stated.kind.value] += 1
    before = None if stated.content is None else _DECODERS[stated.kind](stated.content)
    try:
        after = _parse(connector, kept, getattr(before, "scope", None) if before is not None else scope)
    except RejectedRecord as error:
        if before is not None:
            found.rejected[error.reasons[0].code] += 1
        return
    except BytesRefused:
        found.not_kept += 1
        return
    if before is None:
        found.usable += 1
        return
    _compare(stated, _values(before, after), _values(after, after), found)


def _parse(connector: Connector, kept: Kept, scope: str | None) -> object:
    fields = connector.decode(kept.kind, kept.body)
    record = Record(
        connector.platform, kept.kind, kept.external_id, fields, lambda: kept.body, kept.page, kept.offset, scope=scope
    )
    return connector.parse(record)


def _values(said: object, today: object) -> Mapping[str, object]:
    """Its values and the codes of its issues, without what today's reading masks: that would be kept as it is."""
    masked = getattr(today, "masked", ())
    values = {name: value for name, value in flatten(said).items() if name_field(name) not in masked}
    codes = sorted({issue.code for issue in getattr(said, "issues", ())})
    return {**values, "issues": codes} if codes else values


def _compare(
    stated: KeptStatement, before: Mapping[str, object], after: Mapping[str, object], found: Rehearsal
) -> None:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if not names:
        return
    kind = stated.kind.value
    found.differing[kind] += 1
    # Each record counts once a field, however many steps or pictures of it differ.
    for bare, name in {_PLACE.sub("", name): name for name in reversed(names)}.items():
        example = Example(stated.external_id, before.get(name), after.get(name))
        found.fields.setdefault((kind, bare), Difference()).add(example)
