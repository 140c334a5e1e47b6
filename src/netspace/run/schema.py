"""The tables of a run's store."""

import sqlalchemy as sa

METADATA = sa.MetaData()

FACTS = sa.Table(
    "facts",
    METADATA,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
)

# An imported row has no network (JSON null), and its costs may be unknown (NULL).
TRIALS = sa.Table(
    "trials",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("round", sa.String, nullable=False),
    sa.Column("space", sa.String, nullable=False),
    sa.Column("index", sa.Integer, nullable=False),
    sa.Column("seed", sa.Integer, nullable=False),
    sa.Column("network", sa.JSON, nullable=False),
    sa.Column("parameters", sa.JSON, nullable=False),
    sa.Column("flops", sa.BigInteger),
    sa.Column("params", sa.BigInteger),
    sa.Column("activations", sa.BigInteger),
    sa.Column("recipe", sa.JSON, nullable=False),
    sa.Column("state", sa.String, nullable=False, index=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("error", sa.Float),
    sa.Column("seconds", sa.Float),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("curve", sa.JSON, nullable=False),
    sa.Column("setting", sa.JSON, nullable=False),
    sa.UniqueConstraint("round", "space", "index", "seed"),
)


def create_tables(connection: sa.Connection) -> None:
    """Create what is not there; several processes may do so at once."""
    for table in METADATA.sorted_tables:
        connection.execute(sa.schema.CreateTable(table, if_not_exists=True))
        for index in table.indexes:
            connection.execute(sa.schema.CreateIndex(index, if_not_exists=True))
