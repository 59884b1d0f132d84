"""Folders of images: what becomes a row and a class, and what is said of images that do not fit."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vdm_cli.data.files.images import decode, list_images
from vdm_cli.data.rows import read_rows
from vdm_cli.errors import DataError


def picture(seed=0, size=(6, 5), mode="RGB"):
    """A picture of noise; `size` is (width, height)."""
    channels = () if mode == "L" else (len(mode),)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], *channels), dtype=np.uint8)
    return Image.fromarray(pixels)


def save(path, image=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    (picture() if image is None else image).save(path, **options)
    return path


def test_images_are_rows_in_the_order_of_their_names(tmp_path):
    for seed, name in enumerate(("b.png", "a.PNG", "c.bmp", ".hidden.png")):
        save(tmp_path / name, picture(seed))
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / "empty folder").mkdir()
    rows = read_rows(tmp_path)
    expected = np.stack([np.asarray(picture(seed)) for seed in (1, 0, 2)])
    np.testing.assert_array_equal(rows.values, expected)
    assert (rows.values.dtype, rows.labels, rows.ignored, rows.integer) == (np.uint8, None, 1, (True,))


def test_subfolders_are_classes(tmp_path):
    for seed, name in enumerate(("dog/1.png", "cat/2.png", "cat/1.png", ".git/1.png", "emu/1.png")):
        save(tmp_path / name, picture(seed, mode="L"))
    (tmp_path / "cat/list.csv").write_text("")
    rows = read_rows(str(tmp_path) + "/")
    assert rows.values.shape == (4, 5, 6)
    np.testing.assert_array_equal(rows.values[0], np.asarray(picture(2, mode="L")))
    np.testing.assert_array_equal(rows.labels.values, [0, 0, 1, 2])
    assert (rows.labels.form.kind, rows.labels.form.categories) == ("category", ("cat", "dog", "emu"))
    assert rows.ignored == 1


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        *((f"a{suffix}", mode) for suffix in (".jpg", ".jpeg", ".bmp", ".png") for mode in ("L", "RGB")),
        ("a.webp", "RGB"),  # WebP has no gray images
    ],
)
def test_every_kind_of_image(tmp_path, name, mode):
    path = save(tmp_path / name, Image.new(mode, (8, 8), (200, 100, 50) if mode == "RGB" else 200))
    values = read_rows(path.parent).values
    assert values.shape == ((1, 8, 8, 3) if mode == "RGB" else (1, 8, 8))
    assert np.abs(values[0, 0, 0].astype(int) - ([200, 100, 50] if mode == "RGB" else 200)).max() <= 3


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_opaque_alpha_is_dropped_and_transparency_refused(tmp_path, mode):
    image = picture(mode=mode)
    image.putalpha(255)
    save(tmp_path / "a.png", image)
    save(tmp_path / "b.png", picture(mode=mode[:-1]))
    values = read_rows(tmp_path).values
    np.testing.assert_array_equal(
        values[0], np.asarray(image)[..., :3] if mode == "RGBA" else np.asarray(image)[..., 0]
    )
    image.putpixel((2, 1), (0, 0, 0, 254)[-len(mode) :])
    save(tmp_path / "b.png", image)
    with pytest.raises(DataError, match=r"b\.png: has transparent pixels"):
        list_images(tmp_path, "folder")


def test_some_images_are_decoded_as_all_are(tmp_path):
    for seed in range(70):
        save(tmp_path / f"{seed:02}.png", picture(seed, (60, 60)))
    folder = list_images(tmp_path, "folder")
    assert folder.shape == (60, 60, 3)
    everything = decode(folder, slice(None))
    assert everything.shape == (70, 60, 60, 3)
    np.testing.assert_array_equal(decode(folder, slice(10, 20)), everything[10:20])
    np.testing.assert_array_equal(decode(folder, np.array([69, 3, 3])), everything[[69, 3, 3]])
    assert decode(folder, slice(0, 0)).shape == (0, 60, 60, 3)


def test_listing_reads_headers_alone(tmp_path):
    path = save(tmp_path / "a.png")
    path.write_bytes(path.read_bytes()[:-40])
    folder = list_images(tmp_path, "folder")
    assert folder.shape == (5, 6, 3)
    with pytest.raises(DataError, match=r"a\.png: is cut short or damaged"):
        decode(folder, slice(None))


def test_an_image_that_changed_since_it_was_listed_is_refused(tmp_path):
    path = save(tmp_path / "a.png")
    folder = list_images(tmp_path, "folder")
    save(path, picture(size=(7, 5)))
    with pytest.raises(
        DataError, match=r"a\.png: is now 7 x 5 pixels, colored; it was 6 x 5 pixels, colored"
    ):
        decode(folder, slice(None))


def png_claiming(width, height):
    """A PNG whose header promises a picture that its content does not hold."""

    def chunk(kind, content):
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def animated():
    stream = io.BytesIO()
    picture(0).save(stream, "PNG", save_all=True, append_images=[picture(1)])
    return stream.getvalue()


def deep_color():
    """A PNG of 16 bits a channel, of which Pillow would drop half without a word."""
    content = bytearray(png_claiming(2, 2))
    content[24:26] = bytes([16, 2])
    content[29:33] = struct.pack(">I", zlib.crc32(bytes(content[12:29])))
    return bytes(content)


BAD = {
    "another size": (
        picture(size=(6, 4)),
        "a.png is 6 x 5 pixels, colored, and {folder}/b.png is 6 x 4 pixels, colored",
    ),
    "gray among colored": (picture(mode="L"), "b.png is 6 x 5 pixels, gray; all images must have one size"),
    "palette": (picture().convert("P"), "b.png: is a palette image; images must be gray or RGB: convert all"),
    "bitmap": (picture().convert("1"), "b.png: is a bitmap of one bit a pixel"),
    "16 bits": (Image.new("I;16", (6, 5)), "b.png: has more than 8 bits a channel"),
    "16 bits of color": (deep_color(), "b.png: has more than 8 bits a channel"),
    "animated": (animated(), "b.png: is animated; keep one frame"),
    "bomb": (png_claiming(10_000, 10_000), "b.png: claims over 89478485 pixels, as decompression bombs do"),
    "huge bomb": (png_claiming(10**6, 10**6), "b.png: claims over 89478485 pixels"),
    "text": (b"hello", "b.png: is no image of the kinds .png, .jpg"),
    "empty": (b"", "b.png: is no image of the kinds"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 6 5\n", "b.png: is no image of the kinds"),
}


@pytest.mark.parametrize("name", BAD)
def test_images_that_do_not_fit_are_named(tmp_path, name):
    content, fragment = BAD[name]
    save(tmp_path / "a.png")
    if isinstance(content, bytes):
        (tmp_path / "b.png").write_bytes(content)
    else:
        content.save(tmp_path / "b.png")
    with pytest.raises(DataError) as caught:
        list_images(tmp_path, "folder")
    assert fragment.format(folder=tmp_path) in str(caught.value)


def test_a_cmyk_jpeg_is_refused(tmp_path):
    save(tmp_path / "a.jpg", picture().convert("CMYK"))
    with pytest.raises(DataError, match=r"a\.jpg: is a CMYK image"):
        read_rows(tmp_path)


@pytest.mark.parametrize(
    "target", ["../secret.png", "../outside", "/etc/hostname", "nowhere.png", "loop.png"]
)
def test_links_out_of_the_folder_are_refused(tmp_path, target):
    save(tmp_path / "secret.png")
    save(tmp_path / "outside/1.png")
    save(tmp_path / "folder/a.png")
    (tmp_path / "folder/loop.png").symlink_to(target)
    with pytest.raises(DataError) as caught:
        read_rows(tmp_path / "folder")
    said = (
        "is a link that leads nowhere"
        if target in ("nowhere.png", "loop.png")
        else "is a link out of the folder"
    )
    assert f"folder/loop.png: {said}" in str(caught.value)


def test_a_class_that_leads_out_of_the_folder_by_its_images_is_refused(tmp_path):
    save(tmp_path / "secret.png")
    save(tmp_path / "folder/cat/a.png")
    (tmp_path / "folder/cat/b.png").symlink_to("../../secret.png")
    with pytest.raises(DataError, match=r"cat/b\.png: is a link out of the folder"):
        read_rows(tmp_path / "folder")


def test_links_within_the_folder_and_to_it_are_followed(tmp_path):
    save(tmp_path / "folder/cat/a.png")
    (tmp_path / "folder/cat/b.png").symlink_to("a.png")
    (tmp_path / "link").symlink_to("folder")
    assert len(read_rows(tmp_path / "link").values) == 2


def test_a_named_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(DataError, match="is not a regular file"):
        read_rows(tmp_path)


@pytest.mark.parametrize(
    ("files", "fragment"),
    [
        ([], "is a folder without images (.png, .jpg, .jpeg, .bmp, .webp)"),
        (
            ["a.txt", "b.csv"],
            "is a folder without images (.png, .jpg, .jpeg, .bmp, .webp), but 2 other files",
        ),
        (["a.tif"], "a.tif: images of type .tif are not read; convert them to .png"),
        (["a.png", "cat/b.png"], "holds images beside the folder cat and in it"),
        (["cat/a.png", "dog/a.txt"], "dog: holds no images; every folder of"),
        (["train/cat/a.png"], "train: holds no images, but the folder cat; give one folder of classes"),
    ],
)
def test_folders_that_are_no_classes(tmp_path, files, fragment):
    for name in files:
        if name.endswith(".png"):
            save(tmp_path / name)
        else:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("")
    with pytest.raises(DataError) as caught:
        read_rows(tmp_path)
    assert fragment in str(caught.value)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "a.webp"])
def test_random_damage_never_escapes_as_another_error(tmp_path, name):
    content = save(tmp_path / name).read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(100):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] = rng.integers(256)
        (tmp_path / name).write_bytes(damaged)
        try:
            read_rows(tmp_path)
        except DataError:
            refused += 1
    assert refused > 5


def test_real_digits_written_as_images_come_back(tmp_path):
    path = Path("../shared/data/mnist/t10k-images-idx3-ubyte.gz")
    if not path.exists():
        pytest.skip(f"{path} is absent")
    digits = read_rows(path)
    for index, code in enumerate(digits.labels.values[:100]):
        save(
            tmp_path / digits.labels.form.categories[int(code)] / f"{index}.png",
            Image.fromarray(digits.values[index]),
        )
    order = sorted(range(100), key=lambda index: (digits.labels.values[index], str(index)))
    rows = read_rows(tmp_path)
    np.testing.assert_array_equal(rows.values, digits.values[order])
    np.testing.assert_array_equal(rows.labels.values, digits.labels.values[order])
