"""Images as parts of messages: what `image_part` takes, and what it refuses."""

from __future__ import annotations

import base64
import subprocess
import sys

import pytest
from support.clients import HELLO

from imagine import Image, image_part

pytestmark = pytest.mark.anyio

STARTS = {
    "png": b"\x89PNG\r\n\x1a\n....",
    "jpeg": b"\xff\xd8\xff\xe0....",
    "gif": b"GIF87a....",
    "webp": b"RIFF\n\0\0\0WEBPVP8 ",
}


def held(part):
    """The kind and the bytes of a part."""
    head, _, encoded = part["image_url"]["url"].partition(";base64,")
    return head.removeprefix("data:image/"), base64.b64decode(encoded)


@pytest.mark.parametrize("kind", STARTS)
@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
def test_bytes_are_a_part(kind, form):
    """Their kind is told by how they begin."""
    assert held(image_part(form(STARTS[kind]))) == (kind, STARTS[kind])


@pytest.mark.parametrize("form", [str, lambda path: path])
def test_a_path_is_a_part(tmp_path, form):
    """The file is read, and its kind is that of its content, whatever its name says."""
    path = tmp_path / "photo.png"
    path.write_bytes(STARTS["jpeg"])
    assert held(image_part(form(path))) == ("jpeg", STARTS["jpeg"])


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "CMYK", "LAB", "F", "PA"])
def test_an_image_of_pillow_is_a_part(mode):
    """Its pixels are sent as PNG, whatever way it holds them."""
    pillow = pytest.importorskip("PIL.Image")
    kind, content = held(image_part(pillow.new(mode, (3, 2))))
    assert (kind, content[:4]) == ("png", b"\x89PNG")


def test_an_address_is_a_part():
    """The service fetches it."""
    url = "https://host/photo.png?size=1"
    assert image_part(url) == {"type": "image_url", "image_url": {"url": url}}
    assert image_part(url, detail="low")["image_url"] == {"url": url, "detail": "low"}


async def test_a_part_is_sent_as_it_is(client, server):
    """It stands in a message's content, beside a text."""
    content = [{"type": "text", "text": "What is this?"}, image_part(STARTS["gif"], detail="high")]
    await client.chat([*HELLO, {"role": "user", "content": content}], max_tokens=1)
    assert server.requests[0].json["messages"][1]["content"] == content


@pytest.mark.parametrize(
    ("source", "error", "said"),
    [
        (b"", ValueError, "source is no PNG, JPEG, GIF or WebP, but empty"),
        (b"BM6...", ValueError, "source is no PNG, JPEG, GIF or WebP: convert"),
        (b"<svg/>", ValueError, "source is no PNG"),
        (b"RIFF\n\0\0\0WAVE", ValueError, "source is no PNG"),
        ("http://host/a.png", ValueError, "source is an address of 'http': give one that begins with https://"),
        ("file:///etc/passwd", ValueError, "source is an address of 'file'"),
        ("data:image/png;base64,iVBO", ValueError, "source is an address of 'data'"),
        ("https:///a.png", ValueError, "source .* has no host"),
        ("https://host/a b.png", ValueError, "source .* spaces in it"),
        ("none-such.png", FileNotFoundError, "none-such.png"),
        (5, TypeError, "source must be a path, bytes, .*, not int"),
        (Image(b64_json="iVBO"), TypeError, "source must be .*, not Image"),
    ],
)
def test_what_is_no_image_is_refused(source, error, said):
    """The error names the argument and what it takes."""
    with pytest.raises(error, match=said):
        image_part(source)


@pytest.mark.parametrize(("detail", "error"), [("lo", ValueError), ("High", ValueError), (5, TypeError)])
def test_a_detail_that_makes_no_sense_is_refused(detail, error):
    """A slip, or what is no text; a service may know words of its own."""
    with pytest.raises(error, match="detail"):
        image_part(STARTS["png"], detail=detail)
    assert image_part(STARTS["png"], detail="original")["image_url"]["detail"] == "original"


def test_an_image_that_is_too_large_is_refused(tmp_path):
    """A file is read no further than the most that is sent, though it may have no end."""
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.write(STARTS["png"])
        file.truncate(2**40)  # a hole, which takes no space
    with pytest.raises(ValueError, match=r"source is larger than 20 MiB, .* or give its https:// address"):
        image_part(path)


def test_nothing_imports_pillow():
    """Who passes no image of Pillow need not have it."""
    code = "import imagine, sys; imagine.image_part(b'GIF89a'); assert 'PIL' not in sys.modules"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
