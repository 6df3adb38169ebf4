"""What tests of processes have them do, in a module that imports nothing: each process imports it anew."""

import os


def squares(item):
    if item == "dies":
        os._exit(7)
    if item == "refuses":
        raise ValueError("no squares of words")
    if item == "breaks":
        raise ZeroDivisionError("a fault")
    yield from (item, item * item)
