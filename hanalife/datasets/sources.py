"""The data sets: their tables, columns and types, and where their rows come from."""

from __future__ import annotations

import csv
import io
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from hanalife.errors import InvalidArgumentError, UnreachableFileError

if TYPE_CHECKING:
    import pandas as pd

_TIMEOUT_SECONDS = 30
_PIECE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Source:
    """One data set."""

    title: str
    table: str
    #: Column to HANA type, in order; empty: as the file's own header and values say.
    types: Mapping[str, str]
    #: The file in the package, for those that travel.
    file: str | None = None
    #: The rows get a first column ID, 0 to n - 1, unless the file has one.
    numbered: bool = False


def _columns(kind: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), kind)


def _ordered(order: str, *parts: Mapping[str, str]) -> dict[str, str]:
    types = {name: kind for part in parts for name, kind in part.items()}
    return {name: types[name] for name in order.split()}


_TEXT = "NVARCHAR(100)"

BANK = Source(
    "bank marketing",
    "DBM2_RFULL_TBL",
    _ordered(
        "AGE JOB MARITAL EDUCATION DBM_DEFAULT HOUSING LOAN CONTACT DBM_MONTH DAY_OF_WEEK DURATION CAMPAIGN PDAYS "
        "PREVIOUS POUTCOME EMP_VAR_RATE CONS_PRICE_IDX CONS_CONF_IDX EURIBOR3M NREMPLOYED LABEL",
        _columns("INT", "AGE DURATION CAMPAIGN PDAYS PREVIOUS"),
        _columns("DOUBLE", "EMP_VAR_RATE CONS_PRICE_IDX CONS_CONF_IDX EURIBOR3M NREMPLOYED"),
        _columns(_TEXT, "JOB MARITAL EDUCATION DBM_DEFAULT HOUSING LOAN CONTACT DBM_MONTH DAY_OF_WEEK POUTCOME LABEL"),
    ),
    numbered=True,
)
TITANIC = Source(
    "Titanic",
    "TITANIC_FULL_TBL",
    _ordered(
        "PASSENGER_ID PCLASS NAME SEX AGE SIBSP PARCH TICKET FARE CABIN EMBARKED SURVIVED",
        _columns("INT", "PASSENGER_ID PCLASS SIBSP PARCH SURVIVED"),
        _columns("DOUBLE", "AGE FARE"),
        _columns(_TEXT, "NAME SEX TICKET CABIN EMBARKED"),
    ),
)
WALMART = Source(
    "Walmart sales",
    "WALMART_TRAIN_TBL",
    _ordered(
        "ITEM_IDENTIFIER ITEM_WEIGHT ITEM_FAT_CONTENT ITEM_VISIBILITY ITEM_TYPE ITEM_MRP OUTLET_IDENTIFIER "
        "OUTLET_ESTABLISHMENT_YEAR OUTLET_SIZE OUTLET_LOCATION_IDENTIFIER OUTLET_TYPE ITEM_OUTLET_SALES",
        _columns("INT", "OUTLET_ESTABLISHMENT_YEAR"),
        _columns("DOUBLE", "ITEM_WEIGHT ITEM_VISIBILITY ITEM_MRP ITEM_OUTLET_SALES"),
        _columns(
            _TEXT,
            "ITEM_IDENTIFIER ITEM_FAT_CONTENT ITEM_TYPE OUTLET_IDENTIFIER OUTLET_SIZE OUTLET_LOCATION_IDENTIFIER "
            "OUTLET_TYPE",
        ),
    ),
)
IRIS = Source(
    "iris",
    "IRIS_DATA_FULL_TBL",
    _columns("DOUBLE", "SEPALLENGTHCM SEPALWIDTHCM PETALLENGTHCM PETALWIDTHCM") | {"SPECIES": _TEXT},
    file="iris.csv",
    numbered=True,
)
BOSTON = Source(
    "Boston housing prices",
    "BOSTON_HOUSING_PRICES",
    _ordered(
        "CRIM ZN INDUS CHAS NOX RM AGE DIS RAD TAX PTRATIO BLACK LSTAT MEDV ID",
        _columns("INT", "CHAS RAD TAX ID"),
        _columns("DOUBLE", "CRIM ZN INDUS NOX RM AGE DIS PTRATIO BLACK LSTAT MEDV"),
    ),
)
FLIGHT = Source(
    "flight delays",
    "FLIGHT_DATA_FULL_TBL",
    _ordered(
        "YEAR MONTH DAY DAY_OF_WEEK AIRLINE FLIGHT_NUMBER TAIL_NUMBER ORIGIN_AIRPORT DESTINATION_AIRPORT "
        "SCHEDULED_DEPARTURE DEPARTURE_TIME DEPARTURE_DELAY TAXI_OUT WHEELS_OFF SCHEDULED_TIME ELAPSED_TIME AIR_TIME "
        "DISTANCE WHEELS_ON TAXI_IN SCHEDULED_ARRIVAL ARRIVAL_TIME ARRIVAL_DELAY DIVERTED CANCELLED "
        "CANCELLATION_REASON AIR_SYSTEM_DELAY SECURITY_DELAY AIRLINE_DELAY LATE_AIRCRAFT_DELAY WEATHER_DELAY",
        _columns(
            "INT",
            "YEAR MONTH DAY DAY_OF_WEEK FLIGHT_NUMBER SCHEDULED_DEPARTURE DEPARTURE_TIME DEPARTURE_DELAY TAXI_OUT "
            "WHEELS_OFF SCHEDULED_TIME ELAPSED_TIME AIR_TIME DISTANCE WHEELS_ON TAXI_IN SCHEDULED_ARRIVAL "
            "ARRIVAL_TIME ARRIVAL_DELAY DIVERTED CANCELLED AIR_SYSTEM_DELAY SECURITY_DELAY AIRLINE_DELAY "
            "LATE_AIRCRAFT_DELAY WEATHER_DELAY",
        ),
        _columns(_TEXT, "AIRLINE TAIL_NUMBER ORIGIN_AIRPORT DESTINATION_AIRPORT CANCELLATION_REASON"),
    ),
    numbered=True,
)
ADULT = Source(
    "adult income",
    "ADULT_DATA_FULL_TBL",
    _ordered(
        "AGE WORKCLASS FNLWGT EDUCATION EDUCATIONNUM MARITALSTATUS OCCUPATION RELATIONSHIP RACE SEX CAPITALGAIN "
        "CAPITALLOSS HOURSPERWEEK NATIVECOUNTRY INCOME",
        _columns("INT", "AGE FNLWGT EDUCATIONNUM CAPITALGAIN CAPITALLOSS HOURSPERWEEK"),
        _columns(_TEXT, "WORKCLASS EDUCATION MARITALSTATUS OCCUPATION RELATIONSHIP RACE SEX NATIVECOUNTRY INCOME"),
    ),
    numbered=True,
)
DIABETES = Source(
    "diabetes",
    "PIMA_INDIANS_DIABETES_TBL",
    _ordered(
        "PREGNANCIES GLUCOSE BLOODPRESSURE SKINTHICKNESS INSULIN BMI PEDIGREE AGE CLASS",
        _columns("INT", "PREGNANCIES GLUCOSE BLOODPRESSURE SKINTHICKNESS INSULIN AGE CLASS"),
        _columns("DOUBLE", "BMI PEDIGREE"),
    ),
    file="diabetes.csv",
    numbered=True,
)
SHAMPOO = Source("shampoo sales", "SHAMPOO_SALES_DATA_TBL", {"ID": "INT", "SALES": "DOUBLE"}, file="shampoo.csv")
APRIORI = Source("apriori transactions", "PAL_APRIORI_TRANS_TBL", {"CUSTOMER": "INT", "ITEM": _TEXT})
SPM = Source("sequence patterns", "PAL_SPM_DATA_TBL", {"CUSTID": _TEXT, "TRANSID": "INT", "ITEMS": _TEXT})
COVID = Source("covid", "PAL_COVID_DATA_TBL", {})
BIKE = Source("bike rental", "PAL_BIKE_DATA_TBL", {})
CERVICAL = Source("cervical cancer", "PAL_CERVICAL_DATA_TBL", {})


