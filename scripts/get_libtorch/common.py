"""What every part of the installation of libtorch shares."""

import shutil


class Failure(Exception):
    """What went wrong and the cure, in one line for the user."""


def say(text):
    print("get-libtorch:", text, flush=True)


def megabytes(count):
    return f"{count / 1e6:,.0f} MB"


def require_space(count, folder, purpose):
    """Fails unless count bytes are free where folder is."""
    free = shutil.disk_usage(folder).free
    if free < count:
        raise Failure(
            f"{purpose} needs {megabytes(count)} in {folder}, where {megabytes(free)} are free:"
            " make room and run this again"
        )
