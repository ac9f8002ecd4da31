"""Loaders of public example data."""

from __future__ import annotations

import logging

from hanalife.dataframe.context import ConnectionContext
from hanalife.dataframe.creation import create_dataframe_from_pandas
from hanalife.dataframe.frame import DataFrame
from hanalife.datasets import sources
from hanalife.datasets.split import train_test_val_split

logger = logging.getLogger(__name__)

Parts = tuple[DataFrame, DataFrame, DataFrame, DataFrame]


class DataSets:
    """Loaders of example data; each fills a table and returns frames over it.

    The diabetes, iris and shampoo data travel in the package. The others are read from
    ``url``, an address or a path of a CSV file, whose first line may name the columns.

    Every loader takes these arguments; those that return one frame have no shares and no seed.

    Parameters
    ----------
    connection : ConnectionContext
        Where the table is made.
    schema : str, optional
        Default: the current schema.
    chunk_size : int
        Rows sent at once.
    force : bool, default False
        Write the table again if it exists; otherwise it is used as it is.
    train_percentage, valid_percentage, test_percentage : float
        Shares of the last three frames: 0.5, 0.4 and 0.1.
    full_tbl : str
        Name of the table.
    seed : int
        Seed of the split.
    url : str, optional
        Address or path of a CSV file to read instead of the one in the package.

    Returns
    -------
    tuple of DataFrame or DataFrame
        ``(full, train, validation, test)``, or the one frame.

    Raises
    ------
    InvalidArgumentError
        The data do not travel in the package and ``url`` is missing, or it is another file.
    UnreachableFileError
        The file cannot be read.
    """

    @staticmethod
    def load_bank_data(
        connection: ConnectionContext,
        schema: str | None = None,
        chunk_size: int = 10_000,
        force: bool = False,
        train_percentage: float = 0.5,
        valid_percentage: float = 0.4,
        test_percentage: float = 0.1,
        full_tbl: str = sources.BANK.table,
        seed: int = 1234,
        url: str | None = None,
    ) -> Parts:
        """Load the bank marketing data (UCI; 20 features of telephone calls and whether they sold)."""
        full = _loaded(connection, sources.BANK, schema, full_tbl, url, chunk_size, force=force)
        return _split(full, "ID", seed, train_percentage, valid_percentage, test_percentage)

    @staticmethod
    def load_titanic_data(
        connection: ConnectionContext,
        schema: str | None = None,
        chunk_size: int = 10_000,
        force: bool = False,
        train_percentage: float = 0.5,
        valid_percentage: float = 0.4,
        test_percentage: float = 0.1,
        full_tbl: str = sources.TITANIC.table,
        seed: int = 1234,
        url: str | None = None,
    ) -> Parts:
        """Load the Titanic passengers; the rows are split by PASSENGER_ID."""
        full = _loaded(connection, sources.TITANIC, schema, full_tbl, url, chunk_size, force=force)
        return _split(full, "PASSENGER_ID", seed, train_percentage, valid_percentage, test_percentage)

    @staticmethod
    def load_iris_data(
        connection: ConnectionContext,
        schema: str | None = None,
        chunk_size: int = 10_000,
        force: bool = False,
        train_percentage: float = 0.5,
        valid_percentage: float = 0.4,
        test_percentage: float = 0.1,
        full_tbl: str = sources.IRIS.table,
        seed: int = 1234,
        url: str | None = None,
    ) -> Parts:
        """Load the iris data of R. A. Fisher (1936): 150 flowers, 50 of each of 3 species."""
        full = _loaded(connection, sources.IRIS, schema, full_tbl, url, chunk_size, force=force)
        return _split(full, "ID", seed, train_percentage, valid_percentage, test_percentage)

    @staticmethod
    def load_boston_housing_data(
        connection: ConnectionContext,
        schema: str | None = None,
        chunk_size: int = 10_000,
        force: bool = False,
        train_percentage: float = 0.5,
        valid_percentage: float = 0.4,
        test_percentage: float = 0.1,
        full_tbl: str = sources.BOSTON.table,
        seed: int = 1234,
        url: str | None = None,
    ) -> Parts:
        """Load the Boston housing prices: 506 districts."""
        full = _loaded(connection, sources.BOSTON, schema, full_tbl, url, chunk_size, force=force)
        return _split(full, "ID", seed, train_percentage, valid_percentage, test_percentage)

    @staticmethod
    def load_flight_data(
        connection: ConnectionContext,
        schema: str | None = None,
        chunk_size: int = 10_000,
        force: bool = False,
        train_percentage: float = 0.5,
        valid_percentage: float = 0.4,
        test_percentage: float = 0.1,
        full_tbl: str = sources.FLIGHT.table,
        seed: int = 1234,
        url: str | None = None,
    ) -> Parts:
        """Load the flight delays; the table has a column ID, the frames have not."""
        full = _loaded(connection, sources.FLIGHT, schema, full_tbl, url, chunk_size, force=force)
        return _split(full, "ID", seed, train_percentage, valid_percentage, test_percentage, hides_id=True)

    @staticmethod
    def load_adult_data(
        connection: ConnectionContext,
        schema: str | None = None,
        chunk_size: int = 10_000,
        force: bool = False,
        train_percentage: float = 0.5,
        valid_percentage: float = 0.4,
        test_percentage: float = 0.1,
        full_tbl: str = sources.ADULT.table,
        seed: int = 1234,
        url: str | None = None,
    ) -> Parts:
        """Load the adult income data (UCI census, 1994)."""
        full = _loaded(connection, sources.ADULT, schema, full_tbl, url, chunk_size, force=force)
        return _split(full, "ID", seed, train_percentage, valid_percentage, test_percentage)

    @staticmethod
    def load_diabetes_data(
        connection: ConnectionContext,
        schema: str | None = None,
        chunk_size: int = 10_000,
        force: bool = False,
        train_percentage: float = 0.5,
        valid_percentage: float = 0.4,
        test_percentage: float = 0.1,
        full_tbl: str = sources.DIABETES.table,
        seed: int = 1234,
        url: str | None = None,
    ) -> Parts:
        """Load the Pima Indians diabetes data: 768 persons, CLASS 1 for the 268 with diabetes.

        Notes
        -----
        The data are those of the US National Institute of Diabetes and Digestive and Kidney
        Diseases (Smith et al. 1988), in the public domain.
        """
        full = _loaded(connection, sources.DIABETES, schema, full_tbl, url, chunk_size, force=force)
        return _split(full, "ID", seed, train_percentage, valid_percentage, test_percentage)

    @staticmethod
    def load_walmart_data(
        connection: ConnectionContext,
        schema: str | None = None,
        chunk_size: int = 10_000,
        force: bool = False,
        full_tbl: str = sources.WALMART.table,
        url: str | None = None,
    ) -> DataFrame:
        """Load the Walmart sales by item and outlet."""
        return _loaded(connection, sources.WALMART, schema, full_tbl, url, chunk_size, force=force)

    @staticmethod
    def load_shampoo_data(
        connection: ConnectionContext,
        schema: str | None = None,
        chunk_size: int = 10_000,
        force: bool = False,
        full_tbl: str = sources.SHAMPOO.table,
        url: str | None = None,
    ) -> DataFrame:
        """Load the monthly shampoo sales over three years (Makridakis, Wheelwright and Hyndman 1998), 36 rows."""
        return _loaded(connection, sources.SHAMPOO, schema, full_tbl, url, chunk_size, force=force)

    @staticmethod
    def load_apriori_data(
        connection: ConnectionContext,
        schema: str | None = None,
        chunk_size: int = 10_000,
        force: bool = False,
        full_tbl: str = sources.APRIORI.table,
        url: str | None = None,
    ) -> DataFrame:
        """Load the transactions for association rules."""
        return _loaded(connection, sources.APRIORI, schema, full_tbl, url, chunk_size, force=force)

    @staticmethod
    def load_spm_data(
        connection: ConnectionContext,
        schema: str | None = None,
        chunk_size: int = 10_000,
        force: bool = False,
        full_tbl: str = sources.SPM.table,
        url: str | None = None,
    ) -> DataFrame:
        """Load the transactions for sequential patterns."""
        return _loaded(connection, sources.SPM, schema, full_tbl, url, chunk_size, force=force)

    @staticmethod
    def load_covid_data(
        connection: ConnectionContext,
        schema: str | None = None,
        chunk_size: int = 10_000,
        force: bool = False,
        full_tbl: str = sources.COVID.table,
        url: str | None = None,
    ) -> DataFrame:
        """Load the daily covid cases; the columns are those of the file."""
        return _loaded(connection, sources.COVID, schema, full_tbl, url, chunk_size, force=force)

    @staticmethod
    def load_bike_data(
        connection: ConnectionContext,
        schema: str | None = None,
        chunk_size: int = 10_000,
        force: bool = False,
        full_tbl: str = sources.BIKE.table,
        url: str | None = None,
    ) -> DataFrame:
        """Load the daily bike rentals; the columns are those of the file."""
        return _loaded(connection, sources.BIKE, schema, full_tbl, url, chunk_size, force=force)

    @staticmethod
    def load_cervical_data(
        connection: ConnectionContext,
        schema: str | None = None,
        chunk_size: int = 10_000,
        force: bool = False,
        full_tbl: str = sources.CERVICAL.table,
        url: str | None = None,
    ) -> DataFrame:
        """Load the risk factors for cervical cancer; the columns are those of the file."""
        return _loaded(connection, sources.CERVICAL, schema, full_tbl, url, chunk_size, force=force)


def _loaded(
    connection: ConnectionContext,
    source: sources.Source,
    schema: str | None,
    table: str,
    url: str | None,
    chunk_size: int,
    *,
    force: bool,
) -> DataFrame:
    if not force and connection.has_relation(table, schema):
        logger.info("Table %r exists and is used as it is; force=True loads the data again.", table)
        return connection.table(table, schema)
    rows, types = sources.read(source, url)
    return create_dataframe_from_pandas(
        connection, rows, table, schema, force=True, table_structure=types, chunk_size=chunk_size
    )


def _split(
    full: DataFrame,
    id_column: str,
    seed: int,
    train_percentage: float,
    valid_percentage: float,
    test_percentage: float,
    *,
    hides_id: bool = False,
) -> Parts:
    train, test, valid = train_test_val_split(
        full,
        id_column=id_column,
        random_seed=seed,
        training_percentage=train_percentage,
        testing_percentage=test_percentage,
        validation_percentage=valid_percentage,
    )
    if hides_id:
        return full.drop(id_column), train.drop(id_column), valid.drop(id_column), test.drop(id_column)
    return full, train, valid, test
