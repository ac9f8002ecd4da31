"""Public data sets that travel inside the package."""

from __future__ import annotations

import csv
from importlib import resources
from typing import TYPE_CHECKING

from hanalife.dataframe.context import ConnectionContext
from hanalife.dataframe.frame import DataFrame
from hanalife.datasets.split import train_test_val_split

if TYPE_CHECKING:
    import pandas as pd

_DIABETES = {
    "ID": "INT",
    "PREGNANCIES": "INT",
    "GLUCOSE": "INT",
    "BLOODPRESSURE": "INT",
    "SKINTHICKNESS": "INT",
    "INSULIN": "INT",
    "BMI": "DOUBLE",
    "PEDIGREE": "DOUBLE",
    "AGE": "INT",
    "CLASS": "INT",
}


class DataSets:
    """Loaders of example data; each fills a table and returns frames over it."""

    @staticmethod
    def load_diabetes_data(
        connection: ConnectionContext,
        schema: str | None = None,
        force: bool = False,
        train_percentage: float = 0.5,
        valid_percentage: float = 0.4,
        test_percentage: float = 0.1,
        full_tbl: str = "PIMA_INDIANS_DIABETES_TBL",
        seed: int = 1234,
    ) -> tuple[DataFrame, DataFrame, DataFrame, DataFrame]:
        """Load the Pima Indians diabetes data, 768 rows and 10 columns.

        Parameters
        ----------
        connection : ConnectionContext
            Where the table is made.
        schema : str, optional
            Default: the current schema.
        force : bool, default False
            Write the table again if it exists; otherwise it is used as it is.
        train_percentage, valid_percentage, test_percentage : float
            Shares of the last three frames.
        full_tbl : str
            Name of the table.
        seed : int
            Seed of the split.

        Returns
        -------
        tuple of DataFrame
            ``(full, train, validation, test)``.

        Notes
        -----
        The data are those of the US National Institute of Diabetes and Digestive and Kidney
        Diseases (Smith et al. 1988), in the public domain. CLASS is 1 for 268 persons with
        diabetes and 0 for 500 without.
        """
        if force or not connection.has_table(full_tbl, schema):
            connection.create_from_pandas(_read("diabetes.csv", _DIABETES), full_tbl, _DIABETES, schema)
        full = connection.table(full_tbl, schema)
        train, test, valid = train_test_val_split(
            full,
            id_column="ID",
            random_seed=seed,
            training_percentage=train_percentage,
            testing_percentage=test_percentage,
            validation_percentage=valid_percentage,
        )
        return full, train, valid, test


def _read(name: str, types: dict[str, str]) -> pd.DataFrame:
    import pandas as pd

    numbers = {"INT": int, "DOUBLE": float}
    with resources.files("hanalife.datasets").joinpath("data", name).open(encoding="utf-8") as file:
        rows = [{column: numbers[kind](row[column]) for column, kind in types.items()} for row in csv.DictReader(file)]
    return pd.DataFrame(rows, columns=list(types))
