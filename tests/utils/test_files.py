"""The owner, rights and names of files that are written whole or not at all."""

import errno
import os
import sys
from pathlib import Path

import pytest

from cmlp.utils.files import _replace, tolerated, write_file, write_files


@pytest.mark.skipif(os.name != "posix", reason="there is no umask")
def test_files_have_the_usual_rights(tmp_path):
    write_files({tmp_path / "file": lambda file: file.write(b"x")})
    (tmp_path / "other").write_bytes(b"x")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.skipif(os.name != "posix", reason="there are no such rights")
def test_who_could_not_read_the_old_file_cannot_read_the_new_one(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file").chmod(0o600)
    write_files({tmp_path / "file": lambda file: file.write(b"new")})
    assert (tmp_path / "file").read_bytes() == b"new"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root may give files away")
def test_the_owner_stays(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    os.chown(tmp_path / "file", 1234, 2345)
    (tmp_path / "file").chmod(0o640)
    write_file(tmp_path / "file", b"new")
    found = (tmp_path / "file").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (1234, 2345, 0o640)


@pytest.mark.skipif(os.name != "posix", reason="there is no owner")
def test_a_group_that_cannot_stay_leaves_no_rights_to_another(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file").chmod(0o664)
    monkeypatch.setattr("os.fchown", fail_with(errno.EPERM))
    real = os.fstat

    def of_another_group(number):
        found = list(real(number))
        found[5] += 1
        return os.stat_result(found)

    monkeypatch.setattr("os.fstat", of_another_group)
    write_file(tmp_path / "file", b"new")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def fail_with(number):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.skipif(os.name != "posix", reason="needs the rights to make links")
def test_links(tmp_path):
    """A symbolic link stays, and another hard link keeps what it had."""
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "symbolic").symlink_to("file")
    (tmp_path / "hard").hardlink_to(tmp_path / "file")
    write_file(tmp_path / "symbolic", b"new")
    assert (tmp_path / "symbolic").is_symlink()
    contents = {name: (tmp_path / name).read_bytes() for name in ("file", "symbolic", "hard")}
    assert contents == {"file": b"new", "symbolic": b"new", "hard": b"old"}


@pytest.mark.skipif(os.name != "posix", reason="other systems have other paths")
@pytest.mark.parametrize("name", ["a\0b", "\ud800", "loop"])
def test_paths_that_no_file_has(tmp_path, name):
    (tmp_path / "loop").symlink_to(tmp_path / "other")
    (tmp_path / "other").symlink_to(tmp_path / "loop")
    with pytest.raises(OSError, match=r"not a path that a file can have|symbolic links"):
        write_file(tmp_path / name, b"x")
    assert {path.name for path in tmp_path.iterdir()} == {"loop", "other"}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")
def test_what_killed_writes_left_behind_is_removed_by_the_next_one(tmp_path):
    """But not what another process writes now, and not what has another name."""
    import fcntl

    dead, alive, other = (tmp_path / f".{name}.tmp" for name in ("file.0123abcd", "file.4567abcd", "files.0123abcd"))
    for path in (dead, alive, other):
        path.write_bytes(b"part")
    with alive.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write_file(tmp_path / "file", b"new")
        assert {path.name for path in tmp_path.iterdir()} == {"file", alive.name, other.name}
    write_file(tmp_path / "file", b"new")
    assert {path.name for path in tmp_path.iterdir()} == {"file", other.name}


def test_two_writers_at_once(tmp_path):
    """None removes what the other one is writing."""

    def write_within(file):
        file.write(b"outer")
        write_file(tmp_path / "file", b"inner")

    write_files({tmp_path / "file": write_within})
    assert (tmp_path / "file").read_bytes() == b"outer"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_timeout_of_a_user_is_not_tolerated():
    for tolerance in (tolerated(), tolerated(errno.EACCES)):
        with pytest.raises(TimeoutError), tolerance:
            raise TimeoutError("too long")
    with tolerated(errno.EACCES):
        raise PermissionError(errno.EACCES, "no")


@pytest.mark.skipif(os.name != "posix", reason="the disk is asked in another way")
def test_where_the_system_can_the_disk_empties_its_own_cache(tmp_path, monkeypatch):
    """As macOS does, whose fsync leaves it full."""
    asked, synced = [], []
    monkeypatch.setattr("cmlp.utils.files._fcntl.F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr("cmlp.utils.files._fcntl.fcntl", lambda file, what: asked.append(what))
    monkeypatch.setattr("cmlp.utils.files.os.fsync", synced.append)
    write_file(tmp_path / "file", b"new")
    assert asked == [51]
    assert len(synced) == 1, "that of the folder"
    monkeypatch.setattr("cmlp.utils.files._fcntl.fcntl", fail_with(errno.ENOTSUP))
    write_file(tmp_path / "file", b"newer")
    assert len(synced) == 3, "the file's, which has no such call, and the folder's"


class TestWindows:
    """What Windows does with files that are open, acted out."""

    @pytest.fixture
    def refusals(self, monkeypatch):
        """How often a file may not be replaced."""
        left, real = [0], Path.replace

        def replace(old, new):
            if left[0]:
                left[0] -= 1
                raise PermissionError(errno.EACCES, "Access is denied", str(old), 5, str(new))
            return real(old, new)

        monkeypatch.setattr("pathlib.Path.replace", replace)
        monkeypatch.setattr("cmlp.utils.files.os.name", "nt")
        monkeypatch.setattr("cmlp.utils.files.time.sleep", lambda seconds: None)
        return left

    def test_a_file_that_a_scanner_had_open_is_replaced(self, tmp_path, refusals):
        refusals[0] = 3
        _replace(self.new(tmp_path), tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == b"new"

    def test_one_that_stays_open_is_named(self, tmp_path, refusals):
        refusals[0] = 1000
        with pytest.raises(PermissionError, match="the file is open in a program, or mapped: close it") as found:
            _replace(self.new(tmp_path), tmp_path / "file")
        assert found.value.filename == str(tmp_path / "file")

    @staticmethod
    def new(folder):
        (folder / "file").write_bytes(b"old")
        (folder / "new").write_bytes(b"new")
        return folder / "new"
