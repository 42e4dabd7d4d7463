"""Image generation: a description in, images out."""

from __future__ import annotations

from os import PathLike  # noqa: TC003 - get_type_hints needs it
from typing import TYPE_CHECKING, Any, TypeAlias

from imagine.types.answer import Answer
from imagine.types.base import DTO, PlainDTO
from imagine.types.brief import Brief
from imagine.types.decoding import Decoding

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage
else:
    PILImage: TypeAlias = Any  # Pillow is an extra

__all__ = ["IMAGE_HISTORY", "IMAGE_RESPONSE", "Image", "ImageRequest", "ImageResponse"]


class ImageRequest(DTO, kw_only=True):
    """Body of POST images/generations."""

    prompt: str
    """What the image shows."""
    model: str
    """Name of the model."""
    stream: bool
    """Whether the images come as a stream, each when it is done."""
    negative_prompt: str = "blurry"
    """What the image must not show or be."""
    seed: int = 27
    """Starting point of the random noise: the same seed and request give the same image."""
    seed_increment: int = 100
    """Added to the seed for each further image of the request."""
    n: int = 1
    """Number of images."""
    num_inference_steps: int = 20
    """Steps from noise to image: more of them take longer and show more detail."""
    size: str = "512x512"
    """Width and height in pixels."""
    guidance_scale: float = 6.5
    """How closely the image follows the prompt; higher is closer."""
    cache_interval: int | None = None
    """Interval of the model's cache of steps, where it has one. The service documents nothing but the name."""
    response_format: str = "b64_json"
    """How an image comes: "b64_json" inside the answer, "url" as an address to fetch it from."""


class Image(Brief, PlainDTO, kw_only=True):
    """A generated image, in the form that the request asked for."""

    b64_json: str | None = None
    """The image file, Base64."""
    url: str | None = None
    """Address of the image file."""

    def to_bytes(self) -> bytes:
        """Return the image file.

        Raises ImagineException where the image is at a `url`: `await client.fetch_image(image)` gets it.
        ImagineDecodeException where what it holds is no Base64.
        """
        from imagine.types.image_files import content_of  # few programs look at an image

        return content_of(self.b64_json, self.url)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the image file, which is there as a whole or not at all; its name is yours to choose.

        Raises what `to_bytes` raises, and OSError.
        """
        from imagine._saving import write_whole

        write_whole(path, self.to_bytes())

    def to_pil(self) -> PILImage:
        """Return an image of Pillow, of the extra `images`, read to its end.

        Raises what `to_bytes` raises, ImagineDecodeException for what Pillow cannot read, and ImagineExtraMissing.
        """
        from imagine.types.image_files import opened

        return opened(self.to_bytes())


class ImageResponse(Answer, kw_only=True):
    """Generated images; what the service leaves out is "" or 0. Only `data` is required."""

    id: str = ""
    """Identifies the answer."""
    model: str = ""
    """Name of the model."""
    object: str = ""
    """Kind of object: "text_to_image"."""
    created: int | float = 0.0
    """When the answer was made, in seconds since 1970."""
    data: list[Image]
    """The images; in a stream, those of one event."""


IMAGE_RESPONSE = Decoding(ImageResponse)
IMAGE_HISTORY = Decoding(list[tuple[ImageResponse, ImageRequest]])
