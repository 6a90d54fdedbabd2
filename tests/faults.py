"""Faults of the machine, as they happen: a disk that is full, and rights that a process does not have."""

import ctypes
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path


class SmallDisk:
    """A folder whose disk can be filled and emptied: a small tmpfs, or where none may be mounted a limit on files.

    Attributes:
        folder: on the disk.
        said: what the operating system says when it is full.
    """

    def __init__(self, folder: Path):
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=8m", "lstmkit-test", folder]
        mounted = shutil.which("mount") and subprocess.run(command, capture_output=True).returncode == 0
        self.folder, self.mounted = folder, bool(mounted)
        self.said = "no space left on device" if mounted else "file too large"
        self.limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self, free: int) -> None:
        """Leave so many bytes free."""
        if self.mounted:
            self.empty()
            disk = os.statvfs(self.folder)
            (self.folder / "ballast").write_bytes(bytes(disk.f_bavail * disk.f_frsize - free))
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, (free, self.limits[1]))

    def empty(self) -> None:
        """Free what `fill` took."""
        if self.mounted:
            (self.folder / "ballast").unlink(missing_ok=True)
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, self.limits)

    def remove(self) -> None:
        """Unmount."""
        self.empty()
        if self.mounted:
            subprocess.run(["umount", "--lazy", self.folder], check=True)


def give_up_privileges() -> None:
    """From here on the modes of files bind this process also where it runs as root (Linux: no capabilities)."""
    if sys.platform == "linux":
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this process
        none = (ctypes.c_uint32 * 6)()
        assert ctypes.CDLL(None, use_errno=True).capset(header, none) == 0


def make_read_only(folder: Path) -> None:
    """What `chmod -R a-w` does."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
