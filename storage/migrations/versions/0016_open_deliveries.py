"""Open and failed deliveries: they are found in indexes that hold no others, however many are there."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_OPEN = sa.text("state IN ('new', 'claimed')")
_FAILED = sa.text("state = 'failed'")


def upgrade() -> None:
    for name, columns in (("inbox_open", ["next_try_at", "id"]), ("inbox_open_of_person", ["person", "id"])):
        op.create_index(name, "inbox", ["workspace", *columns], sqlite_where=_OPEN, postgresql_where=_OPEN)
    failed = ["workspace", "received_at"]
    op.create_index("inbox_failed", "inbox", failed, sqlite_where=_FAILED, postgresql_where=_FAILED)
    op.drop_index("inbox_due", table_name="inbox")


def downgrade() -> None:
    op.create_index("inbox_due", "inbox", ["state", "next_try_at"], unique=False)
    op.drop_index("inbox_failed", table_name="inbox")
    op.drop_index("inbox_open_of_person", table_name="inbox")
    op.drop_index("inbox_open", table_name="inbox")
