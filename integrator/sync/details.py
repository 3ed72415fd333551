"""Detail records: kept beside their listing; the list part they repeat is taken in like a listing record."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
from sqlalchemy import Connection

from integrator.listing import Detail, Listing
from integrator.ports import Connector
from integrator.record import Record
from integrator.store.details import DetailStatement, load_details, save_details
from integrator.store.listings import Known, ListingState, NewVersion, find_known, load_contents
from integrator.store.versions import Statement
from integrator.sync.taken import READING_FIELDS, Taken, decode_listing, encode_content, keep_raw

# No list record has this fingerprint, so the next one is read and compared: a detail's fingerprint says nothing of it.
_NO_FINGERPRINT = bytes(16)


def take_details(
    connection: Connection, connector: Connector, details: Sequence[tuple[Record, Detail]], *, now: float
) -> Taken:
    """Keep the details of known listings, and weigh their list parts. Details of unknown ids are passed over."""
    taken = Taken()
    known = find_known(connection, connector.platform, [detail.external_id for _, detail in details])
    contents = load_contents(connection, [old.key for old in known.values()])
    told = load_details(connection, [old.key for old in known.values()])
    kept = []
    for record, detail in details:
        old = known.get(detail.external_id)
        if old is None or old.state == ListingState.ENDED.value:
            continue
        raw = keep_raw(connector.platform, record, taken)
        body = msgspec.json.encode(replace(detail, listing=None))
        kept.append(DetailStatement(old.key, raw, connector.parser_version, body))
        if told.get(old.key) != body:
            taken.dirty.add(old.account_id)
        _weigh_list_part(detail.listing, old, contents.get(old.key), raw, connector.parser_version, taken)
    save_details(connection, kept, now=now)
    return taken


def _weigh_list_part(
    listing: Listing | None, old: Known, stored: bytes | None, raw: bytes, parser_version: int, taken: Taken
) -> None:
    lives = old.state == ListingState.LIVE.value
    # What waits is judged first.
    if listing is None or listing.masked or old.pending is not None or (lives and _says_the_same(listing, stored)):
        if lives:
            taken.sightings.append((old.key, old.sequence))
        return
    if listing.updated.at.timestamp() < old.updated_at:
        return
    said = Statement(
        external_id=old.external_id,
        account_id=listing.account_id,
        visible=listing.visible,
        hidden_reason=listing.hidden_reason,
        fingerprint=_NO_FINGERPRINT,
        parser_version=parser_version,
        registered_at=listing.registered.at.timestamp() if listing.registered else None,
        updated_at=listing.updated.at.timestamp(),
        sequence=old.sequence,
        raw=raw,
        content=encode_content(listing),
    )
    taken.changes.append(NewVersion(old, said))


def _says_the_same(listing: Listing, stored: bytes | None) -> bool:
    blank = READING_FIELDS
    return stored is not None and replace(listing, **blank) == replace(decode_listing(stored), **blank)  # type: ignore[arg-type]
