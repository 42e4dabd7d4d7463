"""The way to the service: names, refusals, TLS, proxies."""

from __future__ import annotations

import ssl
import subprocess
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from support.listeners import answer, free_port, listening, proxying

from imagine import ImagineConnectionException

pytestmark = pytest.mark.anyio

HELLO = [{"role": "user", "content": "Hello!"}]
PROXY_VARIABLES = ("IMAGINE_API_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy")
CA_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    """No proxies, and no certificates but the system's."""
    for name in (*PROXY_VARIABLES, *map(str.upper, PROXY_VARIABLES), *CA_VARIABLES):
        monkeypatch.delenv(name, raising=False)


async def test_a_refused_connection_names_the_host(make_client):
    """Where nobody listens, the error says with what host and why."""
    port = free_port()
    client = await make_client(endpoint=f"http://127.0.0.1:{port}/v2", max_retries=0)
    for call in (client.ping, client.chat_stream(HELLO).final):
        with pytest.raises(ImagineConnectionException, match=f"no connection to 127.0.0.1:{port}: .*refused") as caught:
            await call()
        assert (caught.value.http_status, dict(caught.value.headers)) == (None, {})
        assert caught.value.call.status is None


async def test_an_unknown_name_is_told(make_client):
    """A name that cannot be resolved is shown in the error."""
    client = await make_client(endpoint="http://nowhere.invalid/v2", max_retries=0)
    with pytest.raises(ImagineConnectionException, match=r"nowhere\.invalid(:80)? could not be resolved") as caught:
        await client.ping()
    assert caught.value.reason in ("dns", "dns_temporary")


@pytest.fixture(scope="module")
def authority():
    """A certificate authority that no system trusts."""
    return trustme.CA()


@pytest.fixture
def ca_file(authority, tmp_path):
    """Its certificate in a file."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path / "ca.pem"


@pytest.fixture
def ca_folder(ca_file, tmp_path):
    """Its certificate in a folder, under the name that OpenSSL looks for."""
    command = ["openssl", "x509", "-noout", "-hash", "-in", str(ca_file)]
    try:
        subject = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        pytest.skip("the command openssl is needed to name the file")
    folder = tmp_path / "certificates"
    folder.mkdir()
    (folder / f"{subject}.0").write_bytes(ca_file.read_bytes())
    return folder


def tls_for(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture
async def secure(authority):
    """A service with a certificate of that authority."""
    async with listening(tls=tls_for(authority.issue_cert("127.0.0.1"))) as listener:
        yield listener


def endpoint_of(listener):
    return f"https://127.0.0.1:{listener.port}/v2"


async def test_an_unknown_authority_is_refused_with_the_way_out(make_client, secure):
    """A certificate of a private authority is refused, not tried twice, and the error says in a line what to do."""
    client = await make_client(endpoint=endpoint_of(secure))
    for call in (client.ping, client.chat_stream(HELLO).final):
        with pytest.raises(ImagineConnectionException) as caught:
            await call()
        text = str(caught.value)
        assert (caught.value.reason, len(caught.value.call.attempts)) == ("tls", 1)
        assert "verify=" in text
        assert "SSL_CERT_FILE" in text
        assert "\n" not in text
    assert secure.requests == []


YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@pytest.mark.parametrize(
    ("host", "validity", "shown"),
    [
        ("127.0.0.1", {"not_before": YESTERDAY - timedelta(days=1), "not_after": YESTERDAY}, "expired"),
        ("other.invalid", {}, "mismatch"),
    ],
)
async def test_a_certificate_that_does_not_fit_is_refused(make_client, authority, ca_file, host, validity, shown):
    """A certificate that has expired, or is another host's, is told and not tried twice."""
    async with listening(tls=tls_for(authority.issue_cert(host, **validity))) as listener:
        client = await make_client(endpoint=endpoint_of(listener), verify=ca_file)
        with pytest.raises(ImagineConnectionException, match=rf"127\.0\.0\.1.*{shown}") as caught:
            await client.ping()
    assert (caught.value.reason, len(caught.value.call.attempts)) == ("tls", 1)
    assert listener.requests == []


