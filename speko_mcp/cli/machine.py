"""The computer that is being configured, as values: tests describe others."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """Where things are. `platform` is that of `sys.platform`; `folder` is the project."""

    home: Path
    folder: Path
    platform: str
    variables: Mapping[str, str]

    @property
    def config(self) -> Path:
        """Where programs that follow the XDG rules keep configuration, on every system."""
        return self._named("XDG_CONFIG_HOME") or self.home / ".config"

    @property
    def application_data(self) -> Path:
        """Where desktop programs keep their data on this system."""
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support"
        if self.platform == "win32":
            return self._named("APPDATA") or self.home / "AppData" / "Roaming"
        return self.config

    @property
    def state(self) -> Path:
        """Where this command keeps what it needs to undo its changes."""
        if self.platform == "linux":
            return (self._named("XDG_STATE_HOME") or self.home / ".local" / "state") / "speko" / "init"
        return self.application_data / "speko" / "init"

    def named(self, variable: str, default: Path) -> Path:
        """The folder that a variable names, else `default`."""
        return self._named(variable) or default

    def _named(self, variable: str) -> Path | None:
        value = self.variables.get(variable)
        return Path(value) if value else None

    def has_program(self, name: str) -> bool:
        """Whether a program is on the path."""
        return shutil.which(name, path=self.variables.get("PATH", "")) is not None

    def shown(self, path: Path) -> str:
        """A path as people write it."""
        if path.is_relative_to(self.folder) and self.folder != self.home:
            return f"./{path.relative_to(self.folder)}"
        return f"~/{path.relative_to(self.home)}" if path.is_relative_to(self.home) else str(path)
