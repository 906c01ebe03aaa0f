"""Check that file systems without locks or fsync are served, and that each error of a disk has its own remedy."""

from __future__ import annotations

import errno
import os
import signal
import socket
from pathlib import Path

import pytest
from support.held_model import HELD, begun, hold_after, let_go
from support.odd_disks import ODD
from support.processes import run, start, wait_for
from support.rows import overrides, questions, write_rows
from support.run_folders import records, results, run_dir

from mathbatch.data.storage.atomic import atomic_write
from mathbatch.data.storage.lock import FolderLock
from mathbatch.data.storage.segments import disk_error
from mathbatch.errors import StoreError

ROWS = 20
# As the file systems say it: Lustre without -o flock, NFS without a lock service, some FUSE.
NO_LOCKS = [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl", questions(ROWS))


@pytest.mark.process
@pytest.mark.parametrize("refused", [{"flock": number} for number in NO_LOCKS] + [{"fsync_folder": errno.EINVAL}])
def test_a_file_system_without_locks_or_fsync_of_folders_is_good_enough(
    refused: dict[str, int], tmp_path: Path, data: Path
) -> None:
    done = run(tmp_path, *overrides(data, ODD, *(f"+saver.{name}={number}" for name, number in refused.items())))
    assert done.returncode == 0, done.stderr
    assert len(results(run_dir(tmp_path))) == ROWS


@pytest.mark.process
def test_a_folder_that_can_not_be_made_durable_is_told_without_a_traceback(tmp_path: Path, data: Path) -> None:
    done = run(tmp_path, *overrides(data, ODD, f"+saver.fsync_folder={errno.EDQUOT}"))
    assert done.returncode == 2
    assert "Disk quota exceeded" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("can't write") == 1


@pytest.mark.process
def test_without_flock_a_second_writer_is_refused_and_one_that_was_killed_is_not_waited_for(
    tmp_path: Path, data: Path
) -> None:
    arguments = overrides(data, HELD, ODD, f"+saver.flock={errno.ENOSYS}")
    hold_after(tmp_path, 2)
    first = start(tmp_path, *arguments)
    wait_for(lambda: len(begun(tmp_path)) > 2, first)
    second = run(tmp_path, *arguments)
    assert second.returncode == 2
    assert f"is being written by another run (process {first.pid} on {socket.gethostname()})" in second.stderr
    first.kill()
    first.communicate()
    assert first.returncode == -signal.SIGKILL
    let_go(tmp_path)
    done = run(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    assert len(records(run_dir(tmp_path))) == ROWS


@pytest.mark.process
def test_a_file_that_can_not_be_made_durable_is_told_with_its_reason(tmp_path: Path, data: Path) -> None:
    done = run(tmp_path, *overrides(data, ODD, f"+saver.fsync_file={errno.EIO}"))
    assert done.returncode == 2
    assert "Input/output error\n  fix: the disk or the network reports a fault" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_lock_file_of_another_machine_is_told_with_what_to_delete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr("fcntl.flock", refuse)
    holder = tmp_path / ".lock-holder"
    holder.write_text("4711\nnode-of-elsewhere\n")
    with pytest.raises(StoreError, match=rf"process 4711 on node-of-elsewhere[^$]*delete {holder} if"):
        FolderLock(tmp_path).acquire()
    holder.unlink()
    lock = FolderLock(tmp_path)
    lock.acquire()
    with pytest.raises(StoreError, match=f"process {os.getpid()} on"):
        FolderLock(tmp_path).acquire()
    lock.release()
    assert not holder.exists()
    FolderLock(tmp_path).acquire()


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "free space there"),
        (errno.EDQUOT, "your quota there is used up"),
        (errno.EFBIG, "ulimit -f"),
        (errno.EACCES, "give permission there"),
        (errno.EPERM, "give permission there"),
        (errno.EROFS, "can only be read"),
        (errno.ENAMETOOLONG, "a shorter output_dir"),
        (errno.ENOTDIR, "remove the file that is in the way"),
        (errno.EMFILE, "ulimit -n"),
        (errno.EIO, "see dmesg"),
        (errno.ESTALE, "mount it again"),
        (errno.ENOTCONN, "mount it again"),
        (errno.ETIMEDOUT, "mount it again"),
        (errno.ETXTBSY, "end the program"),
        (errno.EOPNOTSUPP, "the file system there can't do this"),
        (errno.EADV, "what the system says"),
    ],
)
def test_each_error_is_told_with_its_own_reason_and_remedy(number: int, remedy: str) -> None:
    told = str(disk_error(Path("there/x"), OSError(number, os.strerror(number))))
    assert told.startswith(f"can't write there/x: {os.strerror(number)}\n  fix: ")
    assert remedy in told
    assert ("free space" in told) == (number in (errno.ENOSPC, errno.EDQUOT))
    assert ("permission" in told) == (number in (errno.EACCES, errno.EPERM))
    assert told.endswith("; then run again: what is saved is kept")


def test_a_name_that_is_too_long_is_told_as_that(tmp_path: Path) -> None:
    told = pytest.raises(StoreError, match="File name too long\n  fix: choose a shorter")
    with told, atomic_write(tmp_path / ("x" * 300)):
        pass
