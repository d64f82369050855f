"""The rights of files that are written whole or not at all."""

import os

import pytest

from cmlp.utils.files import write_files


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
