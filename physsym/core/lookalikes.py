"""Letters of other alphabets that look like Latin ones: two names that differ by them are read as one."""

from __future__ import annotations

import unicodedata

# Each letter with the Latin one that it cannot be told from in most fonts. Greek letters that mathematics
# uses, such as nu and rho, are no such letters.
_LATIN = {
    **dict(zip("асеоруіјѕһԁԛԝѵ", "aceopyijshdqwv", strict=True)),
    **dict(zip("АВСЕНІЈКМОРЅТХУԌԚԜ", "ABCEHIJKMOPSTXYGQW", strict=True)),
    **dict(zip("οΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "oABEZHIKMNOPTYX", strict=True)),
    **dict(zip("օոսհ", "onuh", strict=True)),
}


def refuse_look_alikes(name: str) -> None:
    """Raise ValueError for a name that looks as if it were of Latin letters and is not.

    A word with letters that are plainly of another alphabet is one.

    >>> refuse_look_alikes("rho")
    >>> refuse_look_alikes("rh\\u043e")
    Traceback (most recent call last):
    ...
    ValueError: character 3 of the name 'rhо' is CYRILLIC SMALL LETTER O, which looks like the Latin o; ...
    """
    if not "".join(_LATIN.get(letter, letter) for letter in name).isascii():
        return
    for place, letter in enumerate(name, 1):
        if letter in _LATIN:
            raise ValueError(
                f"character {place} of the name {name!r} is {unicodedata.name(letter)}, which looks like the "
                f"Latin {_LATIN[letter]}; write the symbol with Latin letters, or spell a Greek letter out, "
                "as in eta"
            )
