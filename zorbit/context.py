"""What a request knows: who is asking, what time it is, and how to read for them."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from zorbit.config import Settings
from zorbit.db import Database
from zorbit.loaders import Loaders
from zorbit.visibility import Viewer


@dataclass
class Context:
    """One request's context."""

    viewer: Viewer
    now: datetime | None
    """The database's time when the viewer was looked up; None for callers without a token."""
    database: Database
    settings: Settings

    def renew(self, viewer: Viewer, now: datetime) -> None:
        """After a write: whoever the caller is by then, and nothing remembered of what was read before."""
        self.viewer, self.now = viewer, now
        self.__dict__.pop("loaders", None)

    @cached_property
    def loaders(self) -> Loaders:
        """The request's dataloaders."""
        return Loaders(self.database, self.viewer)
