"""Several things asked at once, of which some may fail."""

import asyncio
import logging
from collections.abc import Awaitable, Iterable
from typing import TypeVar

T = TypeVar("T")

_log = logging.getLogger(__name__)


async def gathered(who: str, asked: Iterable[Awaitable[T]]) -> list[T]:
    """Return the answers in the order of the questions; a failure is told in the log alone."""
    answers = await asyncio.gather(*asked, return_exceptions=True)
    found: list[T] = []
    for answer in answers:
        if isinstance(answer, Exception):
            _log.warning("%s could not be searched: %r", who, answer)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            found.append(answer)
    return found
