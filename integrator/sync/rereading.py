"""Kept details through today's parser. They have no versions: like a detail just asked for, what is read is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from integrator.errors import BytesRefused, RejectedRecord
from integrator.listing import Detail
from integrator.ports import Connector
from integrator.record import Kind, Record
from integrator.store.archive import ArchiveReader, Kept
from integrator.store.details import DetailStatement, KeptDetail, list_outdated, replace_details
from integrator.store.worklist import mark
from integrator.sync.commit import Committer
from integrator.sync.outcome import count_of
from integrator.sync.poison import may_be_poison

# Details in one transaction.
_UNIT = 500


@dataclass(slots=True)
class Reread:
    """How many details were read again, are not as they were, and are not kept any more."""

    read: int = 0
    changed: int = 0
    not_kept: int = 0

    def say_changed(self) -> str:
        """Part of a sentence; "" when there is nothing to say."""
        return f", {count_of(self.changed, 'detail')} changed" if self.changed else ""


def reread_details(committer: Committer) -> Reread:
    """Parse again what another parser than today's read; products of what changed are worked out again."""
    found, reader, last = Reread(), ArchiveReader(), 0
    connector = committer.connector
    while True:
        with committer.database.read() as connection:
            page = list_outdated(
                connection, connector.platform, parser_version=connector.parser_version, after=last, limit=_UNIT
            )
            kept = reader.find(connection, [each.raw for each in page])
        if not page:
            return found
        said = [_read(committer, each, kept.get(each.raw), found) for each in page]
        _write(committer, page, said, found)
        last = page[-1].listing_key


def _write(committer: Committer, page: Sequence[KeptDetail], said: Sequence[bytes | None], found: Reread) -> None:
    connector, now = committer.connector, committer.now()
    read = [(old, new) for old, new in zip(page, said, strict=True) if new is not None]
    changed = [old.account_id for old, new in read if new != old.content]
    found.changed += len(changed)
    with committer.transaction() as connection:
        statements = [DetailStatement(old.listing_key, old.raw, connector.parser_version, new) for old, new in read]
        replace_details(connection, statements)
        mark(connection, connector.platform, set(changed), run=committer.run.id, now=now)


def _read(committer: Committer, old: KeptDetail, kept: Kept | None, found: Reread) -> bytes | None:
    """Today's reading as it is stored; None where there is none, and the old one stays."""
    if kept is None:
        found.not_kept += 1
        return None
    found.read += 1
    try:
        parsed = _parse(committer.connector, kept)
    except (BytesRefused, RejectedRecord) as error:
        committer.run.warnings.append(f"The kept detail of {old.external_id} cannot be read any more: {error}")
        return None
    except Exception as error:
        if not may_be_poison(error):
            raise
        committer.run.warnings.append(
            f"A fault of our own ({type(error).__name__}) on the detail of {old.external_id!r}: it stays."
        )
        return None
    return msgspec.json.encode(replace(parsed, listing=None)) if isinstance(parsed, Detail) else None


def _parse(connector: Connector, kept: Kept) -> object:
    fields = connector.decode(Kind.DETAIL, kept.body)
    return connector.parse(
        Record(kept.platform, Kind.DETAIL, kept.external_id, fields, lambda: kept.body, kept.page, kept.offset)
    )
