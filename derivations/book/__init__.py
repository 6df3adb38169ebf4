"""The book: the whole source derived again, chapter by chapter, with the verdict on every sentence in it."""

from . import epilogue, fundamental, momentum, overdamped, prologue, time_scale, valley
from physsym.documents.content import Book

book = Book(
    title="Descent, derived",
    subtitle="Gradient descent and momentum as mechanics: every equation followed, every sentence tried",
    chapters=tuple(
        part.chapter for part in (prologue, fundamental, time_scale, overdamped, momentum, valley, epilogue)
    ),
    opening="""
    Two of the simplest methods of machine learning are a particle in honey, watched at regular instants.
    This is the derivation, from the law of Newton to the program that runs, and nothing in it is taken on
    trust: each line was checked against the one above it by machine, each number was computed when the
    page was made, and each picture was drawn by the very rules that are derived here.
    """,
)
