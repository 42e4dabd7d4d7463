"""Ways to write a secret, as services do when they repeat it."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote


def in_json(text):
    return json.dumps(text)[1:-1]


def in_python(text):
    return repr(text)[1:-1]


def in_url(text):
    return quote(text, safe="")


def in_url_twice(text):
    return in_url(in_url(text))


def in_path(text):
    return quote(text, safe="/=+@:")


def in_small_letters(text):
    """Percent encoding as some gateways write it: `%2f` for `%2F`."""
    return "".join(c if c.isalnum() else "".join(f"%{byte:02x}" for byte in c.encode()) for c in text)


def in_html(text):
    return html.escape(text)


def in_numbers(text):
    """HTML's other way."""
    return "".join(c if c.isalnum() else f"&#{ord(c)};" for c in text)


def escaped(text):
    """JSON as some services write it, with a number for each special character."""
    return "".join(c if c.isalnum() or c == "\\" else f"\\u{ord(c):04X}" for c in text)


def as_login(text):
    """What a service sees in `Authorization: Basic`."""
    return base64.b64encode(f"me:{text}".encode()).decode()


def as_url_safe_login(text):
    return base64.urlsafe_b64encode(f"{text}:me".encode()).decode()


NOTATIONS = [str, in_json, in_python, in_url, in_url_twice, in_path, in_small_letters, in_html, in_numbers, escaped]
LOGINS = [as_login, as_url_safe_login]
