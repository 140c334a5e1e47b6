"""Data sets: what is found, numbered, divided, refused and noted."""

import errno
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from netspace.errors import DataError, StorageError, UnknownNameError
from netspace.train.data import PARTS, DataSet, Split, load, open_saved, save
from netspace.train.reading import decoding
from netspace.train.reading.splits import copies, distinct, hold_out
from tests.pictures import picture_folder

SHARED = Path(os.environ.get("NETSPACE_SHARED", Path(__file__).parents[2] / ".." / "shared"))
HUGGING_FACE = "huggingface"


def picture(number: int, *, size: tuple[int, int] = (8, 8), mode: str = "RGB") -> Image.Image:
    """A solid picture; different numbers below 65,536 differ in colour, and in grey below 256."""
    colour = (number % 256, number // 256, 0) if mode == "RGB" else number % 256
    return Image.new(mode, size, colour)


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    file = BytesIO()
    image.save(file, kind)
    return file.getvalue()


def fill(folder: Path, count: int, *, first: int = 0, mode: str = "RGB") -> None:
    """A class folder of `count` different pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        picture(number, mode=mode).save(folder / f"{number:03}.png")


def fill_classes(folder: Path, names: Iterable[str], count: int = 6, first: int = 0) -> Path:
    for index, name in enumerate(names):
        fill(folder / name, count, first=first + 40 * index)
    return folder


def fill_parts(folder: Path, parts: Mapping[str, Iterable[str]]) -> Path:
    for index, (part, names) in enumerate(parts.items()):
        fill_classes(folder / part, names, first=1000 * index)
    return folder


def numbers(split: Split) -> list[int]:
    """The numbers of the pictures in a split."""
    pixels = split.images[:, 0, 0].astype(int)
    return (pixels[:, 0] + 256 * pixels[:, 1]).tolist()


def note(data: DataSet, *words: str) -> str:
    """The one note that holds all the words."""
    (found,) = [text for text in data.notes if all(word in text for word in words)]
    return found


def refusal(source: Path | str, **options: object) -> str:
    """The message of the refusal, which is one line."""
    with pytest.raises(DataError) as caught:
        load(source, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def write_table(
    path: Path,
    labels: Iterable[int | None],
    *,
    names: Iterable[str] = (),
    first: int = 0,
    replace: Mapping[int, bytes | None] | None = None,
    without_image: Iterable[int] = (),
) -> None:
    """A table of pictures; `replace` gives other bytes to some rows."""
    labels = list(labels)
    cells = [
        {"bytes": (replace or {}).get(row, encoded(picture(first + row))), "path": f"{row}.png"}
        for row in range(len(labels))
    ]
    cells = [None if row in without_image else cell for row, cell in enumerate(cells)]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({"image": pa.array(cells, kind), "label": pa.array(labels, pa.int64())})
    features = {"label": {"names": list(names), "_type": "ClassLabel"}}
    metadata = json.dumps({"info": {"features": features}}) if names else "{}"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.replace_schema_metadata({HUGGING_FACE: metadata}), path, row_group_size=5)


# ---- classes and folders


def test_hidden_entries_are_no_classes_and_are_mentioned(tmp_path: Path) -> None:
    fill_classes(tmp_path, "abcde")
    fill_classes(tmp_path, [".ipynb_checkpoints", "__MACOSX", "c/.ipynb_checkpoints"])
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "a" / "._000.png").write_bytes(b"x")
    data = load(tmp_path)
    assert data.classes == tuple("abcde")
    assert sum(len(split.labels) for split in data.splits.values()) == 30
    text = note(data, "hidden")
    assert all(name in text for name in (".ipynb_checkpoints", ".DS_Store", "__MACOSX", "._000"))
    for split in data.splits.values():
        assert [number // 40 for number in numbers(split)] == split.labels.tolist()


@pytest.mark.parametrize("name", ["val", "validation", "valid", "Validation"])
@pytest.mark.parametrize("gap", ["validation", "test"])
def test_classes_are_numbered_by_train_even_if_a_part_lacks_one(
    tmp_path: Path, name: str, gap: str
) -> None:
    angles = ["0", "180", "270", "90"]
    parts = {"train": angles, name: angles, "test": angles}
    parts[name if gap == "validation" else gap] = ["90", "0", "270"]
    data = load(fill_parts(tmp_path, parts))
    assert data.classes == ("0", "180", "270", "90")
    assert note(data, gap, "no images of 180")
    split = data.splits[gap]
    assert Counter(split.labels.tolist()) == {0: 6, 2: 6, 3: 6}
    first = 1000 if gap == "validation" else 2000
    ninety = [number for number in numbers(split) if number < first + 40]
    assert {
        label
        for label, number in zip(split.labels, numbers(split), strict=True)
        if number in ninety
    } == {3}


@pytest.mark.parametrize("part", ["val", "test"])
def test_a_class_that_train_lacks_is_refused_by_name(tmp_path: Path, part: str) -> None:
    parts = {"train": ["a", "b"], "val": ["a", "b"], "test": ["a", "b"]}
    parts[part] = ["a", "b", "zebra"]
    text = refusal(fill_parts(tmp_path, parts))
    assert "zebra" in text
    assert str(tmp_path / part) in text


def test_classes_missing_in_a_table_are_noted_and_numbered_by_train(tmp_path: Path) -> None:
    write_table(tmp_path / "train.parquet", [0, 1, 2] * 4, names="xyz")
    write_table(tmp_path / "test.parquet", [2, 0], names="xyz", first=100)
    data = load(tmp_path)
    assert data.test.labels.tolist() == [2, 0]
    assert note(data, "test", "no images of y")


@pytest.mark.parametrize("layout", ["flat", "nested", "parts", "table"])
def test_one_class_is_refused_before_training(tmp_path: Path, layout: str) -> None:
    if layout == "flat":
        fill(tmp_path / "only", 6)
    elif layout == "nested":
        fill_classes(tmp_path / "only", "ab")
    elif layout == "parts":
        fill_parts(tmp_path, {"train": ["only"], "test": ["only"]})
    else:
        write_table(tmp_path / "train.parquet", [0] * 5, names=["only"])
        write_table(tmp_path / "test.parquet", [0] * 5, names=["only"], first=100)
    text = refusal(tmp_path)
    assert "at least 2 classes" in text
    assert "'only'" in text
    assert "cross-entropy over one class is always 0" in text


def test_a_folder_without_classes_is_refused(tmp_path: Path) -> None:
    assert "at least 2 classes are needed, found none" in refusal(tmp_path)
    fill(tmp_path, 5)
    assert "at least 2 classes are needed, found none" in refusal(tmp_path)


@pytest.mark.parametrize("content", [None, "notes.txt", ".hidden.png"])
@pytest.mark.parametrize("root", [".", "train"])
def test_an_empty_class_folder_is_refused_by_name(
    tmp_path: Path, root: str, content: str | None
) -> None:
    fill_classes(tmp_path / root, "ab")
    if root == "train":
        fill_classes(tmp_path / "test", "ab", first=1000)
    empty = tmp_path / root / "empty"
    empty.mkdir()
    if content:
        (empty / content).write_text("x")
    text = refusal(tmp_path)
    assert str(empty) in text
    assert "remove the folder or add images" in text
    for entry in empty.iterdir():
        entry.unlink()
    empty.rmdir()
    data = load(tmp_path)
    assert data.classes == ("a", "b")
    assert {label for split in data.splits.values() for label in split.labels.tolist()} == {0, 1}


def test_images_are_told_by_extension_at_any_depth(tmp_path: Path) -> None:
    fill(tmp_path / "b", 6, first=100)
    deep = tmp_path / "a" / "2024" / "june"
    deep.mkdir(parents=True)
    kinds = {"jpg": "JPEG", "JPEG": "JPEG", "PNG": "PNG", "bmp": "BMP", "gif": "GIF"}
    kinds |= {"webp": "WEBP", "tif": "TIFF", "TIFF": "TIFF", "ppm": "PPM", "pgm": "PPM"}
    for number, (extension, kind) in enumerate(kinds.items()):
        (deep / f"{number}.{extension}").write_bytes(encoded(picture(10 * number), kind))
    for name in ("readme.txt", "labels.csv", "noextension"):
        (deep / name).write_text("x")
    (tmp_path / "LICENSE").write_text("x")
    data = load(tmp_path)
    counts = Counter(label for split in data.splits.values() for label in split.labels.tolist())
    assert counts == {0: len(kinds), 1: 6}
    assert note(data, "3 files that are not images")
    assert note(data, "1 entries outside the class folders", "LICENSE")


def test_a_link_back_to_a_folder_above_is_not_followed_for_ever(tmp_path: Path) -> None:
    fill_classes(tmp_path, "ab")
    (tmp_path / "a" / "again").symlink_to(tmp_path / "a")
    assert Counter(load(tmp_path).test.labels.tolist()) == {0: 1, 1: 1}


def test_a_linked_class_folder_is_followed(tmp_path: Path) -> None:
    fill(tmp_path / "elsewhere", 6)
    fill(tmp_path / "data" / "b", 6, first=100)
    (tmp_path / "data" / "a").symlink_to(tmp_path / "elsewhere")
    assert load(tmp_path / "data").classes == ("a", "b")


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    assert load(fill_classes(tmp_path, ["car", "ship", "train"])).classes == (
        "car",
        "ship",
        "train",
    )


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"train": "ab", "val": "ab"}, ("train/ and val/ but no test/", "add test/")),
        ({"train": "ab"}, ("train/ but no test/", "to have a test split made")),
        ({"val": "ab", "test": "ab"}, ("val/ and test/ but no train/",)),
        (
            {"train": "ab", "val": "ab", "valid": "ab", "test": "ab"},
            ("val/ and valid/", "keep one"),
        ),
    ],
)
def test_half_a_layout_is_refused_rather_than_read_as_classes(
    tmp_path: Path, parts: dict[str, str], words: tuple[str, ...]
) -> None:
    text = refusal(fill_parts(tmp_path, parts))
    assert all(word in text for word in words)


def test_testing_and_training_are_parts_and_not_two_classes(tmp_path: Path) -> None:
    data = load(fill_parts(tmp_path, {"Training": "ab", "Testing": "ab"}))
    assert data.classes == ("a", "b")
    assert len(data.test.labels) == 12
    assert len(data.train.labels) + len(data.validation.labels) == 12


def test_folders_beside_train_and_test_are_noted(tmp_path: Path) -> None:
    fill_parts(tmp_path, {"train": "ab", "test": "ab", "extra": "ab"})
    assert note(load(tmp_path), "outside the class folders", "extra")


def test_a_folder_that_cannot_be_read_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_classes(tmp_path, "ab")
    plain = Path.iterdir

    def forbidden(self: Path) -> Iterable[Path]:
        if self.name == "b":
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return plain(self)

    monkeypatch.setattr(Path, "iterdir", forbidden)
    text = refusal(tmp_path)
    assert str(tmp_path / "b") in text
    assert "Permission denied" in text


# ---- sources


def test_an_unknown_name_is_refused_with_a_suggestion_and_what_is_accepted() -> None:
    with pytest.raises(UnknownNameError) as caught:
        load("digit")
    text = str(caught.value)
    assert "did you mean 'digits'?" in text
    assert "folder of class folders" in text
    with pytest.raises(UnknownNameError):
        load("")


def test_a_missing_folder_or_a_file_is_refused(tmp_path: Path) -> None:
    assert "no such folder" in refusal(tmp_path / "missing")
    assert "no such folder" in refusal("./digitz/")
    (tmp_path / "x.png").write_bytes(encoded(picture(0)))
    assert "a file, not a folder" in refusal(str(tmp_path / "x.png"))
    assert "accepted are" in refusal(tmp_path / "x.png")
    assert "cannot be read" in refusal("a" * 5000)


def test_digits_are_built_in() -> None:
    data = load("digits")
    assert (data.name, data.resolution, data.channels, data.flip) == ("digits", 8, 1, False)
    assert data.classes == tuple("0123456789")
    assert "UCI Optical Recognition of Handwritten Digits" in data.origin
    assert "CC BY 4.0" in data.origin
    sizes = [len(split.labels) for split in data.splits.values()]
    assert sum(sizes) == 1797
    assert sizes == [1151, 287, 359]
    for split in data.splits.values():
        assert (split.images.min(), split.images.max()) == (0, 255)
        assert min(Counter(split.labels.tolist()).values()) >= 0.09 * len(split.labels)
    other = load("digits", seed=1)
    np.testing.assert_array_equal(other.test.images, data.test.images)
    assert not np.array_equal(other.validation.images, data.validation.images)
    assert load("digits", resolution=16).train.images.shape[1:] == (16, 16, 1)


@pytest.mark.skipif(
    not (SHARED / "data" / "neu-surface64").is_dir(),
    reason=f"needs the shared data set {SHARED / 'data' / 'neu-surface64'}",
)
def test_grey_images_of_a_real_pair_of_tables() -> None:
    data = load(SHARED / "data" / "neu-surface64")
    assert (data.name, data.resolution, data.channels, data.flip) == ("neu-surface64", 64, 1, True)
    assert data.classes[:2] == ("crazing", "inclusion")
    assert len(data.classes) == 6
    assert len(data.test.labels) == 360
    assert len(data.train.labels) + len(data.validation.labels) == 1439
    assert len(data.validation.labels) == 287
    assert data.train.images.flags.c_contiguous
    assert data.mean == pytest.approx([data.train.images.mean() / 255])
    assert data.std == pytest.approx([data.train.images.std() / 255])


@pytest.mark.parametrize("name", ["val", "validation"])
def test_tables_keep_their_order_and_their_parts(tmp_path: Path, name: str) -> None:
    write_table(tmp_path / "train.parquet", [1, 0, 1, 1, 0, 0], names=["no", "yes"])
    write_table(tmp_path / f"{name}.parquet", [0, 1], names=["no", "yes"], first=100)
    write_table(tmp_path / "test.parquet", [1, 1, 0], names=["no", "yes"], first=200)
    data = load(tmp_path)
    assert data.classes == ("no", "yes")
    assert data.train.labels.tolist() == [1, 0, 1, 1, 0, 0]
    assert numbers(data.train) == list(range(6))
    assert numbers(data.validation) == [100, 101]
    assert numbers(data.test) == [200, 201, 202]
    assert data.notes == ()


def test_labels_without_names_become_names(tmp_path: Path) -> None:
    write_table(tmp_path / "train.parquet", [7, 10, 2] * 2)
    write_table(tmp_path / "test.parquet", [10, 2], first=100)
    data = load(tmp_path)
    assert data.classes == ("2", "7", "10")
    assert data.test.labels.tolist() == [2, 0]


@pytest.mark.parametrize(
    ("names", "label", "part"),
    [
        *((names, label, part) for names in ("ab", "") for label in (-1, None) for part in PARTS),
        ("ab", 2, "train"),
        ("ab", 2, "test"),
        ("", 2, "test"),
    ],
)
def test_labels_that_are_no_class_are_refused_by_row(
    tmp_path: Path, names: str, label: int | None, part: str
) -> None:
    """Without names a 2 in train is simply one class more, so that is not among these."""
    labels: dict[str, list[int | None]] = {name: [0, 1] * 9 for name in PARTS}
    labels[part][17] = label
    for index, name in enumerate(labels):
        write_table(tmp_path / f"{name}.parquet", labels[name], names=names, first=100 * index)
    text = refusal(tmp_path)
    assert f"{part}.parquet row 17: label {label}" in text


def test_tables_that_number_their_classes_differently_are_refused(tmp_path: Path) -> None:
    write_table(tmp_path / "train.parquet", [0, 1] * 3, names=["cat", "dog"])
    write_table(tmp_path / "test.parquet", [0, 1], names=["dog", "cat"], first=100)
    text = refusal(tmp_path)
    assert "test.parquet: class 0 is named otherwise than in train.parquet" in text


def test_a_missing_or_doubled_table_is_refused(tmp_path: Path) -> None:
    write_table(tmp_path / "train.parquet", [0, 1] * 3, names="ab")
    assert "test.parquet is missing" in refusal(tmp_path)
    for name in ("test", "val", "validation"):
        write_table(tmp_path / f"{name}.parquet", [0, 1], names="ab")
    assert "validation.parquet and val.parquet both mean validation" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"img": [b"x"], "label": [0]}, "found img, label"),
        ({"image": [b"x"], "label": [0]}, "'image' is binary"),
        ({"image": [{"path": "x"}], "label": [0]}, "holds no binary 'bytes'"),
        ({"image": [{"bytes": b"x", "path": "x"}], "label": ["cat"]}, "'label' is string"),
        ({"image": [{"bytes": b"x", "path": "x"}], "label": [0.5]}, "'label' is double"),
    ],
)
def test_tables_of_other_columns_are_refused(
    tmp_path: Path, columns: dict[str, list[object]], words: str
) -> None:
    write_table(tmp_path / "train.parquet", [0, 1] * 3, names="ab")
    pq.write_table(pa.table(columns), tmp_path / "test.parquet")
    text = refusal(tmp_path)
    assert text.startswith(f"{tmp_path / 'test.parquet'}: needs columns 'image'")
    assert words in text


def test_a_table_that_is_none_or_cut_is_refused(tmp_path: Path) -> None:
    write_table(tmp_path / "train.parquet", [0, 1] * 30, names="ab")
    whole = (tmp_path / "train.parquet").read_bytes()
    for content in (b"", b"not parquet at all", whole[:-20], whole[: len(whole) // 2]):
        (tmp_path / "test.parquet").write_bytes(content)
        assert f"{tmp_path / 'test.parquet'}: cannot be read as parquet" in refusal(tmp_path)
    scrambled = bytearray(whole)
    scrambled[4:400] = bytes(396)
    (tmp_path / "test.parquet").write_bytes(bytes(scrambled))
    assert "test.parquet" in refusal(tmp_path)


def test_other_columns_are_noted(tmp_path: Path) -> None:
    write_table(tmp_path / "train.parquet", [0, 1] * 3, names="ab")
    write_table(tmp_path / "test.parquet", [0, 1], names="ab", first=100)
    table = pq.read_table(tmp_path / "test.parquet")
    pq.write_table(table.append_column("id", pa.array([1, 2])), tmp_path / "test.parquet")
    assert note(load(tmp_path), "test.parquet", "id")


# ---- splits


def test_a_folder_of_classes_is_divided_in_proportion(tmp_path: Path) -> None:
    fill(tmp_path / "a", 50)
    fill(tmp_path / "b", 25, first=100)
    data = load(tmp_path)
    assert Counter(data.test.labels.tolist()) == {0: 10, 1: 5}
    assert Counter(data.validation.labels.tolist()) == {0: 8, 1: 4}
    assert Counter(data.train.labels.tolist()) == {0: 32, 1: 16}
    every = [number for split in data.splits.values() for number in numbers(split)]
    assert sorted(every) == [*range(50), *range(100, 125)]


def test_the_seed_moves_validation_and_never_test(tmp_path: Path) -> None:
    fill_classes(tmp_path, "abc", count=20)
    first, again, other = load(tmp_path), load(tmp_path), load(tmp_path, seed=7)
    assert first.fingerprint() == again.fingerprint()
    assert numbers(first.test) == numbers(other.test)
    assert numbers(first.validation) != numbers(other.validation)
    assert first.fingerprint() != other.fingerprint()


def test_validation_is_a_fifth_but_at_most_5000_images() -> None:
    labels = np.arange(60_000) % 10
    held = hold_out(labels, np.arange(60_000), images=5_000, leave=1, seed=0)
    assert np.bincount(labels[held]).tolist() == [500] * 10


@pytest.mark.parametrize("count", [1, 2])
def test_a_class_too_small_for_three_parts_is_refused_by_name(tmp_path: Path, count: int) -> None:
    fill_classes(tmp_path, "ab")
    fill(tmp_path / "rare", count, first=200)
    text = refusal(tmp_path)
    assert f"'rare' has {count}" in text
    assert "3 distinct images" in text
    fill(tmp_path / "rare", 3, first=200)
    for split in load(tmp_path).splits.values():
        assert set(split.labels.tolist()) == {0, 1, 2}


def test_copies_do_not_make_a_class_large_enough(tmp_path: Path) -> None:
    fill_classes(tmp_path, "ab")
    fill(tmp_path / "rare", 2, first=200)
    for copy in range(5):
        (tmp_path / "rare" / f"copy{copy}.png").write_bytes(
            (tmp_path / "rare" / "200.png").read_bytes()
        )
    assert "'rare' has 2" in refusal(tmp_path)


def test_a_class_of_few_pictures_and_many_copies_is_in_every_part(tmp_path: Path) -> None:
    """Of three distinct pictures, two would fit into test; one has to be left for validation."""
    fill_classes(tmp_path, "ab", count=3)
    for copy in range(9):
        content = (tmp_path / "a" / "000.png").read_bytes()
        (tmp_path / "a" / f"copy{copy}.png").write_bytes(content)
    for split in load(tmp_path).splits.values():
        assert set(split.labels.tolist()) == {0, 1}


def test_a_class_of_a_table_without_images_is_refused_by_name(tmp_path: Path) -> None:
    write_table(tmp_path / "train.parquet", [0, 1] * 3, names=["a", "b", "ghost"])
    write_table(tmp_path / "test.parquet", [0, 1], names=["a", "b", "ghost"], first=100)
    assert "'ghost' has 0" in refusal(tmp_path)


def test_copies_are_counted_and_kept_on_one_side(tmp_path: Path) -> None:
    """Twelve files, three of them exact copies: whatever the seed, no copy crosses a split."""
    fill(tmp_path / "a", 5)
    fill(tmp_path / "b", 4, first=100)
    for origin, copy in (("a/000", "a/x"), ("a/001", "a/sub/y"), ("b/100", "b/z")):
        (tmp_path / copy).parent.mkdir(exist_ok=True)
        content = (tmp_path / f"{origin}.png").read_bytes()
        (tmp_path / f"{copy}.png").write_bytes(content)
    for seed in range(10):
        data = load(tmp_path, seed=seed)
        assert note(data, "3 of 12", "9 unique", "one side")
        sides = [set(numbers(split)) for split in data.splits.values()]
        assert sum(map(len, sides)) == 9
        assert sum(len(split.labels) for split in data.splits.values()) == 12
        assert all(set(split.labels.tolist()) == {0, 1} for split in data.splits.values())


@pytest.mark.parametrize("part", ["validation", "test"])
def test_copies_between_given_parts_are_only_reported(tmp_path: Path, part: str) -> None:
    fill_parts(tmp_path, {"train": "ab", "validation": "ab", "test": "ab"})
    for number in range(2):
        content = (tmp_path / "train" / "a" / f"{number:03}.png").read_bytes()
        (tmp_path / part / "a" / f"copy{number}.png").write_bytes(content)
    data = load(tmp_path)
    assert note(data, f"2 of 14 given {part} images", "byte-identical", "flattered")
    assert len(data.splits[part].labels) == 14
    assert len(data.train.labels) == 12


def test_copies_of_different_classes_are_noted(tmp_path: Path) -> None:
    fill_classes(tmp_path, "ab")
    (tmp_path / "b" / "stray.png").write_bytes((tmp_path / "a" / "000.png").read_bytes())
    data = load(tmp_path)
    assert note(data, "1 byte-identical images carry different classes")
    assert sum(0 in numbers(split) for split in data.splits.values()) == 1


@given(
    groups=st.lists(st.integers(0, 12), min_size=1, max_size=60),
    classes=st.integers(1, 4),
    leave=st.integers(1, 2),
    seed=st.integers(0, 5),
)
def test_no_group_is_divided_and_every_class_is_on_both_sides(
    groups: list[int], classes: int, leave: int, seed: int
) -> None:
    numbered = np.array(groups)
    labels = numbered % classes
    images = len(groups) // 5
    held = hold_out(labels, numbered, images=images, leave=leave, seed=seed)
    assert not set(numbered[held]) & set(numbered[~held])
    kept = distinct(labels[~held], numbered[~held], classes)
    for label, count in enumerate(distinct(labels, numbered, classes)):
        assert kept[label] >= min(count, leave)
        assert (labels[held] == label).any() == (count > leave)
    again = hold_out(labels, numbered, images=images, leave=leave, seed=seed)
    np.testing.assert_array_equal(held, again)


def test_a_large_group_of_copies_does_not_blow_up_the_held_out_part() -> None:
    groups = np.array([0] * 90 + list(range(1, 11)))
    labels = np.zeros(100, dtype=np.int64)
    for seed in range(20):
        held = hold_out(labels, groups, images=20, leave=1, seed=seed)
        assert 9 <= held.sum() <= 20
    assert copies(groups) == 89


# ---- pixels


def test_one_colour_image_makes_the_set_coloured(tmp_path: Path) -> None:
    fill(tmp_path / "a", 6, mode="L")
    fill(tmp_path / "b", 6, first=100, mode="L")
    assert load(tmp_path).channels == 1
    Image.new("RGB", (8, 8), (1, 2, 3)).save(tmp_path / "b" / "colour.png")
    data = load(tmp_path)
    assert data.channels == 3
    assert len(data.mean) == len(data.std) == 3
    assert note(data, "12 L", "converted to 8-bit RGB")


def test_images_of_every_mode_share_one_shape(tmp_path: Path) -> None:
    fill_classes(tmp_path, "ab")
    odd = tmp_path / "b"
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(odd / "c.jpg")
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(odd / "d.png")
    Image.fromarray(np.full((8, 8), 40_000, np.uint16)).save(odd / "e.png")
    data = load(tmp_path)
    assert {split.images.shape[1:] for split in data.splits.values()} == {(8, 8, 3)}
    assert note(data, "1 CMYK", "1 I;16", "1 RGBA", "over white")
    pixels = np.concatenate([split.images[:, 4, 4] for split in data.splits.values()]).tolist()
    assert [156, 156, 156] in pixels
    assert [255, 255, 255] in pixels
    assert any(red > 250 and green < 5 and blue < 5 for red, green, blue in pixels)


@pytest.mark.parametrize(
    ("sizes", "asked", "resolution", "noted"),
    [
        ([(30, 30)], None, 30, ""),
        ([(64, 64)], None, 64, ""),
        ([(40, 30)], None, 30, "40x30 were brought to 30x30"),
        ([(40, 30), (30, 40)], None, 30, "30x40 to 40x30 were brought to 30x30"),
        ([(65, 65)], None, 64, "65x65 were brought to 64x64"),
        ([(20, 20), (90, 70)], None, 64, "20x20 to 90x70 were brought to 64x64"),
        ([(20, 20), (30, 30)], None, 64, "20x20 to 30x30 were brought to 64x64"),
        ([(30, 30)], 30, 30, ""),
        ([(30, 30)], 12, 12, "30x30 were brought to 12x12"),
    ],
)
def test_resolution_is_as_asked_else_the_images_own_up_to_64(
    tmp_path: Path,
    sizes: list[tuple[int, int]],
    asked: int | None,
    resolution: int,
    noted: str,
) -> None:
    for name, first in (("a", 0), ("b", 100)):
        (tmp_path / name).mkdir()
        for number in range(4):
            image = picture(first + number, size=sizes[number % len(sizes)])
            image.save(tmp_path / name / f"{number}.png")
    data = load(tmp_path, resolution=asked)
    assert data.resolution == resolution
    assert data.train.images.shape[1:3] == (resolution, resolution)
    if noted:
        assert note(data, noted)
    else:
        assert data.notes == ()


def test_a_resolution_below_one_is_refused() -> None:
    assert "at least 1, got 0" in refusal("digits", resolution=0)


@pytest.mark.parametrize("resolution", [10**6, 10**9])
def test_images_that_do_not_fit_into_memory_are_refused(resolution: int) -> None:
    text = refusal("digits", resolution=resolution)
    assert f"1,797 images of {resolution}x{resolution}x1 need 1,797," in text
    assert "lower resolution" in text


def test_moments_are_of_the_train_split_and_never_divide_by_zero(tmp_path: Path) -> None:
    fill_classes(tmp_path, "ab", count=10)
    data = load(tmp_path)
    values = data.train.images / 255
    assert data.mean == pytest.approx(values.mean(axis=(0, 1, 2)))
    assert data.std[0] == pytest.approx(values[..., 0].std())
    # The green and blue of these pictures never vary.
    assert data.std[1:] == pytest.approx([1 / 255, 1 / 255])


def test_arrays_have_the_promised_layout(tmp_path: Path) -> None:
    for split in load(fill_classes(tmp_path, "ab")).splits.values():
        assert split.images.dtype == np.uint8
        assert split.images.flags.c_contiguous
        assert split.labels.dtype == np.int64
        assert not split.images.flags.writeable
        assert not split.labels.flags.writeable


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (np.zeros((2, 4, 4, 3), np.float32), np.zeros(2, np.int64)),
        (np.zeros((2, 4, 4), np.uint8), np.zeros(2, np.int64)),
        (np.zeros((2, 3, 4, 4), np.uint8).transpose(0, 2, 3, 1), np.zeros(2, np.int64)),
        (np.zeros((2, 4, 4, 3), np.uint8), np.zeros(3, np.int64)),
        (np.zeros((2, 4, 4, 3), np.uint8), np.zeros(2, np.int32)),
    ],
)
def test_a_split_of_another_layout_cannot_exist(
    images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> None:
    with pytest.raises(DataError, match="must be"):
        Split(images=images, labels=labels)


def test_progress_is_told_up_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    load(
        fill_classes(tmp_path, "ab", count=40),
        progress=lambda done, all_: told.append((done, all_)),
    )
    assert told[-1] == (80, 80)
    assert len(told) == 2
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_an_interrupt_stops_decoding_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_classes(tmp_path, "ab", count=40)
    monkeypatch.setattr(decoding, "CHUNK", 1)
    decoded: list[str] = []
    plain = decoding.images.decode

    def slow(content: Path, name: str, **options: int) -> NDArray[np.uint8]:
        time.sleep(0.005)
        decoded.append(name)
        return plain(content, name, **options)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(decoding.images, "decode", slow)
    with pytest.raises(KeyboardInterrupt):
        load(tmp_path, progress=interrupt)
    stopped = len(decoded)
    time.sleep(0.05)
    assert len(decoded) == stopped < 40


# ---- broken images


def spoil(folder: Path) -> list[Path]:
    """A cut JPEG, a cut PNG, an empty file, a text and a 32-bit picture among 20 good ones."""
    fill_classes(folder, "ab", count=10)
    values = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    noise = Image.fromarray(values)
    jpeg, png = encoded(noise.resize((64, 64)), "JPEG"), encoded(noise)
    bad = {
        "cut.jpg": jpeg[: len(jpeg) * 6 // 10],
        "cut.png": png[: len(png) * 6 // 10],
        "empty.png": b"",
        "text.png": b"hello",
        "float.tif": encoded(Image.fromarray(np.zeros((8, 8), np.float32)), "TIFF"),
    }
    for name, content in bad.items():
        (folder / "b" / name).write_bytes(content)
    return [folder / "b" / name for name in bad]


def test_every_broken_image_is_named_before_training(tmp_path: Path) -> None:
    bad = spoil(tmp_path)
    text = refusal(tmp_path)
    assert text.startswith("5 of 25 images cannot be used: ")
    assert all(str(path) in text for path in bad)
    assert "--skip-broken" in text


def test_more_than_five_broken_images_are_counted(tmp_path: Path) -> None:
    spoil(tmp_path)
    for number in range(40):
        (tmp_path / "a" / f"more{number:02}.jpg").write_bytes(b"")
    text = refusal(tmp_path)
    assert text.startswith("45 of 65 images cannot be used: ")
    assert "and 40 more" in text
    assert text.count(str(tmp_path)) == 5


def test_broken_images_are_skipped_on_request_as_if_they_were_not_there(tmp_path: Path) -> None:
    """The cut JPEG is larger than the others; it must not decide the resolution either."""
    bad = spoil(tmp_path)
    data = load(tmp_path, skip_broken=True)
    assert note(data, "5 images were left out", "cut.jpg")
    assert data.resolution == 8
    for path in bad:
        path.unlink()
    assert load(tmp_path).fingerprint() == data.fingerprint()


def test_a_class_left_too_small_by_skipping_is_refused(tmp_path: Path) -> None:
    fill_classes(tmp_path, "ab")
    for path in sorted((tmp_path / "b").iterdir())[:4]:
        path.write_bytes(path.read_bytes()[:45])
    assert "4 of 12 images cannot be used" in refusal(tmp_path)
    assert "'b' has 2" in refusal(tmp_path, skip_broken=True)


def test_a_set_of_broken_images_only_is_refused(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.png").write_bytes(b"")
    assert "2 of 2 images cannot be used" in refusal(tmp_path)
    assert "train holds no image" in refusal(tmp_path, skip_broken=True)


def test_broken_rows_are_named_by_table_and_row(tmp_path: Path) -> None:
    whole = encoded(picture(3))
    replace = {17: whole[: len(whole) * 6 // 10], 3: None}
    write_table(
        tmp_path / "train.parquet", [0, 1] * 10, names="ab", replace=replace, without_image=[5]
    )
    write_table(tmp_path / "test.parquet", [0, 1], names="ab", first=100, replace={1: b""})
    text = refusal(tmp_path)
    assert "4 of 22 images" in text
    for name in (
        "train.parquet row 17",
        "train.parquet row 3",
        "train.parquet row 5",
        "test.parquet row 1",
    ):
        assert f"{name}: " in text
    data = load(tmp_path, skip_broken=True)
    assert len(data.test.labels) == 1
    assert len(data.train.labels) + len(data.validation.labels) == 17


# ---- saved data sets


@pytest.fixture
def small(tmp_path: Path) -> DataSet:
    return load(fill_classes(tmp_path / "pictures", "ab"))


def test_a_saved_set_opens_as_it_was(small: DataSet, tmp_path: Path) -> None:
    save(small, tmp_path / "deep" / "saved")
    opened = open_saved(tmp_path / "deep" / "saved")
    assert opened.fingerprint() == small.fingerprint()
    for field in ("name", "origin", "classes", "mean", "std", "flip", "notes"):
        assert getattr(opened, field) == getattr(small, field)
    assert (opened.resolution, opened.channels) == (8, 3)
    for split in opened.splits.values():
        for array in (split.images, split.labels):
            assert isinstance(array, np.memmap)
            assert not array.flags.writeable


def test_saving_again_replaces_the_former_set_only(small: DataSet, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    save(small, folder)
    (folder / "train_images-mine.npy").write_bytes(b"x")
    opened = open_saved(folder)
    other = load(tmp_path / "pictures", seed=3)
    save(other, folder)
    assert open_saved(folder).fingerprint() == other.fingerprint()
    assert opened.fingerprint() == small.fingerprint()
    save(open_saved(folder), folder)
    assert open_saved(folder).fingerprint() == other.fingerprint()
    assert len(list(folder.iterdir())) == 8


@pytest.mark.parametrize(
    "failure", [OSError(errno.ENOSPC, "No space left on device"), OSError("9 requested, 3 written")]
)
@pytest.mark.parametrize("at", range(6))
def test_a_full_disk_is_said_and_leaves_the_former_set_whole(
    small: DataSet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: OSError,
    at: int,
) -> None:
    folder = tmp_path / "saved"
    save(small, folder)
    monkeypatch.setattr(np, "save", failing(np.save, at, failure))
    with pytest.raises(StorageError, match="cannot be written") as caught:
        save(load(tmp_path / "pictures", seed=3), folder)
    assert (failure.strerror or str(failure)) in str(caught.value)
    assert open_saved(folder).fingerprint() == small.fingerprint()
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def failing(plain: Callable[..., None], at: int, failure: OSError) -> Callable[..., None]:
    """A function that fails when called for the `at`-th time, from 0, and works otherwise."""
    calls = iter(range(1000))

    def call(*args: object, **options: object) -> None:
        if next(calls) == at:
            raise failure
        plain(*args, **options)

    return call


def test_what_is_no_complete_saved_set_is_refused(small: DataSet, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    with pytest.raises(DataError, match="holds no complete data set"):
        open_saved(folder)
    save(small, folder)
    description = (folder / "data.json").read_text()
    (images,) = folder.glob("train_images-*.npy")
    images.write_bytes(images.read_bytes()[:-1])
    with pytest.raises(DataError, match="holds no complete data set"):
        open_saved(folder)
    save(small, folder)
    np.save(images, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="holds no complete data set"):
        open_saved(folder)
    save(small, folder)
    for text in ("", "[]", "{}", description[:-5], description.replace("mean", "average")):
        (folder / "data.json").write_text(text)
        with pytest.raises(DataError, match="holds no complete data set"):
            open_saved(folder)


def test_the_fingerprint_tells_images_labels_classes_and_splits(small: DataSet) -> None:
    def changed(**fields: object) -> str:
        values = {name: getattr(small, name) for name in DataSet.__dataclass_fields__}
        return DataSet(**(values | fields)).fingerprint()

    images = small.train.images.copy()
    images[0, 0, 0, 0] += 1
    labels = 1 - small.train.labels
    others = {
        changed(classes=("a", "c")),
        changed(train=Split(images=images, labels=small.train.labels)),
        changed(train=Split(images=small.train.images, labels=labels)),
        changed(validation=small.test, test=small.validation),
    }
    assert len({*others, small.fingerprint()}) == 5
    assert changed(notes=("something",), name="other") == small.fingerprint()


@pytest.mark.parametrize(
    ("size", "at_most", "resolution"), [(12, 24, 12), (12, 8, 8), (100, 80, 80), (100, 448, 100)]
)
def test_images_keep_their_own_resolution_up_to_a_limit(
    tmp_path: Path, size: int, at_most: int, resolution: int
) -> None:
    folder = picture_folder(tmp_path / "colours", images=12, size=size)
    assert load(folder, at_most=at_most).resolution == resolution
