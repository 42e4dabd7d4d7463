"""The standard suites of langchain-tests over ImagineChat: what is not declared here is what the suites expect."""

from __future__ import annotations

import pytest
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from imagine.langchain import ImagineChat

PLACE = {"endpoint": "http://127.0.0.1:1/apis/v2", "api_key": "key"}
ENVIRONMENT = {"IMAGINE_API_ENDPOINT": PLACE["endpoint"], "IMAGINE_API_KEY": PLACE["api_key"]}


class Declared:
    """What a chat model of the service can do beyond the suites' defaults: no PDFs, sound, films, Anthropic's forms."""

    chat_model_class = ImagineChat
    chat_model_params = {"model": "Llama-3.1-8B"}  # noqa: RUF012 - a property of the suites
    supports_json_mode = True
    supports_image_inputs = True
    supports_image_urls = True


class TestUnit(Declared, ChatModelUnitTests):
    @property
    def init_from_env_params(self):
        """Return the environment, further parameters, and the fields that come from the environment."""
        return ENVIRONMENT, {}, {"endpoint": PLACE["endpoint"], "api_key": PLACE["api_key"]}

    @pytest.mark.filterwarnings("ignore:The function `load` is in beta")
    @pytest.mark.xfail(raises=ValueError, reason="langchain-core loads no classes of others here")
    def test_serdes(self, model, snapshot):
        super().test_serdes(model, snapshot)


@pytest.mark.anyio
@pytest.mark.usefixtures("service")
class TestIntegration(Declared, ChatModelIntegrationTests):
    model_override_value = "Llama-3.3-70B"
