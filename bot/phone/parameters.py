"""What a call may carry: every method's parameters, converted to their types or refused."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from bot.phone.refused import Refused, bad_request
from bot.phone.rules import REFERENCE, Check, Field, ParameterError, Upload, WrongTypeError, fields_of

# Telegram matches the names of methods without regard to case.
METHODS: dict[str, str] = {name.lower(): name for name in REFERENCE["methods"]}

# What Telegram says when these are missing; anything else gets a sentence of the same shape.
MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "photo": "there is no photo in the request",
    "document": "there is no document in the request",
    "message_id": "message identifier is not specified",
    "callback_query_id": "query is too old and response timeout expired or query ID is invalid",
    "file_id": "file_id not specified",
    "media": "message media is empty",
    "url": "url is missed",
}
_INTEGER = re.compile(r"[+-]?\d{1,19}\Z")
_WORDS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def read(method: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a call, converted to their types; raise Refused as Telegram does.

    `given` holds strings (query, form), JSON values (JSON body) and Uploads (multipart).
    """
    fields = _method(method)
    taken: dict[str, Any] = {}
    for name, value in given.items():
        field = fields.get(name)
        if field is None:
            if isinstance(value, Upload):  # named by attach:// somewhere else in the call
                taken[name] = value
                continue
            raise bad_request(f'unknown parameter "{name}" of {method}')
        if value is None or (value == "" and not field.text):
            continue
        try:
            taken[name] = field.check(value)
        except WrongTypeError as wrong:
            raise bad_request(f'Field "{name}" must be of type {wrong}') from None
        except ParameterError as wrong:
            raise bad_request(str(wrong)) from None
    for name, field in fields.items():
        if field.required and name not in taken:
            raise bad_request(MISSING.get(name, f'parameter "{name}" is required'))
    return taken


def method_named(name: str) -> str:
    """Return a method's own spelling; an unknown one raises Refused with 404."""
    known = METHODS.get(name.lower())
    if known is None:
        raise Refused(404, "Not Found: method not found")
    return known


@cache
def _method(name: str) -> dict[str, Field]:
    return fields_of(REFERENCE["methods"][name], _from_text)


def _from_text(types: list[str], check: Check) -> Check:
    """Let a string stand for the value it spells, as it must in a query or a form."""

    def convert(value: object) -> object:
        if not isinstance(value, str):
            return check(value)
        if "Integer" in types and _INTEGER.match(value):
            return int(value)
        if "String" in types:
            return check(value)
        if types == ["Boolean"]:
            return check(_WORDS.get(value.lower(), value))
        if types == ["Integer"] or types == ["InputFile"]:
            return check(value)
        try:
            return check(json.loads(value))
        except json.JSONDecodeError:
            raise ParameterError(f"can't parse {types[0]} JSON object") from None

    return convert