async def test_a_service_without_tls_is_told(make_client, server):
    """A plain service behind an https address is an error of TLS, and not tried twice."""
    client = await make_client(endpoint=server.endpoint.replace("http", "https"))
    with pytest.raises(ImagineConnectionException, match=r"TLS with 127\.0\.0\.1") as caught:
        await client.ping()
    assert (caught.value.reason, len(caught.value.call.attempts)) == ("tls", 1)


@pytest.mark.parametrize("form", [str, Path, ssl.SSLContext])
async def test_verify_takes_a_file_or_a_context(make_client, secure, ca_file, form):
    """A CA file, as text or path, and an `ssl.SSLContext` make the private authority trusted."""
    context = ssl.create_default_context(cafile=ca_file)
    client = await make_client(
        endpoint=endpoint_of(secure), verify=context if form is ssl.SSLContext else form(ca_file)
    )
    assert (await client.ping()).message == "pong"


async def test_verify_takes_a_folder(make_client, secure, ca_folder):
    """A folder of CA files makes the private authority trusted."""
    client = await make_client(endpoint=endpoint_of(secure), verify=ca_folder)
    assert (await client.ping()).message == "pong"


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
async def test_the_variables_for_a_ca_file_are_honoured(make_client, secure, ca_file, monkeypatch, variable):
    """The usual variables name the authority where nothing is said about `verify`."""
    monkeypatch.setenv(variable, str(ca_file))
    client = await make_client(endpoint=endpoint_of(secure))
    assert (await client.ping()).message == "pong"


