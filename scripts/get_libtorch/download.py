"""Downloads a file so that it can be cut off at any moment and go on from there."""

import errno
import functools
import hashlib
import http.client
import ssl
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from common import Failure, megabytes, require_space, say

PATIENCE = 4  # attempts in a row that bring nothing


class Refused(Exception):
    """The server does not let us download directly; pip itself may know how."""


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def opener(settings):
    """A function that opens an address through pip's proxy, with its certificates and time-out."""
    context = ssl.create_default_context(cafile=settings.get("cert"))
    handlers = [urllib.request.HTTPSHandler(context=context)]
    if settings.get("proxy"):
        proxies = dict.fromkeys(("http", "https"), settings["proxy"])
        handlers.append(urllib.request.ProxyHandler(proxies))
    timeout = float(settings.get("timeout") or settings.get("default-timeout") or 30)
    return functools.partial(urllib.request.build_opener(*handlers).open, timeout=timeout)


def size(path):
    return path.stat().st_size if path.exists() else 0


def download(url, path, expected, open_url):
    """Downloads url to path, by way of path.part, and checks its SHA-256 if one is expected."""
    part = Path(f"{path}.part")
    idle = 0
    restarted = size(part) == 0
    if not restarted:
        say(f"the download goes on after {megabytes(size(part))}")
    while idle < PATIENCE:
        before = size(part)
        reason = "it was cut off"
        try:
            whole = fetch(url, part, open_url)
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EACCES):
                raise
            if isinstance(getattr(error, "reason", None), ssl.SSLError):
                raise Refused(error.reason) from error
            whole, reason = False, str(error) or type(error).__name__
        if whole and (not expected or sha256(part) == expected):
            part.rename(path)
            return
        if whole:
            part.unlink()
            if restarted:
                raise Failure(
                    f"the check sum of {path.name} is wrong, so it was deleted: run this again, or"
                    " choose another index for pip"
                )
            say("what was downloaded before has a wrong check sum: the download starts again")
            restarted = True
        idle = 0 if size(part) > before else idle + 1
        time.sleep(min(idle, 1))
    raise Failure(
        f"the download stopped after {megabytes(size(part))} ({reason}): check the network and run"
        " this again; it goes on from there"
    )


def fetch(url, part, open_url):
    """Fetches what part lacks; returns whether it is whole, as far as its size tells."""
    have = size(part)
    request = urllib.request.Request(url, headers={"Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        response = open_url(request)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # there is nothing after what we have; the check sum will tell
            return True
        if error.code >= 500 or error.code in (408, 429):
            raise
        raise Refused(f"{error.code} {error.reason}") from error
    with response:
        if response.status != 206:
            have = 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        if total:
            require_space(total - have, part.parent, "the download")
        with open(part, "ab" if have else "wb") as file:
            for block in iter(lambda: response.read1(1 << 18), b""):
                file.write(block)
                have += len(block)
                if total and sys.stderr.isatty():
                    progress = f"{have / total:4.0%} of {megabytes(total)}"
                    print(progress, end="\r", file=sys.stderr, flush=True)
    return total is None or have >= total
