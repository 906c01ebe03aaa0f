"""Say what to do about an error of the disk, by its number."""

from __future__ import annotations

import errno

_ELSEWHERE = "set output_dir to another file system"
_MOUNT = f"the network file system has lost it: mount it again, or {_ELSEWHERE}"
_FILES = "allow more open files (ulimit -n), or run fewer jobs at once"
_IN_THE_WAY = "remove the file that is in the way, or set output_dir"
_UNSUPPORTED = f"the file system there can't do this: {_ELSEWHERE}"

# What each error means is in errno(3) and in the manual pages of the calls.
REMEDIES = {
    errno.ENOSPC: "free space there, or set output_dir",
    errno.EDQUOT: "your quota there is used up: free space, ask for more, or set output_dir",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f), or set output_dir",
    errno.EACCES: "give permission there, or set output_dir",
    errno.EPERM: "give permission there, or set output_dir",
    errno.EROFS: f"that file system can only be read: {_ELSEWHERE}",
    errno.ENAMETOOLONG: "choose a shorter output_dir, model.name or dataset.name",
    errno.EILSEQ: f"the file system there doesn't take this name: rename it, or {_ELSEWHERE}",
    errno.ELOOP: "correct the symbolic links there, which lead in a circle",
    errno.ENOTDIR: _IN_THE_WAY,
    errno.EEXIST: _IN_THE_WAY,
    errno.EISDIR: "remove the folder that is in the way, or set output_dir",
    errno.ENOENT: "leave the folder in place while a run writes there; it was moved or removed",
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
    errno.EIO: f"the disk or the network reports a fault (see dmesg): mend it, or {_ELSEWHERE}",
    errno.ENOMEM: "free memory",
    errno.ETXTBSY: "end the program that is running from this file",
    errno.EBUSY: "end what else uses this file or folder",
    **dict.fromkeys((errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL), _UNSUPPORTED),
    **dict.fromkeys(
        (
            *(errno.ESTALE, errno.EREMOTEIO, errno.ENOTCONN, errno.ECONNABORTED, errno.ECONNRESET, errno.ECONNREFUSED),
            *(errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.ENOLINK),
            *(errno.ESHUTDOWN, errno.ENODEV, errno.ENXIO, errno.EKEYEXPIRED, errno.ENOKEY),
        ),
        _MOUNT,
    ),
}


def remedy(error: OSError) -> str:
    """Return what to do about an error that came while a file was made or written."""
    return REMEDIES.get(error.errno or 0, f"look up what the system says of it, or {_ELSEWHERE}")


def with_remedy(error: OSError) -> str:
    """Return the sentence for an error of the system: the file if one is known, the reason, and what to do about it."""
    where = "" if error.filename is None else f"{error.filename}: "
    return f"{where}{error.strerror or error}\n  fix: {remedy(error)}"
