"""Every table, in the order a record meets them. Statements live in the module of their matter, never elsewhere.

Times are POSIX seconds as float (aware UTC in Python), hashes are bytes, JSON documents are text or bytes by msgspec.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import BigInteger

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite gives a row number by itself only to a column declared INTEGER.
RowId = BigInteger().with_variant(Integer, "sqlite")

# Feeds, runs, leases -------------------------------------------------------------------------------------------------

meta = Table(  # schema age, epoch, the counter of document versions
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

feed = Table(
    "feed",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("watermark", Text),  # the connector's own JSON, of the last good run
    Column("platform_clock", Float),  # the platform's clock as last seen
    Column("accounts_day", Text),  # Korean day (YYYYMMDD) on which the account list was last read whole
    Column("census_at", Float),  # end of the last complete census, our clock; NULL: never
    Column("changes_at", Float),  # end of the last good run of any lane
    Column("changes_every_s", Integer, nullable=False, server_default="3600"),
    Column("census_every_s", Integer, nullable=False, server_default="86400"),
    Column("detail_every_s", Integer, nullable=False, server_default="3600"),
    Column("scope", Text),
    Column("paused", Boolean, nullable=False, server_default="0"),
)

run = Table(
    "run",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("state", Text, nullable=False),  # queued running succeeded held incomplete failed cancelled lost
    Column("reason", Text, nullable=False, server_default=""),  # a sentence a person understands
    Column("dry_run", Boolean, nullable=False, server_default="0"),
    Column("first_census", Boolean, nullable=False, server_default="0"),
    Column("started_at", Float, nullable=False),
    Column("heartbeat_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("fence", BigInteger, nullable=False),
    Column("scope", Text),
    Column("watermark", Text),  # what the walk began with
    Column("position", Text),  # what follows the last committed batch
    Column("platform_clock", Float),
    Column("stage", Text, nullable=False, server_default=""),
    Column("stage_done", Integer, nullable=False, server_default="0"),
    Column("stage_total", Integer),
    # Listing records: seen = new + changed + unchanged + superseded + rejected
    Column("seen", Integer, nullable=False, server_default="0"),
    Column("new", Integer, nullable=False, server_default="0"),
    Column("changed", Integer, nullable=False, server_default="0"),
    Column("unchanged", Integer, nullable=False, server_default="0"),
    Column("superseded", Integer, nullable=False, server_default="0"),
    Column("rejected", Integer, nullable=False, server_default="0"),
    Column("accounts_seen", Integer, nullable=False, server_default="0"),
    Column("accounts_changed", Integer, nullable=False, server_default="0"),
    Column("accounts_rejected", Integer, nullable=False, server_default="0"),
    Column("details_seen", Integer, nullable=False, server_default="0"),
    Column("withdrawals_seen", Integer, nullable=False, server_default="0"),
    Column("withdrawn", Integer, nullable=False, server_default="0"),  # listings that ended, explicit or proven absent
    Column("held", Integer, nullable=False, server_default="0"),  # listings whose deletion waits for a person
    Column("calls", Integer, nullable=False, server_default="0"),
    Column("bytes", BigInteger, nullable=False, server_default="0"),
    Column("index_writes", Integer, nullable=False, server_default="0"),
    Column("visible_after", Integer),  # the feed's visible listings after a good census; NULL: not counted
    Column("warnings", Text, nullable=False, server_default="[]"),
    Column("walk_end", Text),  # the walk's End once it was read: what is left is to release and to settle
    Column("not_before", Float),  # when its successor may begin; NULL: at once
    Column("retries", Integer, nullable=False, server_default="0"),
    Column("slices", Integer, nullable=False, server_default="1"),
    Column("cost", Text, nullable=False, server_default="{}"),  # the receipt beyond the counters, JSON
    Column("failed_place", Text),  # the position at which a batch failed last
    Column("failed_times", Integer, nullable=False, server_default="0"),
    Index(None, "platform", "started_at"),
    Index(
        "ix_run_running", "state", sqlite_where=text("state = 'running'"), postgresql_where=text("state = 'running'")
    ),
)

lease = Table(
    "lease",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("lane", Text, primary_key=True),
    Column("holder", Text),  # NULL: free
    Column("fence", BigInteger, nullable=False),  # rises with every taking; checked inside every write transaction
    Column("expires_at", Float, nullable=False),
)

# Kept bytes ----------------------------------------------------------------------------------------------------------

dictionary = Table(  # zstd dictionaries, one or more a feed; never changed once used
    "dictionary",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Float, nullable=False),
)

archive = Table(
    "archive",
    metadata,
    Column("hash", LargeBinary, primary_key=True),  # BLAKE2b-128 of platform, kind and body
    Column("platform", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("run", RowId, nullable=False),
    Column("page", Text, nullable=False),
    Column("offset", Integer, nullable=False),
    Column("kept_at", Float, nullable=False),
    Column("dictionary", RowId),  # NULL: compressed without one
    Column("body", LargeBinary, nullable=False),  # zstd
)

# Listings ------------------------------------------------------------------------------------------------------------

listing = Table(
    "listing",
    metadata,
    Column("key", RowId, primary_key=True),  # ours; never leaves the database
    Column("platform", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("generation", Integer, nullable=False),  # rises when the platform uses an id again
    Column("account_id", Text, nullable=False),
    Column("state", Text, nullable=False),  # live, withdrawn, ended (a later generation lives)
    Column(
        "visible", Boolean, nullable=False
    ),  # what a buyer may see: released, live, shown by the platform, not hidden by us
    Column("hidden_reason", Text),
    Column("version", Integer),  # released version; NULL: none yet
    Column("fingerprint", LargeBinary, nullable=False),  # of the newest record taken in, released or pending
    Column("parser_version", Integer, nullable=False),
    Column("registered_at", Float),
    Column("updated_at", Float, nullable=False),
    Column("sequence", BigInteger, nullable=False, server_default="0"),
    Column("seen_run", RowId, nullable=False),  # the last run that saw it, unchanged or not
    Column("seen_at", Float, nullable=False),
    Column("first_seen_at", Float, nullable=False),
    Column("rejected_at", Float),  # since when its records cannot be used; its last good version stays
    Column("pending", Integer),  # the version that waits for release; NULL: none
    Column("kept_at", Float),  # a person keeps it though it is absent; NULL again when it is seen
    UniqueConstraint("platform", "external_id", "generation"),
    Index(None, "platform", "account_id"),
    Index(
        "ix_listing_rejected",
        "platform",
        "rejected_at",
        sqlite_where=text("rejected_at IS NOT NULL"),
        postgresql_where=text("rejected_at IS NOT NULL"),
    ),
)

version = Table(
    "version",
    metadata,
    Column("listing_key", RowId, ForeignKey("listing.key"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("run", RowId, nullable=False),
    Column("state", Text, nullable=False),  # pending, released, superseded, held, rejected
    Column("fingerprint", LargeBinary, nullable=False),
    Column("parser_version", Integer, nullable=False),
    Column("raw", LargeBinary, nullable=False),  # archive.hash
    Column("content", LargeBinary, nullable=False),  # Listing as JSON, without contact
    Column("created_at", Float, nullable=False),
    Column("released_at", Float),
    # What the listing's row takes over when this version is released
    Column("account_id", Text),
    Column("visible", Boolean),
    Column("hidden_reason", Text),
    Column("registered_at", Float),
    Column("updated_at", Float),
    Column("sequence", BigInteger),
    Column("hold", RowId),  # the hold in which it waits
    Index(
        "ix_version_pending", "run", sqlite_where=text("state = 'pending'"), postgresql_where=text("state = 'pending'")
    ),
    Index("ix_version_hold", "hold", sqlite_where=text("hold IS NOT NULL"), postgresql_where=text("hold IS NOT NULL")),
)

detail = Table(
    "detail",
    metadata,
    Column("listing_key", RowId, ForeignKey("listing.key"), primary_key=True),
    Column("raw", LargeBinary, nullable=False),
    Column("parser_version", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),  # Detail as JSON
    Column("read_at", Float, nullable=False),
    Index(None, "read_at"),
)

account = Table(
    "account",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("parser_version", Integer, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),  # Account as JSON, without contact
    Column("sequence", BigInteger, nullable=False, server_default="0"),
    Column("seen_run", RowId, nullable=False),
    Column("first_seen_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
    Column("pending", Integer),  # as a listing's
)

account_version = Table(
    "account_version",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("run", RowId, nullable=False),
    Column("state", Text, nullable=False),  # as a listing's version
    Column("fingerprint", LargeBinary, nullable=False),
    Column("parser_version", Integer, nullable=False),
    Column("raw", LargeBinary, nullable=False),  # archive.hash
    Column("content", LargeBinary, nullable=False),  # Account as JSON, without contact
    Column("sequence", BigInteger, nullable=False, server_default="0"),
    Column("created_at", Float, nullable=False),
    Column("released_at", Float),
    Column("hold", RowId),
    Index(
        "ix_account_version_pending",
        "run",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index(
        "ix_account_version_hold",
        "hold",
        sqlite_where=text("hold IS NOT NULL"),
        postgresql_where=text("hold IS NOT NULL"),
    ),
)

contact = Table(  # personal and registration data, apart from everything that is shown
    "contact",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("source", Text, primary_key=True),  # account, listing
    Column("brn", Text),
    Column("brn_valid", Boolean, nullable=False),
    Column("person", Text),
    Column("phone", Text),
    Column("email", Text),
)

waiting_contact = Table(  # what versions that wait will bring to `contact`: as personal as that
    "waiting_contact",
    metadata,
    Column("listing_key", RowId, primary_key=True, autoincrement=False),  # 0: the account's own record says it
    Column("platform", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("brn", Text),
    Column("brn_valid", Boolean, nullable=False),
    Column("person", Text),
    Column("phone", Text),
    Column("email", Text),
)

rejection = Table(
    "rejection",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("parser_version", Integer, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("code", Text, nullable=False),  # the gravest
    Column("reasons", Text, nullable=False),  # all of them, JSON
    Column("page", Text, nullable=False),
    Column("offset", Integer, nullable=False),
    Column("first_run", RowId, nullable=False),
    Column("last_run", RowId, nullable=False),
    Column("first_at", Float, nullable=False),
    Column("last_at", Float, nullable=False),
    Column("resolved_at", Float),  # a usable record of this id came, or a replay read it
    UniqueConstraint("platform", "kind", "external_id", "fingerprint"),
    Index(None, "platform", "code"),
)

unknown = Table(  # units, codes, fields and values that no table knows
    "unknown",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("example", Text, nullable=False),  # an external id, or a page
    Column("first_run", RowId, nullable=False),
    Column("last_run", RowId, nullable=False),
)

# Disappearing and holding --------------------------------------------------------------------------------------------

withdrawal = Table(  # the proof of every disappearance
    "withdrawal",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("listing_key", RowId, ForeignKey("listing.key"), nullable=False),
    Column("run", RowId, nullable=False),
    Column("kind", Text, nullable=False),  # explicit, absence, reused, hidden (by us)
    Column("reason", Text, nullable=False),
    Column("evidence", Text, nullable=False),  # drop number, tombstone time, answer of the detail call
    Column("merged_into", Text),
    Column("at", Float, nullable=False),
    Column("undone_at", Float),
    Column("undone_by", Text),
    Column("undone_reason", Text),
    Index(None, "listing_key"),
    Index(None, "run"),
)

told = Table(  # what platforms withdrew themselves, until the guards have seen it together
    "told",
    metadata,
    Column("listing_key", RowId, ForeignKey("listing.key"), primary_key=True),
    Column("run", RowId, nullable=False),  # the one that settles it
    Column("said_at", Float),  # the platform's own time; NULL: it gives none
    Column("reason", Text, nullable=False),
    Column("merged_into", Text),
    Column("told_at", Float, nullable=False),
    Index(None, "run"),
)

hold = Table(
    "hold",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("run", RowId, nullable=False),
    Column("kind", Text, nullable=False),  # deletions, run
    Column("state", Text, nullable=False),  # open, approved, rejected, closed
    Column("reason", Text, nullable=False),
    Column("diff", Text, nullable=False),  # counts, examples, sellers; JSON
    Column("created_at", Float, nullable=False),
    Column("decided_at", Float),
    Column("decided_by", Text),
    Column("decided_reason", Text),
    Column("ceiling", Integer),  # how many it may release or delete at most
)

hold_listing = Table(
    "hold_listing",
    metadata,
    Column("hold", RowId, ForeignKey("hold.id"), primary_key=True),
    Column("listing_key", RowId, ForeignKey("listing.key"), primary_key=True),
    Column("told", Text),  # why its platform withdrew it; NULL: it is absent
    Column("said_at", Float),
    Column("merged_into", Text),
    Index(None, "listing_key"),
)

measure = Table(  # fill rates, moved prices and volume of each run: what drift is judged against
    "measure",
    metadata,
    Column("run", RowId, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("part", Integer, nullable=False),
    Column("whole", Integer, nullable=False),
)

# Calls ---------------------------------------------------------------------------------------------------------------

budget = Table(  # calls of one credential in one window of its platform; all processes obey it
    "budget",
    metadata,
    Column("key", Text, primary_key=True),
    Column("window", Text, primary_key=True),
    Column("ends_at", Float, nullable=False),
    Column("calls", Integer, nullable=False),  # how many the platform allows
    Column("used", Integer, nullable=False),
)

breaker = Table(  # whether a platform may be asked now
    "breaker",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("key", Text, nullable=False),  # server and credential that it is about: another one begins anew
    Column("state", Text, nullable=False),  # closed, open, half_open
    Column("opened_at", Float),  # half_open: when the one call that tries it began
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    Column("recent", Text, nullable=False, server_default=""),  # the last calls: + answered, - failed
    Column("banned_until", Float),
    Column("reason", Text, nullable=False, server_default=""),
)

viewing = Table(  # how often a product's page was asked for
    "viewing",
    metadata,
    Column("product_id", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", Float, nullable=False),
)

# Who and what --------------------------------------------------------------------------------------------------------

worklist = Table(  # accounts whose seller and products must be worked out again
    "worklist",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("run", RowId, nullable=False),
    Column("marked_at", Float, nullable=False),
    Column("marks", Integer, nullable=False),  # rises with every mark: a row leaves only if nobody marked it meanwhile
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("holder", Text),
    Column("lease_until", Float),
    Column("set_aside", Text),  # why nobody tries any more
)

seller = Table(
    "seller",
    metadata,
    Column("id", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),  # Seller as JSON, public facts only
    Column("partition", LargeBinary),  # digest of what its products were worked out from
    Column("updated_at", Float, nullable=False),
)

seller_account = Table(
    "seller_account",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("seller_id", Text, nullable=False),
    Index(None, "seller_id"),
)

seller_key = Table(  # strong keys: brn, web, mail, phone
    "seller_key",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Index(None, "platform", "account_id"),
)

ledger = Table(  # every seller and product id ever given, and where it leads now (one hop)
    "ledger",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # seller, product
    Column(
        "founder", Text, nullable=False
    ),  # platform:id:generation of the founding listing, platform:id of an account
    Column("minted_at", Float, nullable=False),
    Column("leads_to", Text),  # NULL: it lives itself
    Column("retired_at", Float),
    Index(None, "leads_to"),
)

edge = Table(  # decided pairs with their receipts
    "edge",
    metadata,
    Column("kind", Text, primary_key=True),  # seller, product
    Column("left", Text, primary_key=True),  # platform:id[:generation], left < right
    Column("right", Text, primary_key=True),
    Column("seller_id", Text, nullable=False),
    Column("verdict", Text, nullable=False),  # same, different
    Column("score", Float, nullable=False),  # log-odds
    Column("release", Text, nullable=False),  # matcher release, or "judgement"
    Column("receipt", LargeBinary, nullable=False),  # Receipt as JSON
    Column("decided_at", Float, nullable=False),
    Index(None, "seller_id"),
)

judgement = Table(  # what people said; append-only
    "judgement",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("kind", Text, nullable=False),  # seller, product
    Column("left", Text, nullable=False),  # platform:id
    Column("right", Text, nullable=False),
    Column("verdict", Text, nullable=False),  # same, different, unsure
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Float, nullable=False),
    Index(None, "left"),
    Index(None, "right"),
)

product = Table(
    "product",
    metadata,
    Column("id", Text, primary_key=True),
    Column("seller_id", Text, nullable=False),
    Column("visible", Boolean, nullable=False),
    Column("heading", Text),
    Column("content", LargeBinary, nullable=False),  # Product as JSON: the merged view
    Column("digest", LargeBinary, nullable=False),
    Column("made_from", LargeBinary, nullable=False),  # digest of all that went in: equal, and there is nothing to make
    Column("updated_at", Float, nullable=False),
    Index(None, "seller_id"),
)

product_listing = Table(
    "product_listing",
    metadata,
    Column("listing_key", RowId, ForeignKey("listing.key"), primary_key=True),
    Column("product_id", Text, nullable=False),
    Index(None, "product_id"),
)

category_guess = Table(  # platform categories to HS headings, computed from listings that have both
    "category_guess",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("heading", Text, primary_key=True),
    Column("count", Integer, nullable=False),
)

# To the index --------------------------------------------------------------------------------------------------------

outbox = Table(  # one row a product; it leaves only on its own acknowledgement
    "outbox",
    metadata,
    Column("product_id", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("operation", Text, nullable=False),  # put, drop
    Column("run", RowId),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("refusal", Text),
    Column("set_aside", Boolean, nullable=False, server_default="0"),
    Column("queued_at", Float, nullable=False),
    Index(None, "sequence"),
)

published = Table(  # what the index was last told, by its own acknowledgement
    "published",
    metadata,
    Column("product_id", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("operation", Text, nullable=False),
)
