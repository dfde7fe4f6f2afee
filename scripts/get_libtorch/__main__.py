"""Installs libtorch into .libtorch of the package: python3 get_libtorch PACKAGE VERSION [WHEEL].

The script get-libtorch is how a user starts this; it checks first what needs no Python.
"""

import errno
import shutil
import sys
import urllib.parse
import urllib.request
import zipfile
import zlib
from pathlib import Path

from common import Failure, megabytes, say
from download import Refused, download, opener, sha256
from index import Pip
from unpack import check, complete_cuda_build, unpack


class Installation:
    """The folders of one installation, all beside each other so that a rename is enough."""

    def __init__(self, package, version):
        self.package = Path(package)
        self.version = version
        self.home = self.package / ".libtorch"
        self.partial = self.package / ".libtorch.partial"
        self.old = self.package / ".libtorch.old"
        self.downloads = self.package / ".libtorch-download"

    def get_wheel(self):
        """The wheel that pip finds: on this machine already, or downloaded."""
        pip = Pip(self.downloads)
        url, version, expected = pip.torch(self.version)
        address = urllib.parse.urlsplit(url)
        if address.scheme == "file":
            return Path(urllib.request.url2pathname(address.path))
        path = self.downloads / urllib.parse.unquote(address.path).rpartition("/")[2]
        if path.exists() and expected and sha256(path) == expected:
            return path
        say(f"torch {version} is downloaded, once")
        try:
            download(url, path, expected, opener(pip.settings))
        except Refused as reason:
            # An index that wants a log-in, or a certificate that only pip knows.
            if not pip.download(f"torch=={version}"):
                raise Failure(
                    f"torch could not be downloaded ({reason}): check pip's index, or give a wheel"
                    " by --wheel FILE"
                ) from reason
        return path

    def install(self, wheel):
        """Unpacks the wheel, checks it, and only then puts it in its place."""
        for folder in (self.partial, self.old):
            shutil.rmtree(folder, ignore_errors=True)
        self.partial.mkdir()
        facts = unpack(wheel, self.version, self.partial)
        if "cuda" in facts:
            complete_cuda_build(facts["cuda"], Pip(self.downloads), self.partial)
        check(self.partial)
        files = sorted(path for path in self.partial.rglob("*") if path.is_file())
        sizes = [path.stat().st_size for path in files]
        names = [path.relative_to(self.partial) for path in files]
        contents = "".join(f"{size} {name}\n" for size, name in zip(sizes, names))
        (self.partial / "contents").write_text(contents)
        (self.partial / "build-version").write_text(facts["__version__"] + "\n")
        if self.home.exists():
            self.home.rename(self.old)
        self.partial.rename(self.home)
        shutil.rmtree(self.old, ignore_errors=True)
        shutil.rmtree(self.downloads, ignore_errors=True)
        say(f"libtorch {facts['__version__']} is in {self.home} ({megabytes(sum(sizes))})")
        if "cuda" in facts:
            say(
                "this is the CPU's part of a CUDA build, for want of a CPU build; for a GPU, set"
                " LIBTORCH to the torch folder of a Python environment"
            )

    def run(self, wheel):
        self.downloads.mkdir(exist_ok=True)
        wheel = Path(wheel) if wheel else self.get_wheel()
        try:
            self.install(wheel)
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
            if wheel.parent == self.downloads:
                wheel.unlink()
            raise Failure(f"{wheel} is damaged ({error}): run again with a whole one") from error
        finally:
            shutil.rmtree(self.partial, ignore_errors=True)


def main():
    package, version, wheel = sys.argv[1:4]
    try:
        Installation(package, version).run(wheel)
    except Failure as failure:
        sys.exit(f"get-libtorch: {failure}")
    except KeyboardInterrupt:
        print("get-libtorch: stopped; run this again to go on", file=sys.stderr)
        sys.exit(130)
    except OSError as error:
        cure = "cure that"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            cure = "make room"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            cure = "make it writable"
        where = error.filename or package
        sys.exit(f"get-libtorch: {where}: {error.strerror or error}: {cure} and run this again")


main()
