"""What a request knows: who is asking, what time it is, and how to read for them."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from zorbit.config import Settings
from zorbit.db import Database
from zorbit.engine.operations import Operations
from zorbit.loaders import Loaders
from zorbit.services.terms import Terms, terms
from zorbit.visibility import Viewer


@dataclass
class Context:
    """One request's context."""

    viewer: Viewer
    now: datetime | None
    """The database's time when the viewer was looked up; None for callers without a token."""
    database: Database
    settings: Settings
    operations: Operations
    """Those of the server, for what is told about them."""

    def renew(self, viewer: Viewer, now: datetime) -> None:
        """After a write: whoever the caller is by then, and nothing remembered of what was read before."""
        self.viewer, self.now = viewer, now
        self.__dict__.pop("loaders", None)

    @property
    def terms(self) -> Terms:
        """What rules about time go by; for callers with a token."""
        assert self.now is not None  # noqa: S101 - for the type checker: it is asked for after the caller's rule
        return terms(self.settings, self.now)

    @cached_property
    def loaders(self) -> Loaders:
        """The request's dataloaders."""
        return Loaders(self.database, self.viewer)
