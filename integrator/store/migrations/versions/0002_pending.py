"""Pending and held versions, budgets, breakers, measures, and what a run still owes when its walk is over.

Expands only: every column has a default or may be empty, so that a program of age 1 still works on it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# SQLite gives a row number by itself only to a column declared INTEGER.
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# PostgreSQL keeps the former state of every changed row until it is cleared away. Small tables that change all the time
# are cleared by a fixed number of changes, not by a share of what they hold; room left in a page lets a row change in
# its place, without touching an index: listings do that at every sighting.
_SMALL = "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0"
_HOT = {
    **dict.fromkeys(("meta", "feed", "run", "lease", "budget", "breaker"), f"fillfactor = 50, {_SMALL}"),
    **dict.fromkeys(("worklist", "outbox"), f"fillfactor = 80, {_SMALL}"),
    "listing": "fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05",
}
_PARAMETERS = "fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay"


def upgrade() -> None:
    op.create_table(
        "account_version",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("run", ROW_ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("parser_version", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("released_at", sa.Float(), nullable=True),
        sa.Column("hold", ROW_ID, nullable=True),
        sa.PrimaryKeyConstraint("platform", "external_id", "version", name=op.f("pk_account_version")),
    )
    op.create_index(
        "ix_account_version_hold",
        "account_version",
        ["hold"],
        unique=False,
        sqlite_where=sa.text("hold IS NOT NULL"),
        postgresql_where=sa.text("hold IS NOT NULL"),
    )
    op.create_index(
        "ix_account_version_pending",
        "account_version",
        ["run"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "breaker",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.Float(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("recent", sa.Text(), server_default="", nullable=False),
        sa.Column("banned_until", sa.Float(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("platform", name=op.f("pk_breaker")),
    )
    op.create_table(
        "budget",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("window", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.Float(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "window", name=op.f("pk_budget")),
    )
    op.create_table(
        "measure",
        sa.Column("run", ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run", "name", name=op.f("pk_measure")),
    )
    op.create_table(
        "told",
        sa.Column("listing_key", ROW_ID, nullable=False),
        sa.Column("run", ROW_ID, nullable=False),
        sa.Column("said_at", sa.Float(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("merged_into", sa.Text(), nullable=True),
        sa.Column("told_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["listing_key"], ["listing.key"], name=op.f("fk_told_listing_key")),
        sa.PrimaryKeyConstraint("listing_key", name=op.f("pk_told")),
    )
    op.create_index(op.f("ix_told_run"), "told", ["run"], unique=False)
    op.create_table(
        "viewing",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_viewing")),
    )
    op.create_table(
        "waiting_contact",
        sa.Column("listing_key", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("brn", sa.Text(), nullable=True),
        sa.Column("brn_valid", sa.Boolean(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("listing_key", "platform", "account_id", name=op.f("pk_waiting_contact")),
    )
    op.add_column("account", sa.Column("pending", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_detail_read_at"), "detail", ["read_at"], unique=False)
    op.create_index(
        "ix_run_running",
        "run",
        ["state"],
        unique=False,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.add_column("feed", sa.Column("detail_every_s", sa.Integer(), server_default="3600", nullable=False))
    op.add_column("hold", sa.Column("decided_reason", sa.Text(), nullable=True))
    op.add_column("hold", sa.Column("ceiling", sa.Integer(), nullable=True))
    op.add_column("hold_listing", sa.Column("told", sa.Text(), nullable=True))
    op.add_column("hold_listing", sa.Column("said_at", sa.Float(), nullable=True))
    op.add_column("hold_listing", sa.Column("merged_into", sa.Text(), nullable=True))
    op.add_column("listing", sa.Column("pending", sa.Integer(), nullable=True))
    op.add_column("listing", sa.Column("kept_at", sa.Float(), nullable=True))
    op.add_column("run", sa.Column("walk_end", sa.Text(), nullable=True))
    op.add_column("run", sa.Column("not_before", sa.Float(), nullable=True))
    op.add_column("run", sa.Column("retries", sa.Integer(), server_default="0", nullable=False))
    op.add_column("run", sa.Column("slices", sa.Integer(), server_default="1", nullable=False))
    op.add_column("run", sa.Column("cost", sa.Text(), server_default="{}", nullable=False))
    op.add_column("run", sa.Column("failed_place", sa.Text(), nullable=True))
    op.add_column("run", sa.Column("failed_times", sa.Integer(), server_default="0", nullable=False))
    op.add_column("version", sa.Column("account_id", sa.Text(), nullable=True))
    op.add_column("version", sa.Column("visible", sa.Boolean(), nullable=True))
    op.add_column("version", sa.Column("hidden_reason", sa.Text(), nullable=True))
    op.add_column("version", sa.Column("registered_at", sa.Float(), nullable=True))
    op.add_column("version", sa.Column("updated_at", sa.Float(), nullable=True))
    op.add_column("version", sa.Column("sequence", sa.BigInteger(), nullable=True))
    op.add_column("version", sa.Column("hold", ROW_ID, nullable=True))
    op.create_index(
        "ix_listing_rejected",
        "listing",
        ["platform", "rejected_at"],
        unique=False,
        sqlite_where=sa.text("rejected_at IS NOT NULL"),
        postgresql_where=sa.text("rejected_at IS NOT NULL"),
    )
    op.create_index(
        "ix_version_hold",
        "version",
        ["hold"],
        unique=False,
        sqlite_where=sa.text("hold IS NOT NULL"),
        postgresql_where=sa.text("hold IS NOT NULL"),
    )
    op.create_index(
        "ix_version_pending",
        "version",
        ["run"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.add_column("withdrawal", sa.Column("undone_by", sa.Text(), nullable=True))
    op.add_column("withdrawal", sa.Column("undone_reason", sa.Text(), nullable=True))
    op.create_index(op.f("ix_withdrawal_run"), "withdrawal", ["run"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        for table, parameters in _HOT.items():
            op.execute(f"ALTER TABLE {table} SET ({parameters})")
    op.execute("UPDATE meta SET value = '2' WHERE name = 'schema_age'")


def downgrade() -> None:
    op.execute("UPDATE meta SET value = '1' WHERE name = 'schema_age'")
    if op.get_bind().dialect.name == "postgresql":
        for table in _HOT:
            op.execute(f"ALTER TABLE {table} RESET ({_PARAMETERS})")
    op.drop_index(op.f("ix_withdrawal_run"), table_name="withdrawal")
    op.drop_column("withdrawal", "undone_reason")
    op.drop_column("withdrawal", "undone_by")
    op.drop_index(
        "ix_version_pending",
        table_name="version",
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.drop_index(
        "ix_version_hold",
        table_name="version",
        sqlite_where=sa.text("hold IS NOT NULL"),
        postgresql_where=sa.text("hold IS NOT NULL"),
    )
    op.drop_column("version", "hold")
    op.drop_column("version", "sequence")
    op.drop_column("version", "updated_at")
    op.drop_column("version", "registered_at")
    op.drop_column("version", "hidden_reason")
    op.drop_column("version", "visible")
    op.drop_column("version", "account_id")
    op.drop_column("run", "failed_times")
    op.drop_column("run", "failed_place")
    op.drop_column("run", "cost")
    op.drop_column("run", "slices")
    op.drop_column("run", "retries")
    op.drop_column("run", "not_before")
    op.drop_column("run", "walk_end")
    op.drop_index(
        "ix_listing_rejected",
        table_name="listing",
        sqlite_where=sa.text("rejected_at IS NOT NULL"),
        postgresql_where=sa.text("rejected_at IS NOT NULL"),
    )
    op.drop_column("listing", "kept_at")
    op.drop_column("listing", "pending")
    op.drop_column("hold_listing", "merged_into")
    op.drop_column("hold_listing", "said_at")
    op.drop_column("hold_listing", "told")
    op.drop_column("hold", "ceiling")
    op.drop_column("hold", "decided_reason")
    op.drop_column("feed", "detail_every_s")
    op.drop_index("ix_run_running", table_name="run")
    op.drop_index(op.f("ix_detail_read_at"), table_name="detail")
    op.drop_column("account", "pending")
    op.drop_table("waiting_contact")
    op.drop_table("viewing")
    op.drop_index(op.f("ix_told_run"), table_name="told")
    op.drop_table("told")
    op.drop_table("measure")
    op.drop_table("budget")
    op.drop_table("breaker")
    op.drop_index(
        "ix_account_version_hold",
        table_name="account_version",
        sqlite_where=sa.text("hold IS NOT NULL"),
        postgresql_where=sa.text("hold IS NOT NULL"),
    )
    op.drop_index(
        "ix_account_version_pending",
        table_name="account_version",
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.drop_table("account_version")
