"""Ship the derivations within the package: a wheel installs the one import name `physsym`."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ShippedDerivations(BuildHookInterface):
    """Put `derivations/` into wheels as `physsym/_shipped`; an editable install reads the folder itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the folder to a wheel of the standard kind."""
        if version == "standard":
            build_data["force_include"]["derivations"] = "physsym/_shipped"
