"""The claims of the source by their ids, to be placed where a chapter speaks of them."""

from ..claims import claims as _claims
from physsym import Claim
from physsym.documents.content import Claims

BY_ID = {claim.id: claim for claim in _claims}


def claim(name: str) -> Claim:
    """Return one claim; ValueError for an id that the audit does not have."""
    if name not in BY_ID:
        raise ValueError(f"the audit has no claim {name}")
    return BY_ID[name]


def judged(section: str, *names: str) -> Claims:
    """Return the claims of one section, in the order given; errors as from `claim`."""
    return Claims(tuple(map(claim, names)), f"What the source says in {section}")