@pytest.mark.parametrize("variable", ["SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
async def test_the_variables_for_a_ca_folder_are_honoured(make_client, secure, ca_folder, monkeypatch, variable):
    """They may name a folder, too."""
    monkeypatch.setenv(variable, str(ca_folder))
    client = await make_client(endpoint=endpoint_of(secure))
    assert (await client.ping()).message == "pong"


async def test_a_ca_file_given_goes_before_the_variables(make_client, secure, ca_file, monkeypatch, tmp_path):
    """With `verify=` the variables are not looked at."""
    other = trustme.CA()
    other.cert_pem.write_to_path(str(tmp_path / "other.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
    client = await make_client(endpoint=endpoint_of(secure), verify=tmp_path / "other.pem")
    with pytest.raises(ImagineConnectionException, match="not trusted"):
        await client.ping()


async def test_verify_false_warns_once_and_connects(make_client, secure):
    """Without verification any certificate will do; a warning says once what that means."""
    with pytest.warns(UserWarning, match="verify=False") as caught:
        client = await make_client(endpoint=endpoint_of(secure), verify=False)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (await client.ping()).message == "pong"


async def test_a_ca_file_that_is_none_is_told(make_client, tmp_path):
    """A file without certificates is an error that names it."""
    (tmp_path / "ca.pem").write_text("nothing here\n")
    client = await make_client(endpoint="https://127.0.0.1:1/v2", verify=tmp_path / "ca.pem")
    with pytest.raises(ValueError, match=r"ca\.pem"):
        await client.ping()


async def test_a_scheme_in_capitals_keeps_the_ca_file(make_client, secure, ca_file):
    """`HTTPS://` is `https://`, with all that belongs to it."""
    endpoint = endpoint_of(secure).replace("https", "HTTPS")
    client = await make_client(endpoint=endpoint, verify=ca_file)
    assert (await client.ping()).message == "pong"


async def test_a_proxy_is_used(make_client, server):
    """With `proxy=` a plain endpoint is asked for through the proxy, whose password is its own."""
    async with proxying() as proxy:
        client = await make_client(proxy=f"http://me:secret@127.0.0.1:{proxy.port}")
        assert (await client.chat(HELLO, max_tokens=3)).first_content
        assert (await client.chat_stream(HELLO, max_tokens=3).final()).first_content
    assert {request.target for request in proxy.requests} == {f"{server.endpoint}/chat/completions"}
    assert {request.headers["proxy-authorization"] for request in proxy.requests} == {"Basic bWU6c2VjcmV0"}


async def test_tls_goes_through_a_tunnel(make_client, secure, ca_file):
    """To an https endpoint the proxy opens a tunnel, and sees neither key nor route."""
    async with proxying() as proxy:
        client = await make_client(
            endpoint=endpoint_of(secure), verify=ca_file, proxy=f"http://127.0.0.1:{proxy.port}", api_key="k-1"
        )
        assert (await client.ping()).message == "pong"
    [request] = proxy.requests
    assert (request.method, request.target) == ("CONNECT", f"127.0.0.1:{secure.port}")
    assert "authorization" not in request.headers
    assert secure.requests[0].headers["authorization"] == "Bearer k-1"


@pytest.mark.parametrize("variable", ["IMAGINE_API_PROXY", "HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_a_proxy_is_found_in_the_environment(make_client, monkeypatch, variable):
    """Without `proxy=` the SDK's own variable and the usual ones name it."""
    async with proxying() as proxy, listening() as listener:
        monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}")
        await client.ping()
    assert len(proxy.requests) == 1


async def test_the_sdks_own_variable_goes_first(make_client, monkeypatch):
    """IMAGINE_API_PROXY wins over HTTP_PROXY, and `proxy=` over both."""
    async with proxying() as proxy, proxying() as given, listening() as listener:
        monkeypatch.setenv("IMAGINE_API_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        endpoint = f"http://127.0.0.1:{listener.port}"
        await (await make_client(endpoint=endpoint)).ping()
        await (await make_client(endpoint=endpoint, proxy=f"http://127.0.0.1:{given.port}")).ping()
    assert (len(proxy.requests), len(given.requests)) == (1, 1)


@pytest.mark.parametrize(
    ("variables", "options"),
    [
        ({"NO_PROXY": "127.0.0.1"}, {}),
        ({"no_proxy": "*"}, {}),
        ({"NO_PROXY": "example.org, 127.0.0.1"}, {}),
        ({"HTTP_PROXY": "", "HTTPS_PROXY": "http://127.0.0.1:1"}, {}),
        ({}, {"proxy": False}),
        ({"IMAGINE_API_PROXY": "http://127.0.0.1:1"}, {"proxy": False}),
    ],
)
async def test_a_proxy_is_not_used(make_client, server, monkeypatch, variables, options):
    """NO_PROXY keeps a host out, `proxy=False` keeps all proxies out."""
    for name, value in {"HTTP_PROXY": "http://127.0.0.1:1", **variables}.items():
        monkeypatch.setenv(name, value)
    client = await make_client(max_retries=0, **options)
    assert (await client.ping()).message == "pong"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_is_down_is_told(make_client, server, scheme):
    """The error says that it is the proxy, and shows no password."""
    proxy = f"http://me:secret@127.0.0.1:{free_port()}"
    endpoint = server.endpoint.replace("http", scheme)
    client = await make_client(endpoint=endpoint, proxy=proxy, max_retries=0)
    with pytest.raises(ImagineConnectionException, match="proxy") as caught:
        await client.ping()
    assert "secret" not in repr(caught.value) + str(caught.value) + repr(client)
    assert server.requests == []


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_asks_for_a_password_is_told(make_client, server, scheme):
    """A 407 is the proxy's, in front of a tunnel or not: an error of connection, not sent again."""
    refusal = answer(b"", "407 Proxy Authentication Required", "Proxy-Authenticate: Basic")
    async with proxying(refusal) as proxy:
        client = await make_client(
            endpoint=server.endpoint.replace("http", scheme), proxy=f"http://me:secret@127.0.0.1:{proxy.port}"
        )
        with pytest.raises(ImagineConnectionException, match="407") as caught:
            await client.ping()
    assert "proxy" in str(caught.value)
    assert "secret" not in repr(caught.value) + str(caught.value)
    assert (caught.value.reason, len(proxy.requests)) == ("proxy", 1)


async def test_a_proxys_own_error_is_an_error_answer(make_client, server):
    """What a proxy answers in place of the service is told by its status."""
    async with proxying(answer(b"<html>no route</html>", "502 Bad Gateway")) as proxy:
        client = await make_client(proxy=f"http://127.0.0.1:{proxy.port}", max_retries=0)
        with pytest.raises(Exception, match="502") as caught:
            await client.ping()
    assert caught.value.http_status == 502
