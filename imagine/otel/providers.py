"""The tracer and the instruments, made once for each provider."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from imagine._version import __version__
from imagine.otel import names

if TYPE_CHECKING:
    from opentelemetry.metrics import Histogram, MeterProvider
    from opentelemetry.trace import Tracer, TracerProvider

__all__ = ["Instruments", "instruments_of", "tracer_of"]


class Instruments(NamedTuple):
    """The histograms."""

    duration: Histogram
    tokens: Histogram
    first_chunk: Histogram
    per_chunk: Histogram


@lru_cache(maxsize=4)
def tracer_of(provider: TracerProvider) -> Tracer:
    """Return the tracer of a provider."""
    return provider.get_tracer(names.SCOPE, __version__, schema_url=names.SCHEMA_URL)


@lru_cache(maxsize=4)
def instruments_of(provider: MeterProvider) -> Instruments:
    """Return the instruments of a provider."""
    meter = provider.get_meter(names.SCOPE, __version__, schema_url=names.SCHEMA_URL)
    seconds = partial(meter.create_histogram, unit="s", explicit_bucket_boundaries_advisory=names.SECONDS)
    tokens = partial(meter.create_histogram, unit="{token}", explicit_bucket_boundaries_advisory=names.TOKENS)
    return Instruments(
        seconds(names.DURATION, description="GenAI operation duration."),
        tokens(names.TOKEN_USAGE, description="Number of input and output tokens used."),
        seconds(names.TIME_TO_FIRST_CHUNK, description="Time to receive the first chunk of a stream."),
        seconds(names.TIME_PER_CHUNK, description="Time between two chunks of a stream."),
    )