def read(source: Source, url: str | None) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the rows of a data set and the types that are declared for them.

    Parameters
    ----------
    source : Source
        Which.
    url : str, optional
        Address or path of a CSV file; without one, the file in the package.

    Raises
    ------
    InvalidArgumentError
        The data do not travel in the package and no ``url`` is given, or the file is another one.
    UnreachableFileError
        The file cannot be read.
    """
    rows = _rows(_text(source, url), source, url)
    types = dict(source.types)
    if source.numbered:
        if "ID" not in rows:
            rows.insert(0, "ID", range(len(rows)))
        types = {"ID": "INT"} | types
    return rows, types


def _text(source: Source, url: str | None) -> str:
    if url:
        return _fetched(url, source.title)
    if source.file is None:
        raise InvalidArgumentError(
            f"url: the {source.title} data do not travel in the package; give the address or path of their CSV file."
        )
    return resources.files("hanalife.datasets").joinpath("data", source.file).read_text("utf-8")


def _fetched(url: str, title: str) -> str:
    parts = urllib.parse.urlsplit(url)
    try:
        if parts.scheme in ("http", "https"):
            return _download(url, title).decode("utf-8-sig")
        return Path(urllib.request.url2pathname(parts.path) if parts.scheme == "file" else url).read_text("utf-8-sig")
    except (OSError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", None) or error
        raise UnreachableFileError(
            f"url: cannot read {url!r}: {reason}. Check the address and the network, or download the file elsewhere "
            "and give its path."
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(f"url: {url!r} is not a text file in UTF-8: {error}.") from error


def _download(url: str, title: str) -> bytes:
    from tqdm.auto import tqdm

    with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - http and https only
        size = int(answer.headers.get("Content-Length") or 0) or None
        received = io.BytesIO()
        with tqdm(total=size, desc=f"loading {title}", unit="B", unit_scale=True, delay=1, leave=False) as bar:
            while piece := answer.read(_PIECE_BYTES):
                received.write(piece)
                bar.update(len(piece))
    return received.getvalue()


def _rows(text: str, source: Source, url: str | None) -> pd.DataFrame:
    import pandas as pd

    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    fields = next(csv.reader([first], delimiter=delimiter), [])
    header = _header(fields, source.types)
    kinds = {name: "str" for name, kind in source.types.items() if kind.startswith("NVARCHAR")}
    rows = pd.read_csv(
        io.StringIO(text),
        sep=delimiter,
        skipinitialspace=True,
        header=None if header is None else 0,
        names=header or list(source.types),
        index_col=False,
        dtype=kinds,
        keep_default_na=not source.types,
        na_values=["", "NA", "NaN"],
    )
    missing = [name for name in source.types if name not in rows]
    if missing or (header is None and len(fields) != len(source.types)):
        raise InvalidArgumentError(
            f"url: {url!r} is not the {source.title} data: expected the columns {', '.join(source.types)}; "
            f"the first line is {first.strip()[:200]!r}."
        )
    wanted = ["ID", *source.types] if source.numbered and "ID" in rows else list(source.types)
    return rows[wanted] if source.types else rows


def _header(fields: Sequence[str], types: Mapping[str, str]) -> list[str] | None:
    """Return the columns' names if the first line names them; spelling counts by letters and digits only."""
    if not types:
        return [field.strip() for field in fields]
    known = {_plain(name): name for name in types}
    named = [known.get(_plain(field), field.strip()) for field in fields]
    found = sum(name in types for name in named)
    if 2 * found < len(types):
        return None
    # A few spelt in another way still stand where they belong.
    return list(types) if len(fields) == len(types) and found < len(types) else named


def _plain(name: str) -> str:
    return "".join(char for char in name.upper() if char.isalnum())
