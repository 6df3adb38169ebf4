"""What a reader refuses: the message, and the place that it points at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from physsym.parsing.tokens import ReadError


def assert_refused(read: Callable[[str], object], text: str, message: str, at: str) -> None:
    """Fail unless a text is refused with this message, which points at what begins with `at`."""
    with pytest.raises(ReadError) as found:
        read(text)
    assert message in found.value.message
    assert found.value.text[found.value.position :].startswith(at)
