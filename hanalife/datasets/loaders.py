"""Loaders of public example data."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from hanalife.dataframe.context import ConnectionContext
from hanalife.dataframe.creation import create_dataframe_from_pandas
from hanalife.dataframe.frame import DataFrame
from hanalife.datasets import sources
from hanalife.datasets.split import train_test_val_split

logger = logging.getLogger(__name__)

T = TypeVar("T")

Parts = tuple[DataFrame, DataFrame, DataFrame, DataFrame]


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


def _in_parts(
    name: str, source: sources.Source, what: str, *, id_column: str = "ID", hides_id: bool = False
) -> Callable[..., Parts]:
    """Return the loader of a data set that comes whole and split."""

    def load(
        connection: ConnectionContext,
        schema: str | None = None,
        chunk_size: int = 10_000,
        force: bool = False,
        train_percentage: float = 0.5,
        valid_percentage: float = 0.4,
        test_percentage: float = 0.1,
        full_tbl: str = source.table,
        seed: int = 1234,
        url: str | None = None,
    ) -> Parts:
        full = _loaded(connection, source, schema, full_tbl, url, chunk_size, force=force)
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

    return _named(load, name, what)


def _whole(name: str, source: sources.Source, what: str) -> Callable[..., DataFrame]:
    """Return the loader of a data set that comes as one frame."""

    def load(
        connection: ConnectionContext,
        schema: str | None = None,
        chunk_size: int = 10_000,
        force: bool = False,
        full_tbl: str = source.table,
        url: str | None = None,
    ) -> DataFrame:
        return _loaded(connection, source, schema, full_tbl, url, chunk_size, force=force)

    return _named(load, name, what)


def _named(load: Callable[..., T], name: str, what: str) -> Callable[..., T]:
    load.__name__, load.__qualname__ = name, f"DataSets.{name}"
    load.__doc__ = f"{what}\n\nThe parameters are those of :class:`DataSets`."
    return staticmethod(load)


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

    load_bank_data = _in_parts(
        "load_bank_data",
        sources.BANK,
        "Load the bank marketing data (UCI; 20 features of telephone calls and whether they sold).",
    )
    load_titanic_data = _in_parts(
        "load_titanic_data",
        sources.TITANIC,
        "Load the Titanic passengers; the rows are split by PASSENGER_ID.",
        id_column="PASSENGER_ID",
    )
    load_iris_data = _in_parts(
        "load_iris_data",
        sources.IRIS,
        "Load the iris data of R. A. Fisher (1936): 150 flowers, 50 of each of 3 species.",
    )
    load_boston_housing_data = _in_parts(
        "load_boston_housing_data",
        sources.BOSTON,
        "Load the Boston housing prices: 506 districts.",
    )
    load_flight_data = _in_parts(
        "load_flight_data",
        sources.FLIGHT,
        "Load the flight delays; the table has a column ID, the frames have not.",
        hides_id=True,
    )
    load_adult_data = _in_parts(
        "load_adult_data",
        sources.ADULT,
        "Load the adult income data (UCI census, 1994).",
    )
    load_diabetes_data = _in_parts(
        "load_diabetes_data",
        sources.DIABETES,
        "Load the Pima Indians diabetes data: 768 persons, CLASS 1 for the 268 with diabetes. The data are those of "
        "the US National Institute of Diabetes and Digestive and Kidney Diseases (Smith et al. 1988), in the public "
        "domain.",
    )
    load_walmart_data = _whole(
        "load_walmart_data",
        sources.WALMART,
        "Load the Walmart sales by item and outlet.",
    )
    load_shampoo_data = _whole(
        "load_shampoo_data",
        sources.SHAMPOO,
        "Load the monthly shampoo sales over three years (Makridakis, Wheelwright and Hyndman 1998), 36 rows.",
    )
    load_apriori_data = _whole(
        "load_apriori_data",
        sources.APRIORI,
        "Load the transactions for association rules.",
    )
    load_spm_data = _whole(
        "load_spm_data",
        sources.SPM,
        "Load the transactions for sequential patterns.",
    )
    load_covid_data = _whole(
        "load_covid_data",
        sources.COVID,
        "Load the daily covid cases; the columns are those of the file.",
    )
    load_bike_data = _whole(
        "load_bike_data",
        sources.BIKE,
        "Load the daily bike rentals; the columns are those of the file.",
    )
    load_cervical_data = _whole(
        "load_cervical_data",
        sources.CERVICAL,
        "Load the risk factors for cervical cancer; the columns are those of the file.",
    )
