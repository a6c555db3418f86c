"""What a machine has too little of for now: an error of that kind is no input's fault."""

from __future__ import annotations

import errno
from typing import TypeGuard

_SHORT = (
    errno.ENOSPC, errno.EDQUOT,  # disk
    errno.EMFILE, errno.ENFILE,  # open files
    errno.ENOMEM, errno.ENOBUFS,
    errno.EAGAIN,  # processes and threads
    errno.EIO,  # a disk that fails: another machine's may not
)  # fmt: skip


def is_shortage(error: BaseException) -> TypeGuard[OSError]:
    """Tell whether the operating system refused for want of space, files, memory or processes."""
    return isinstance(error, OSError) and error.errno in _SHORT
