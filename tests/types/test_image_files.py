"""Generated images as bytes, as files and as images of Pillow."""

from __future__ import annotations

import base64
import sys

import pytest

from imagine import Image, ImagineDecodeException, ImagineException, ImagineExtraMissing

pytestmark = pytest.mark.anyio

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
CONTENT = base64.b64decode(PIXEL)


@pytest.mark.parametrize(
    "image",
    [
        Image(b64_json=PIXEL),
        Image(b64_json=f"data:image/png;base64,{PIXEL}"),
        Image(url=f"data:image/png;base64,{PIXEL}"),
        Image(b64_json=PIXEL, url="https://host/a.png"),
    ],
    ids=["Base64", "a data: URL as Base64", "a data: URL", "Base64 beside a url"],
)
def test_an_image_has_its_file(image):
    """What is in the image itself is decoded, also out of a `data:` URL."""
    assert image.to_bytes() == CONTENT


@pytest.mark.parametrize("way", [Image.to_bytes, lambda image: image.save("never.png"), Image.to_pil])
def test_an_image_at_a_url_says_how_to_get_it(way):
    """Every way to its file names the call that gets it."""
    with pytest.raises(ImagineException, match=r"await client\.fetch_image\(image\)"):
        way(Image(url="https://host/a.png"))
    with pytest.raises(ImagineException, match="neither b64_json nor a url"):
        way(Image())


@pytest.mark.parametrize("text", ["iVBO!", "iVB", "ï", "data:image/png,raw", PIXEL + "\n\nx"])
def test_what_is_no_base64_is_told(text):
    """Nothing of what is not Base64 is skipped in silence."""
    with pytest.raises(ImagineDecodeException, match="no Base64"):
        Image(b64_json=text).to_bytes()


@pytest.mark.parametrize("form", [str, lambda path: path], ids=["str", "Path"])
def test_a_saved_image_is_a_file(tmp_path, form):
    """It takes the place of what was there, with the permissions of any new file, and leaves nothing beside it."""
    (tmp_path / "plain").touch()
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    Image(b64_json=PIXEL).save(form(path))
    assert path.read_bytes() == CONTENT
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.png", "plain"]


def test_a_link_goes_on_to_lead_to_the_image(tmp_path):
    """The file that a link leads to is the one that is written."""
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    Image(b64_json=PIXEL).save(tmp_path / "link.png")
    assert (tmp_path / "link.png").is_symlink()
    assert (tmp_path / "a.png").read_bytes() == CONTENT


def test_an_image_that_cannot_be_saved_leaves_nothing(tmp_path):
    """The error names the path that was given; what was there stays, and nothing is left beside it."""
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "none" / "a.png", tmp_path / "folder"):
        with pytest.raises(OSError, match=str(path)) as caught:
            Image(b64_json=PIXEL).save(path)
        assert caught.value.filename == str(path)
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]


def test_a_broken_image_overwrites_nothing(tmp_path):
    """What is no Base64 is told before the file is touched."""
    (tmp_path / "a.png").write_bytes(b"old")
    with pytest.raises(ImagineDecodeException):
        Image(b64_json="!").save(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == b"old"


async def test_a_generated_image_is_one_of_pillow(client):
    """It has the size that was asked for, and is read to its end."""
    pytest.importorskip("PIL")
    answer = await client.images_generate("a lake", size="32x16")
    picture = answer.data[0].to_pil()
    assert (picture.size, picture.format) == ((32, 16), "PNG")


@pytest.mark.parametrize("content", [b"GIF89a", b"no image", CONTENT[:45], b""])
def test_what_pillow_cannot_read_is_told(content):
    """A file that is none, or that is cut, is an error of ours."""
    pytest.importorskip("PIL")
    image = Image(url=f"data:image/png;base64,{base64.b64encode(content).decode()}")
    with pytest.raises(ImagineDecodeException, match="Pillow cannot read"):
        image.to_pil()


def test_without_pillow_the_extra_is_named(monkeypatch):
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImagineExtraMissing, match=r"imagine-aio\[images\]"):
        Image(b64_json=PIXEL).to_pil()
