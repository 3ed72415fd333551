"""What the embedded index promises beyond the contract: other processes, crashes, age and damage."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import search.embedded_reader
from integrator.errors import IndexUnavailable
from integrator.ports import IndexDocument
from search.embedded import EmbeddedIndex
from search.engine import Ask

Make = Callable[..., IndexDocument]

# Fills a rebuild, says so, and waits to be killed.
_HALF_A_REBUILD = """
import sys
from pathlib import Path
from integrator.ports import DocumentVersion, IndexDocument
from search.embedded import EmbeddedIndex

index = EmbeddedIndex(Path(sys.argv[1]))
document = IndexDocument("p2", DocumentVersion(1, 1), "d", (("buykorea", "2"),), {"en": "lamp"})
if sys.argv[2] == "rebuild":
    with index.rebuild() as fresh:
        fresh.put([document])
        fresh.commit()
        print("ready", flush=True)
        sys.stdin.read()
else:
    index.put([document])
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def index(tmp_path: Path) -> EmbeddedIndex:
    return EmbeddedIndex(tmp_path / "index", lock_wait_s=0)


def _put(index: EmbeddedIndex, *documents: IndexDocument) -> None:
    assert all(ack.ok for ack in index.put(documents))
    index.commit()


def _other_process(index_folder: Path, work: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _HALF_A_REBUILD, str(index_folder), work]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def _kill(child: subprocess.Popen[str]) -> None:
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()


@pytest.mark.parametrize("work", ["rebuild", "put"])
def test_a_writer_that_is_killed_leaves_the_index_as_it_was_and_the_lock_free(
    index: EmbeddedIndex, document: Make, tmp_path: Path, work: str
):
    _put(index, document(1))

    _kill(_other_process(tmp_path / "index", work))

    assert [each[0] for each in index.digests()] == ["p0000001"]
    with index.rebuild() as fresh:
        fresh.put([document(3)])
    assert [each[0] for each in index.digests()] == ["p0000003"]


def test_folders_of_dead_rebuilds_are_removed_and_only_the_last_index_is_kept(
    index: EmbeddedIndex, document: Make, tmp_path: Path
):
    _put(index, document(1))
    _kill(_other_process(tmp_path / "index", "rebuild"))
    for number in (2, 3, 4):
        with index.rebuild() as fresh:
            fresh.put([document(number)])

    folders = [each for each in (tmp_path / "index").iterdir() if each.is_dir()]

    assert len(folders) == 2


def test_only_one_process_writes_and_the_other_is_told(index: EmbeddedIndex, document: Make, tmp_path: Path):
    _put(index, document(1))
    child = _other_process(tmp_path / "index", "put")
    try:
        with pytest.raises(IndexUnavailable, match="another process"):
            index.put([document(1)])
        assert index.ask(Ask()).total == 1
    finally:
        _kill(child)


def test_the_lock_is_free_after_a_commit(index: EmbeddedIndex, document: Make, tmp_path: Path):
    other = EmbeddedIndex(tmp_path / "index", lock_wait_s=0)
    _put(index, document(1))
    _put(other, document(2))

    assert index.ask(Ask()).total == 2


def test_a_rebuild_does_not_begin_before_what_was_put_is_committed(index: EmbeddedIndex, document: Make):
    index.put([document(1)])

    with pytest.raises(IndexUnavailable, match="commit first"), index.rebuild():
        pass


def test_writing_to_the_live_index_during_a_rebuild_is_refused_not_lost(index: EmbeddedIndex, document: Make):
    with index.rebuild() as fresh:
        with pytest.raises(IndexUnavailable):
            index.put([document(1)])
        fresh.put([document(2)])

    assert [each[0] for each in index.digests()] == ["p0000002"]


def test_a_reader_sees_commits_and_swaps_of_another_index_object(index: EmbeddedIndex, document: Make, tmp_path: Path):
    reader = EmbeddedIndex(tmp_path / "index")
    assert reader.ask(Ask()).total == 0
    _put(index, document(1))
    after_commit = reader.ask(Ask()).total
    with index.rebuild() as fresh:
        fresh.put([document(number) for number in (1, 2, 3)])

    assert after_commit == 1
    assert reader.ask(Ask()).total == 3


def _count_in_child(folder: Path, told: "multiprocessing.Queue[int]") -> None:
    told.put(EmbeddedIndex(folder).ask(Ask()).total)


def test_a_started_process_reads_the_same_index(index: EmbeddedIndex, document: Make, tmp_path: Path):
    _put(index, document(1), document(2))
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    child = context.Process(target=_count_in_child, args=(tmp_path / "index", told))
    child.start()

    assert told.get(timeout=60) == 2
    child.join()


def test_an_index_of_another_shape_asks_to_be_rebuilt_and_can_be(index: EmbeddedIndex, document: Make, tmp_path: Path):
    _put(index, document(1))
    (tmp_path / "index" / "pointer.json").write_text('{"shape":"0.0","current":"000001"}')

    with pytest.raises(IndexUnavailable, match="index rebuild"):
        index.ask(Ask())
    assert "index rebuild" in (index.status().problem or "")

    with index.rebuild() as fresh:
        fresh.put([document(2)])
    assert [each[0] for each in index.digests()] == ["p0000002"]


@pytest.mark.parametrize("damage", ["pointer", "folder", "meta"])
def test_a_damaged_index_says_so_and_can_be_rebuilt(index: EmbeddedIndex, document: Make, tmp_path: Path, damage: str):
    folder = tmp_path / "index"
    _put(index, document(1))
    if damage == "pointer":
        (folder / "pointer.json").write_text("{")
    elif damage == "folder":
        (folder / "pointer.json").write_text(
            (folder / "pointer.json").read_text().replace('"current":"000001"', '"current":"000777"')
        )
    else:
        (folder / "000001" / "meta.json").write_text("nonsense")
    fresh_index = EmbeddedIndex(folder, lock_wait_s=0)

    with pytest.raises(IndexUnavailable):
        fresh_index.ask(Ask())
    assert fresh_index.status().problem

    with fresh_index.rebuild() as fresh:
        fresh.put([document(2)])
    assert [each[0] for each in fresh_index.digests()] == ["p0000002"]


def test_an_index_that_vanishes_under_its_reader_is_unavailable(index: EmbeddedIndex, document: Make, tmp_path: Path):
    _put(index, document(1))
    assert index.ask(Ask()).total == 1
    shutil.rmtree(tmp_path / "index" / "000001")

    for work in (lambda: index.ask(Ask()), index.generation, lambda: list(index.digests())):
        with pytest.raises(IndexUnavailable):
            work()
    assert index.status().problem


def test_digests_are_read_in_parts_and_stay_in_order(
    index: EmbeddedIndex, document: Make, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(search.embedded_reader, "_SEALS", 3)
    ids = [f"p{letter}{number}" for letter in "ab ~Z" for number in range(5)] + ["p", "pa", "pa1"]
    _put(index, *(document(0, product_id=each) for each in dict.fromkeys(ids)))

    assert [each[0] for each in index.digests()] == sorted(set(ids))
