"""Ship the derivations within the package, and README as its description, with no link that leads nowhere."""

import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

# `[text](target)` and `![text](target)` whose target is a file of the repository.
_RELATIVE = re.compile(r"(!?)\[([^\]]+)\]\((?![a-z][a-z0-9+.-]*:)([^)\s]+)\)")
_NOTE = (
    "*This is the README of the source archive, which holds the pages and pictures that the text names; "
    "here they have no links.*"
)


class ShippedDerivations(BuildHookInterface):
    """Put `derivations/` into wheels as `physsym/_shipped`; an editable install reads the folder itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the folder to a wheel of the standard kind."""
        if version == "standard":
            build_data["force_include"]["derivations"] = "physsym/_shipped"


class Description(MetadataHookInterface):
    """Describe the package by README, which is shown where the files beside it are not."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the description."""
        text = described(Path(self.root, "README.md").read_text(encoding="utf-8"))
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


def described(readme: str) -> str:
    """Return README without links to files beside it: their texts stay, of a picture what is seen on it."""
    heading, _, rest = _RELATIVE.sub(
        lambda found: f"*{found[2]} ({found[3]})*" if found[1] else found[2], readme
    ).partition("\n\n")
    return f"{heading}\n\n{_NOTE}\n\n{rest}"
