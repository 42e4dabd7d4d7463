"""The standard suites of langchain-tests over ImagineEmbeddings."""

from __future__ import annotations

import pytest
from langchain_tests.integration_tests import EmbeddingsIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests

from imagine.langchain import ImagineEmbeddings


class TestUnit(EmbeddingsUnitTests):
    embeddings_class = ImagineEmbeddings

    @property
    def init_from_env_params(self):
        """Return the environment, further parameters, and the fields that come from the environment."""
        return {"IMAGINE_API_KEY": "key"}, {}, {"api_key": "key"}


@pytest.mark.anyio
@pytest.mark.usefixtures("service")
class TestIntegration(EmbeddingsIntegrationTests):
    embeddings_class = ImagineEmbeddings
