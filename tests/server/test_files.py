"""A change to a file is noticed, however it is made."""

import asyncio
import contextlib
import os
from pathlib import Path

import pytest

from webhook import files


@contextlib.asynccontextmanager
async def watching(*paths: Path):
    """Watch files, and yield a function that waits for the next change and returns the new contents by name, None if deleted."""
    seen: asyncio.Queue[dict[str, str | None]] = asyncio.Queue()

    async def changed(those: frozenset[Path]) -> None:
        await seen.put({path.name: path.read_text() if path.exists() else None for path in those})

    task = asyncio.create_task(files.watch(files.signatures(paths), changed))

    async def following() -> dict[str, str | None]:
        return await asyncio.wait_for(seen.get(), 60)

    try:
        yield following
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text("old")
    return path


def write_in_place(path: Path) -> None:
    path.write_text("new")


def replace_by_rename(path: Path) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text("new")
    draft.replace(path)


def delete_and_make_again(path: Path) -> None:
    path.unlink()
    path.write_text("new")


def replace_the_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("gone"))
    path.parent.mkdir()
    path.write_text("new")


@pytest.mark.parametrize("change", [write_in_place, replace_by_rename, delete_and_make_again, replace_the_folder])
async def test_a_change_is_noticed_however_it_is_made(tmp_path, change):
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "config.yaml"
    path.write_text("old")
    async with watching(path) as following:
        change(path)
        assert await following() == {"config.yaml": "new"}
        path.write_text("newer")
        assert await following() == {"config.yaml": "newer"}


async def test_the_data_link_of_a_mounted_config_map_is_followed(tmp_path):
    for name, text in (("..1", "old"), ("..2", "new"), ("..3", "newer")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.yaml").write_text(text)
    (tmp_path / "..data").symlink_to("..1")
    path = tmp_path / "config.yaml"
    path.symlink_to("..data/config.yaml")
    async with watching(path) as following:
        for name, text in (("..2", "new"), ("..3", "newer")):
            (tmp_path / "..data_tmp").symlink_to(name)
            (tmp_path / "..data_tmp").replace(tmp_path / "..data")
            assert await following() == {"config.yaml": text}


async def test_a_file_that_disappears_and_comes_back_is_noticed_both_times(file):
    async with watching(file) as following:
        file.unlink()
        assert await following() == {"config.yaml": None}
        file.write_text("new")
        assert await following() == {"config.yaml": "new"}


async def test_a_file_in_a_folder_that_does_not_exist_yet_is_noticed_once_it_exists(tmp_path):
    path = tmp_path / "later" / "config.yaml"
    async with watching(path) as following:
        path.parent.mkdir()
        path.write_text("new")
        assert await following() == {"config.yaml": "new"}


async def test_only_the_files_that_changed_are_reported(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1")
    two.write_text("2")
    async with watching(one, two) as following:
        two.write_text("22")
        assert await following() == {"two": "22"}


async def test_a_file_that_has_not_changed_since_its_signature_was_taken_is_not_reported(file, monkeypatch):
    rounds = iter(range(5))
    reported = []

    async def sleep(_seconds: float) -> None:
        if next(rounds, None) is None:
            raise asyncio.CancelledError

    async def changed(paths: frozenset[Path]) -> None:
        reported.append(paths)

    monkeypatch.setattr("webhook.files.asyncio.sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await files.watch(files.signatures([file]), changed)
    assert reported == []


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, reason in {
        "absent": "No such file or directory",
        "pipe": "is not a regular file",
        "nul\0": "is not a valid path",
    }.items():
        with pytest.raises(files.Unreadable) as caught:
            files.read_bytes(tmp_path / name)
        assert str(caught.value) == f"{tmp_path / name}: {reason}"


def sparse(path, size):
    with path.open("wb") as file:
        file.truncate(size)
    return path


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    for size, limit in {8 << 30: files.CREDENTIAL_BYTES, 700 << 20: files.CONFIGURATION_BYTES}.items():
        path = sparse(tmp_path / str(size), size)
        for read in (files.read_bytes, files.check_size):
            with pytest.raises(files.Unreadable) as caught:
                read(path, limit)
            assert str(caught.value) == f"{path}: too large: {size} bytes, the limit is {limit}"


def test_a_file_may_be_as_large_as_the_limit(tmp_path):
    path = sparse(tmp_path / "file", 5)

    assert files.read_bytes(path, 5) == bytes(5)
    files.check_size(path, 5)


def test_a_file_that_does_not_know_its_size_is_bounded_too():
    with pytest.raises(files.Unreadable, match="too large: 11 bytes, the limit is 10"):
        files.read_bytes(Path("/proc/self/smaps"), 10)


def test_a_folder_and_a_pipe_are_not_checked_as_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(files.Unreadable, match="is not a regular file"):
            files.check_size(path)
