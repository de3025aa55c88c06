"""What a call may carry: every method's parameters checked against Telegram's own reference (api.json)."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from bot.phone.refused import Refused, bad_request

REFERENCE: dict[str, Any] = json.loads(files("bot.phone").joinpath("api.json").read_text("utf-8"))
UPDATE_KINDS: frozenset[str] = frozenset(REFERENCE["updates"])
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
    "action": "parameter action is missed",
    "url": "url is missed",
}
# Telegram names the thing it was reading in front of some complaints.
READING = {
    "InlineKeyboardButton": "can't parse inline keyboard button: ",
    "KeyboardButton": "can't parse keyboard button: ",
    "MessageEntity": "can't parse MessageEntity: ",
    "BotCommand": "can't parse BotCommand: ",
    "BotCommandScope": "can't parse BotCommandScope: ",
    "InputMedia": "can't parse InputMedia: ",
    "ReactionType": "can't parse ReactionType: ",
    "MenuButton": "can't parse menu button: ",
}
_INTEGER = re.compile(r"[+-]?\d{1,19}\Z")
_WORDS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

Check = Callable[[object], object]


@dataclass(frozen=True)
class Upload:
    """A file of a multipart request."""

    name: str
    mime: str
    data: bytes


class WrongTypeError(ValueError):
    """The value is not of this type: the argument names the type in Telegram's words."""


class ParameterError(ValueError):
    """The value is wrong: the argument is Telegram's sentence about it."""


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


@dataclass(frozen=True)
class Field:
    """One parameter of a method, or one field of a type."""

    check: Check
    required: bool
    text: bool
    const: str | None


@cache
def _method(name: str) -> dict[str, Field]:
    return _fields(REFERENCE["methods"][name], _from_text)


@cache
def _type(name: str) -> dict[str, Field]:
    return _fields(REFERENCE["types"][name], lambda _, check: check)


def _fields(described: Mapping[str, Any], wrap: Callable[[list[str], Check], Check]) -> dict[str, Field]:
    fields = {}
    for name, one in described.items():
        types = one["types"]
        fields[name] = Field(wrap(types, _any_of(types)), one["required"], "String" in types, one.get("const"))
    return fields


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


def _any_of(types: list[str]) -> Check:
    checks = [_one(name) for name in types]
    if len(checks) == 1:
        return checks[0]
    if "InlineKeyboardMarkup" in types:
        return _reply_markup

    def check(value: object) -> object:
        for attempt in checks:
            try:
                return attempt(value)
            except WrongTypeError:
                continue
        raise WrongTypeError(" or ".join(types))

    return check


def _one(name: str) -> Check:
    if name.startswith("Array of "):
        return _array(_one(name.removeprefix("Array of ")))
    if name in _PLAIN:
        return _PLAIN[name]
    if name in REFERENCE["unions"]:
        return _union(name)
    return lambda value: _object(name, value)


def _plain(name: str, *kinds: type) -> Check:
    def check(value: object) -> object:
        # bool is an int in Python, and not in JSON.
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise WrongTypeError(name)
        return value

    return check


_PLAIN: dict[str, Check] = {
    "Integer": _plain("Number", int),
    "Float": _plain("Number", int, float),
    "String": _plain("String", str),
    "Boolean": _plain("Boolean", bool),
    "InputFile": _plain("InputFile", Upload),
}


def _array(item: Check) -> Check:
    def check(value: object) -> object:
        if not isinstance(value, list):
            raise WrongTypeError("Array")
        return [item(one) for one in value]

    return check


def _object(name: str, value: object, reading: str | None = None) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise WrongTypeError("Object")
    prefix = READING.get(name, "") if reading is None else reading
    fields, taken = _type(name), {}
    for key, one in value.items():
        field = fields.get(key)
        if field is None:
            raise ParameterError(f'{prefix}Unknown field "{key}" of {name}')
        if one is None:
            continue
        try:
            taken[key] = field.check(one)
        except WrongTypeError as wrong:
            raise ParameterError(f'{prefix}Field "{key}" must be of type {wrong}') from None
        except ParameterError as wrong:
            known = str(wrong).startswith(tuple(READING.values()))
            raise ParameterError(str(wrong) if known else f"{prefix}{wrong}") from None
    for key, field in fields.items():
        if field.required and key not in taken:
            raise ParameterError(f'{prefix}Can\'t find field "{key}"')
    return taken


def _union(name: str) -> Check:
    members = {_type(member)["type"].const: member for member in REFERENCE["unions"][name]}

    def check(value: object) -> object:
        if not isinstance(value, dict):
            raise WrongTypeError("Object")
        member = members.get(value.get("type"))
        if member is None:
            raise ParameterError(f"{READING[name]}Unsupported type specified")
        return _object(member, value, READING[name])

    return check


def _reply_markup(value: object) -> object:
    if isinstance(value, dict):
        for name in ("InlineKeyboardMarkup", "ReplyKeyboardMarkup", "ReplyKeyboardRemove", "ForceReply"):
            if any(field.required and key in value for key, field in _type(name).items()):
                return _object(name, value)
    raise ParameterError("object expected as reply markup")
