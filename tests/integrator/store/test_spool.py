"""The disk spool: whole under its name, or not there at all."""

import hashlib

import pytest

from integrator.errors import BytesRefused
from integrator.ports import Kept
from integrator.store.spool import DiskSpool

BODY = b"one part of a drop"
NAME = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def spool(tmp_path):
    return DiskSpool(tmp_path / "spool")


def keep(spool, body):
    name = hashlib.sha256(body).hexdigest()
    with spool.create(name) as sink:
        sink.write(body)
    return name


def test_a_file_is_found_under_the_hash_of_its_bytes(spool):
    with spool.create(NAME) as sink:
        sink.write(BODY[:5])
        sink.write(BODY[5:])

    assert spool.find(NAME).read_bytes() == BODY


def test_a_file_does_not_appear_before_it_is_whole(spool):
    with spool.create(NAME) as sink:
        sink.write(BODY)
        assert spool.find(NAME) is None


def test_an_answer_is_recalled_as_it_was_kept_last(spool):
    spool.keep("http://shop.example/a", Kept(b"old", '"1"'))
    spool.keep("http://shop.example/a", Kept(b"line\nline", '"2"', "Mon, 14 Sep 2026 03:00:00 GMT"))

    assert spool.recall("http://shop.example/a") == Kept(b"line\nline", '"2"', "Mon, 14 Sep 2026 03:00:00 GMT")
    assert spool.recall("http://shop.example/b") is None


@pytest.mark.parametrize("cut", [0, 1, 40, 130])
def test_an_answer_that_is_not_whole_is_not_there(spool, tmp_path, cut):
    spool.keep("http://shop.example/a", Kept(b"x" * 100, '"1"'))
    (file,) = (tmp_path / "spool").iterdir()
    file.write_bytes(file.read_bytes()[:cut])

    assert spool.recall("http://shop.example/a") is None


def test_answers_go_with_the_files_they_belong_to(spool):
    spool.keep("http://shop.example/a", Kept(b"old", '"1"'))

    spool.keep_only([])

    assert spool.recall("http://shop.example/a") is None


def test_other_bytes_than_promised_are_refused_and_leave_nothing(spool, tmp_path):
    with pytest.raises(BytesRefused) as caught, spool.create(NAME) as sink:
        sink.write(b"something else")

    assert caught.value.code == "HASH"
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_write_that_breaks_off_leaves_nothing(spool, tmp_path):
    def break_off():
        with spool.create(NAME) as sink:
            sink.write(BODY)
            raise OSError("line went dead")

    with pytest.raises(OSError, match="line"):
        break_off()

    assert list((tmp_path / "spool").iterdir()) == []


def test_a_second_spool_on_the_same_folder_finds_what_the_first_kept(spool, tmp_path):
    keep(spool, BODY)

    assert DiskSpool(tmp_path / "spool").find(NAME) is not None


def test_keep_only_removes_all_others_and_what_a_kill_left_behind(spool, tmp_path):
    first, second = keep(spool, b"first"), keep(spool, b"second")
    (tmp_path / "spool" / ".part-killed").write_bytes(b"half")
    (tmp_path / "spool" / "notes.txt").write_bytes(b"not ours")

    spool.keep_only([second])

    assert spool.find(first) is None
    assert sorted(path.name for path in (tmp_path / "spool").iterdir()) == sorted([second, "notes.txt"])


def test_keep_only_of_a_spool_never_written_is_nothing(spool):
    spool.keep_only([])


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, NAME + "/..", NAME[:-1] + "\n"])
def test_a_name_that_is_no_hash_never_becomes_a_path(spool, name):
    with pytest.raises(ValueError, match="hex digits"):
        spool.find(name)


def test_writing_the_same_file_twice_is_harmless(spool):
    assert keep(spool, BODY) == keep(spool, BODY)
    assert spool.find(NAME).read_bytes() == BODY
