"""The first schema: feeds and runs, kept bytes, listings and their versions, resolution, the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# SQLite gives a row number by itself only to a column declared INTEGER.
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# What every database begins with: its age, the oldest code that may use it, and the counters taken from.
_FIRST_META = {"schema_age": "1", "compatible_from": "1", "epoch": "1", "document_sequence": "0", "listing_key": "1"}


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("parser_version", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seen_run", ROW_ID, nullable=False),
        sa.Column("first_seen_at", sa.Float(), nullable=False),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "external_id", name=op.f("pk_account")),
    )
    op.create_table(
        "archive",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("run", ROW_ID, nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("offset", sa.Integer(), nullable=False),
        sa.Column("kept_at", sa.Float(), nullable=False),
        sa.Column("dictionary", ROW_ID, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_archive")),
    )
    op.create_table(
        "category_guess",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "code", "heading", name=op.f("pk_category_guess")),
    )
    op.create_table(
        "contact",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("brn", sa.Text(), nullable=True),
        sa.Column("brn_valid", sa.Boolean(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("platform", "account_id", "source", name=op.f("pk_contact")),
    )
    op.create_table(
        "dictionary",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dictionary")),
    )
    op.create_table(
        "edge",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("left", sa.Text(), nullable=False),
        sa.Column("right", sa.Text(), nullable=False),
        sa.Column("seller_id", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=False),
        sa.Column("decided_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "left", "right", name=op.f("pk_edge")),
    )
    op.create_index(op.f("ix_edge_seller_id"), "edge", ["seller_id"], unique=False)
    op.create_table(
        "feed",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("watermark", sa.Text(), nullable=True),
        sa.Column("platform_clock", sa.Float(), nullable=True),
        sa.Column("accounts_day", sa.Text(), nullable=True),
        sa.Column("census_at", sa.Float(), nullable=True),
        sa.Column("changes_at", sa.Float(), nullable=True),
        sa.Column("changes_every_s", sa.Integer(), server_default="3600", nullable=False),
        sa.Column("census_every_s", sa.Integer(), server_default="86400", nullable=False),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("paused", sa.Boolean(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("platform", name=op.f("pk_feed")),
    )
    op.create_table(
        "hold",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("run", ROW_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("diff", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("decided_at", sa.Float(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_table(
        "judgement",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("left", sa.Text(), nullable=False),
        sa.Column("right", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgement")),
    )
    op.create_index(op.f("ix_judgement_left"), "judgement", ["left"], unique=False)
    op.create_index(op.f("ix_judgement_right"), "judgement", ["right"], unique=False)
    op.create_table(
        "lease",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "lane", name=op.f("pk_lease")),
    )
    op.create_table(
        "ledger",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("founder", sa.Text(), nullable=False),
        sa.Column("minted_at", sa.Float(), nullable=False),
        sa.Column("leads_to", sa.Text(), nullable=True),
        sa.Column("retired_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
    )
    op.create_index(op.f("ix_ledger_leads_to"), "ledger", ["leads_to"], unique=False)
    op.create_table(
        "listing",
        sa.Column("key", ROW_ID, nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("visible", sa.Boolean(), nullable=False),
        sa.Column("hidden_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("parser_version", sa.Integer(), nullable=False),
        sa.Column("registered_at", sa.Float(), nullable=True),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seen_run", ROW_ID, nullable=False),
        sa.Column("seen_at", sa.Float(), nullable=False),
        sa.Column("first_seen_at", sa.Float(), nullable=False),
        sa.Column("rejected_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_listing")),
        sa.UniqueConstraint(
            "platform", "external_id", "generation", name=op.f("uq_listing_platform_external_id_generation")
        ),
    )
    op.create_index(op.f("ix_listing_platform_account_id"), "listing", ["platform", "account_id"], unique=False)
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )
    op.create_table(
        "outbox",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("run", ROW_ID, nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("set_aside", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("queued_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_outbox")),
    )
    op.create_index(op.f("ix_outbox_sequence"), "outbox", ["sequence"], unique=False)
    op.create_table(
        "product",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seller_id", sa.Text(), nullable=False),
        sa.Column("visible", sa.Boolean(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("made_from", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
    )
    op.create_index(op.f("ix_product_seller_id"), "product", ["seller_id"], unique=False)
    op.create_table(
        "published",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_published")),
    )
    op.create_table(
        "rejection",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("parser_version", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("offset", sa.Integer(), nullable=False),
        sa.Column("first_run", ROW_ID, nullable=False),
        sa.Column("last_run", ROW_ID, nullable=False),
        sa.Column("first_at", sa.Float(), nullable=False),
        sa.Column("last_at", sa.Float(), nullable=False),
        sa.Column("resolved_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejection")),
        sa.UniqueConstraint(
            "platform",
            "kind",
            "external_id",
            "fingerprint",
            name=op.f("uq_rejection_platform_kind_external_id_fingerprint"),
        ),
    )
    op.create_index(op.f("ix_rejection_platform_code"), "rejection", ["platform", "code"], unique=False)
    op.create_table(
        "run",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("dry_run", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("first_census", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("heartbeat_at", sa.Float(), nullable=False),
        sa.Column("ended_at", sa.Float(), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("watermark", sa.Text(), nullable=True),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("platform_clock", sa.Float(), nullable=True),
        sa.Column("stage", sa.Text(), server_default="", nullable=False),
        sa.Column("stage_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("stage_total", sa.Integer(), nullable=True),
        sa.Column("seen", sa.Integer(), server_default="0", nullable=False),
        sa.Column("new", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unchanged", sa.Integer(), server_default="0", nullable=False),
        sa.Column("superseded", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rejected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("accounts_seen", sa.Integer(), server_default="0", nullable=False),
        sa.Column("accounts_changed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("accounts_rejected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("details_seen", sa.Integer(), server_default="0", nullable=False),
        sa.Column("withdrawals_seen", sa.Integer(), server_default="0", nullable=False),
        sa.Column("withdrawn", sa.Integer(), server_default="0", nullable=False),
        sa.Column("held", sa.Integer(), server_default="0", nullable=False),
        sa.Column("calls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("index_writes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("visible_after", sa.Integer(), nullable=True),
        sa.Column("warnings", sa.Text(), server_default="[]", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index(op.f("ix_run_platform_started_at"), "run", ["platform", "started_at"], unique=False)
    op.create_table(
        "seller",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("partition", sa.LargeBinary(), nullable=True),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seller")),
    )
    op.create_table(
        "seller_account",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("seller_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "account_id", name=op.f("pk_seller_account")),
    )
    op.create_index(op.f("ix_seller_account_seller_id"), "seller_account", ["seller_id"], unique=False)
    op.create_table(
        "seller_key",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", "platform", "account_id", name=op.f("pk_seller_key")),
    )
    op.create_index(op.f("ix_seller_key_platform_account_id"), "seller_key", ["platform", "account_id"], unique=False)
    op.create_table(
        "unknown",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("example", sa.Text(), nullable=False),
        sa.Column("first_run", ROW_ID, nullable=False),
        sa.Column("last_run", ROW_ID, nullable=False),
        sa.PrimaryKeyConstraint("platform", "field", "value", name=op.f("pk_unknown")),
    )
    op.create_table(
        "worklist",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("run", ROW_ID, nullable=False),
        sa.Column("marked_at", sa.Float(), nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.Float(), nullable=True),
        sa.Column("set_aside", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("platform", "account_id", name=op.f("pk_worklist")),
    )
    op.create_table(
        "detail",
        sa.Column("listing_key", ROW_ID, nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("parser_version", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("read_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["listing_key"], ["listing.key"], name=op.f("fk_detail_listing_key")),
        sa.PrimaryKeyConstraint("listing_key", name=op.f("pk_detail")),
    )
    op.create_table(
        "hold_listing",
        sa.Column("hold", ROW_ID, nullable=False),
        sa.Column("listing_key", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(["hold"], ["hold.id"], name=op.f("fk_hold_listing_hold")),
        sa.ForeignKeyConstraint(["listing_key"], ["listing.key"], name=op.f("fk_hold_listing_listing_key")),
        sa.PrimaryKeyConstraint("hold", "listing_key", name=op.f("pk_hold_listing")),
    )
    op.create_index(op.f("ix_hold_listing_listing_key"), "hold_listing", ["listing_key"], unique=False)
    op.create_table(
        "product_listing",
        sa.Column("listing_key", ROW_ID, nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["listing_key"], ["listing.key"], name=op.f("fk_product_listing_listing_key")),
        sa.PrimaryKeyConstraint("listing_key", name=op.f("pk_product_listing")),
    )
    op.create_index(op.f("ix_product_listing_product_id"), "product_listing", ["product_id"], unique=False)
    op.create_table(
        "version",
        sa.Column("listing_key", ROW_ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("run", ROW_ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("parser_version", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("released_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["listing_key"], ["listing.key"], name=op.f("fk_version_listing_key")),
        sa.PrimaryKeyConstraint("listing_key", "version", name=op.f("pk_version")),
    )
    op.create_table(
        "withdrawal",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("listing_key", ROW_ID, nullable=False),
        sa.Column("run", ROW_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("merged_into", sa.Text(), nullable=True),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("undone_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["listing_key"], ["listing.key"], name=op.f("fk_withdrawal_listing_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawal")),
    )
    op.create_index(op.f("ix_withdrawal_listing_key"), "withdrawal", ["listing_key"], unique=False)
    meta = sa.table("meta", sa.column("name", sa.Text), sa.column("value", sa.Text))
    op.bulk_insert(meta, [{"name": name, "value": value} for name, value in _FIRST_META.items()])


def downgrade() -> None:
    op.drop_index(op.f("ix_withdrawal_listing_key"), table_name="withdrawal")
    op.drop_table("withdrawal")
    op.drop_table("version")
    op.drop_index(op.f("ix_product_listing_product_id"), table_name="product_listing")
    op.drop_table("product_listing")
    op.drop_index(op.f("ix_hold_listing_listing_key"), table_name="hold_listing")
    op.drop_table("hold_listing")
    op.drop_table("detail")
    op.drop_table("worklist")
    op.drop_table("unknown")
    op.drop_index(op.f("ix_seller_key_platform_account_id"), table_name="seller_key")
    op.drop_table("seller_key")
    op.drop_index(op.f("ix_seller_account_seller_id"), table_name="seller_account")
    op.drop_table("seller_account")
    op.drop_table("seller")
    op.drop_index(op.f("ix_run_platform_started_at"), table_name="run")
    op.drop_table("run")
    op.drop_index(op.f("ix_rejection_platform_code"), table_name="rejection")
    op.drop_table("rejection")
    op.drop_table("published")
    op.drop_index(op.f("ix_product_seller_id"), table_name="product")
    op.drop_table("product")
    op.drop_index(op.f("ix_outbox_sequence"), table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("meta")
    op.drop_index(op.f("ix_listing_platform_account_id"), table_name="listing")
    op.drop_table("listing")
    op.drop_index(op.f("ix_ledger_leads_to"), table_name="ledger")
    op.drop_table("ledger")
    op.drop_table("lease")
    op.drop_index(op.f("ix_judgement_right"), table_name="judgement")
    op.drop_index(op.f("ix_judgement_left"), table_name="judgement")
    op.drop_table("judgement")
    op.drop_table("hold")
    op.drop_table("feed")
    op.drop_index(op.f("ix_edge_seller_id"), table_name="edge")
    op.drop_table("edge")
    op.drop_table("dictionary")
    op.drop_table("contact")
    op.drop_table("category_guess")
    op.drop_table("archive")
    op.drop_table("account")
