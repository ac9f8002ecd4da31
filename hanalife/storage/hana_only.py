"""What only SAP HANA's model storage does: refused with the way to do it here; mere tuning is accepted."""

from __future__ import annotations

import logging
from typing import Any, NoReturn

from hanalife.errors import NotSupportedError
from hanalife.storage.base import StorageBase

logger = logging.getLogger(__name__)


class HanaOnly(StorageBase):
    """Methods of hana_ml that have no meaning elsewhere."""

    def change_storage_type(self, name: str, version: int, storage_type: str) -> NoReturn:  # noqa: ARG002
        """Refuse: there is no data lake."""
        raise NotSupportedError("change_storage_type: there is no data lake here; models are in this database.")

    def set_data_lake_container(self, name: str) -> NoReturn:  # noqa: ARG002
        """Refuse: there is no data lake."""
        raise NotSupportedError("set_data_lake_container: there is no data lake here; models are in this database.")

    @classmethod
    def load_mlflow_model(cls, connection_context: Any, model_uri: str, **_kwargs: Any) -> NoReturn:  # noqa: ARG003
        """Refuse: MLflow's models may be pickles, which run code when they are read."""
        raise NotSupportedError(
            "load_mlflow_model: MLflow's models may be pickles, which run code when they are read; load the "
            "estimator with MLflow where you trust it, and store it with save_model(estimator, name=...)."
        )

    def enable_persistent_memory(self, name: str, version: int) -> None:
        """Do nothing: the operating system keeps what is read often in memory."""
        self._note("enable_persistent_memory", name, version)

    def disable_persistent_memory(self, name: str, version: int) -> None:
        """Do nothing; see :meth:`enable_persistent_memory`."""
        self._note("disable_persistent_memory", name, version)

    def load_into_memory(self, name: str, version: int) -> None:
        """Do nothing; see :meth:`enable_persistent_memory`."""
        self._note("load_into_memory", name, version)

    def unload_from_memory(self, name: str, version: int, persistent_memory: Any = None) -> None:  # noqa: ARG002
        """Do nothing; see :meth:`enable_persistent_memory`."""
        self._note("unload_from_memory", name, version)

    def upgrade_meta(self) -> None:
        """Bring the tables of the store up to date, which any other call does too."""
        self.connection_context.database.migrate()

    def display_config_dict(self, name: str, version: int | None = None) -> None:
        """Return None: this is of automatic machine learning only."""
        with self._reading() as connection:
            self._find(connection, name, version)

    def _note(self, method: str, name: str, version: int) -> None:
        with self._reading() as connection:
            self._find(connection, name, version)
        logger.info("%s: has no effect outside SAP HANA.", method)
