"""What finds a secret, in any notation, whole or cut."""

from __future__ import annotations

import functools
import string
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notations import LOGINS, NOTATIONS, in_json, in_python

from imagine._answers.errors import api_error
from imagine._record import CallRecord
from imagine._redaction.redaction import Redaction
from imagine._redaction.sources import secrets_of_headers, secrets_of_proxy

PRINTABLE = "".join(map(chr, range(33, 127)))
AWKWARD = "\\\"'%&+/=<>u05cx2*."
"""What notations write in ways of their own, and what they write it with."""
secrets = st.text(st.sampled_from(PRINTABLE), min_size=8) | st.text(st.sampled_from(AWKWARD), min_size=8)


@given(
    secrets,
    st.sampled_from([str, *LOGINS]),
    st.lists(st.sampled_from([in_json, in_python]), max_size=2),
    st.sampled_from(NOTATIONS),
)
def test_a_secret_is_found_in_any_notation(secret, login, quotes, notation):
    """However a service writes a secret, also in one notation inside of another, nothing of it is left."""
    written = login(secret)
    for quote in quotes:
        written = quote(written)
    written = notation(written)
    masked = Redaction(secret).text(f"the key {written}, again {secret}")
    assert masked.startswith("the key ")
    assert secret not in masked
    assert written not in masked


@given(st.text(PRINTABLE + "é€", min_size=8), st.sampled_from(NOTATIONS), st.integers(4, 8))
def test_the_beginning_of_a_secret_is_masked_where_a_text_was_cut(secret, notation, length):
    """A text that ends in the middle of a secret, or an excerpt in it that does, ends before it."""
    begun = notation(secret)[: len(notation(secret[:length])) + 1]
    for end in ("", "...", "'", '"'):
        assert begun + end not in Redaction(secret).text(f"there was   {begun}{end}")


def test_a_character_that_json_writes_as_two_is_found():
    """A secret with one beyond U+FFFF is found in JSON that stands in a URL, too."""
    assert Redaction("key-\U0001f511-key").text("?q=key-%255Cud83d%255Cudd11-key.") == "?q=***."


def test_a_secret_that_looks_like_a_notation_is_found():
    """A secret with what others would read as a backslash is found where that is written once more."""
    assert Redaction("key-%5c-key").text("?q=key-%255c-key.") == "?q=***."
    assert Redaction("key-&#92;-key").text("<p>key-&amp;#92;-key.") == "<p>***."


def test_a_cut_in_a_long_notation_of_one_character_is_masked():
    """An excerpt may end after many backslashes, each of them written with five characters."""
    assert Redaction("key-\\\\-secret").text(f"there was key-{'%255C' * 7}%25...") == "there was ***..."


@given(secrets, secrets, st.integers(0, 300))
def test_a_secret_is_masked_before_a_text_is_cut(first, second, padding):
    """An excerpt shows no half of a secret that begins in it, also where others before it shrink to their masks."""
    content = f"{' ' * padding}{first} {first} {second} {second}".encode()
    shown = Redaction(first, second).excerpt(content, 200)
    assert len(shown) <= 200
    assert first[:8] not in shown
    assert second[:8] not in shown


@given(st.text(), secrets)
def test_nothing_else_is_changed(text, secret):
    """A text without a secret stays as it is."""
    if not set(text) & set(secret + string.digits + string.ascii_letters):
        assert Redaction(secret).text(text) == text
    assert Redaction().text(text) == Redaction("abc").text(text) == text


def test_a_longer_secret_goes_first():
    """Of a secret that holds another one nothing is left."""
    assert Redaction("inner", "an-inner-one").text("an-inner-one and inner") == "*** and ***"


def test_secrets_that_come_later_are_masked_from_then_on():
    """A secret that is added is taken out, too, also by a redaction that was made beside this one before."""
    redaction = Redaction("first-key")
    beside = redaction.also(["of-the-call"])
    assert redaction.text("later-key of-the-call") == "later-key of-the-call"
    redaction.add("later-key")
    assert beside.text("first-key later-key of-the-call") == "*** *** ***"


def test_a_secret_may_be_forgotten():
    """What is not needed any more is left be, but not by who has it for itself."""
    redaction = Redaction("first-key")
    beside = redaction.also(["first-key"])
    redaction.forget("first-key")
    redaction.forget("never-known")
    assert redaction.text("first-key") == "first-key"
    assert beside.text("first-key") == "***"


def calls_in(function, *args):
    """Count the calls that a function makes."""
    made = []
    sys.setprofile(lambda _frame, event, _: made.append(event))
    try:
        function(*args)
    finally:
        sys.setprofile(None)
    return len(made)


def test_long_tokens_cost_little_where_they_are_not_shown():
    """A text without a token, or with it as it is, is read without a look at each of its characters."""
    token = "eyJh" + "aB-3_x.9" * 300
    redaction = Redaction(token)
    Redaction("of-another").text("")  # imports
    assert calls_in(redaction.text, "500 from POST chat/completions: oops") < 2000
    assert calls_in(redaction.text, f"the key {token} is wrong") < 2000


def test_long_bodies_cost_little_where_no_secret_is_in_them():
    """An error's body of very many values is searched as one text."""
    body = b'{"values": [' + b"1," * 30_000 + b"1]}"
    tell = functools.partial(api_error, CallRecord("POST", "chat/completions", status=500), doing="a call")
    tell(b"{}", redaction=Redaction("sk-secret-key"))  # patterns are compiled with the first error
    assert calls_in(functools.partial(tell, body, redaction=Redaction("sk-secret-key"))) < 2000


@pytest.mark.parametrize("text", ["\\" * 60_000, "%25" * 20_000, "&amp;" * 12_000, "..." * 20_000, "sk-s" * 15_000])
def test_hostile_texts_are_read_in_one_go(text):
    """A text that looks like a secret all along costs no more than its length."""
    assert Redaction('sk-se\\\\\\"cr/et&%' * 3).text(text)


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("Authorization", "Bearer to-ken", {"Bearer to-ken", "to-ken"}),
        ("proxy-authorization", "Basic bWU6c2VjcmV0", {"Basic bWU6c2VjcmV0", "bWU6c2VjcmV0", "me:secret", "secret"}),
        ("Authorization", "Basic ~", {"Basic ~", "~"}),
        ("Cookie", "session=abcd; id=efgh", {"session=abcd; id=efgh", "id=efgh", "abcd", "efgh"}),
        ("X-Api-Key", "k-1234", {"k-1234"}),
        ("apikey", "k-1234", {"k-1234"}),
        ("X-Auth-Token", "k-1234", {"k-1234"}),
        ("CF-Access-Client-Secret", "k-1234", {"k-1234"}),
        ("X-Team", "blue", set()),
        ("X-Max-Tokens", "1000", set()),
    ],
)
def test_headers_named_like_secrets_hold_some(name, value, found):
    """The values of headers named like secrets are some, and so are the tokens, logins and cookies in them."""
    assert set(secrets_of_headers({name: value})) - {""} == found


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://me:pass%2Fword@host:1", {"pass%2Fword", "me:pass%2Fword", "pass/word", "me:pass/word"}),
        ("http://token@host", {"token", "token:"}),
        ("http://host:1", {":"}),
    ],
)
def test_a_proxys_login_is_secret(url, found):
    """The password of a proxy is a secret as it is written and as it is meant, and a user without one is."""
    assert set(secrets_of_proxy(url)) - {""} == found
