"""Asks pip which torch wheel it would install, so that pip's own configuration decides."""

import ast
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys

from common import Failure

NO_NETWORK = re.compile(r"connection broken|ConnectionError|Max retries|timed out")


def check_network(answer):
    """Fails if pip did so for want of a network."""
    if NO_NETWORK.search(answer.stderr):
        raise Failure(
            "pip cannot reach its index: check the network and pip's proxy, or give a torch wheel"
            " by --wheel FILE"
        )


class Pip:
    """The pip of this Python; what it downloads goes to a folder of ours."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {
            **os.environ,
            "PIP_REQUIRE_VIRTUALENV": "0",
            "PIP_USER": "0",
            "TMPDIR": str(folder),
        }
        try:
            self.version = importlib.metadata.version("pip")
        except importlib.metadata.PackageNotFoundError:
            raise Failure(
                "python3 has no pip: install it (Debian, Ubuntu: apt-get install python3-pip), or"
                " give a torch wheel by --wheel FILE"
            ) from None
        self.settings = self._settings()

    def run(self, *arguments, capture=True):
        return subprocess.run(
            [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments],
            capture_output=capture,
            text=True,
            stdin=subprocess.DEVNULL,
            env=self.environment,
        )

    def _settings(self):
        """pip's configuration: what is in the environment goes before what is in files."""
        found = {}
        lines = re.findall(r"^([^=]+)\.([^=]+)=(.*)$", self.run("config", "list").stdout, re.M)
        for scope in ("global", "download", ":env:"):
            for at, name, value in lines:
                if at == scope:
                    found[name] = ast.literal_eval(value)
        return found

    def download(self, *requirements):
        """Downloads wheels into the folder in pip's own way; returns whether that went well."""
        arguments = ["--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(self.folder)]
        return self.run("download", *arguments, *requirements, capture=False).returncode == 0

    def torch(self, version):
        """The address, version and SHA-256 (None where unknown) of the wheel to install.

        A wheel at hand goes first, then a build for the CPU alone. The libraries in a wheel are
        the same for every Python, so one for another Python will do where this one has none.
        """
        if self.settings.get("find-links"):
            at_hand = self._offer(f"torch=={version}", ["--no-index"])
            if at_hand:
                return at_hand
        self._renew()
        for python in ([], ["--python-version", "3.12"]):
            chosen = self._offer(f"torch=={version}", python)
            if chosen and ("+" in version or chosen[1].endswith("+cpu")):
                return chosen
            if chosen:
                return self._offer(f"torch=={version}+cpu", python) or chosen
        raise Failure(
            f"pip finds no torch {version} for {platform.machine()} Linux and Python"
            f" {platform.python_version()}: check pip's index, or give a wheel by --wheel FILE"
        )

    def _renew(self):
        """Makes sure of a pip that can name a wheel without downloading it, if there is one."""
        if tuple(map(int, re.findall(r"\d+", self.version)[:2])) < (25, 3):
            newer = str(self.folder / "pip")
            arguments = ["--quiet", "--no-deps", "--upgrade", "--target", newer]
            answer = self.run("install", *arguments, "pip>=25.3")
            if answer.returncode:
                check_network(answer)
                return  # the pip that is there does as well, but may download the wheel twice
            self.environment["PYTHONPATH"] = newer
        self.environment["PIP_USE_FEATURE"] = "fast-deps"

    def _offer(self, requirement, options):
        """What pip would download, or None when it knows of none that suits."""
        answer = self.run(
            "install",
            "--dry-run",
            "--quiet",
            "--ignore-installed",
            "--no-deps",
            "--only-binary=:all:",
            f"--target={self.folder / 'none'}",
            "--report=-",
            *options,
            requirement,
        )
        if answer.returncode == 0:
            item = json.loads(answer.stdout)["install"][0]
            archive = item["download_info"].get("archive_info", {})
            sums = archive.get("hashes", {})
            return item["download_info"]["url"], item["metadata"]["version"], sums.get("sha256")
        if "No space left" in answer.stderr:
            raise Failure(f"no space left in {self.folder}: make room and run this again")
        check_network(answer)
        if "No matching distribution" in answer.stderr:
            return None
        last = (answer.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise Failure(f"pip failed ({last}): cure that and run this again")
