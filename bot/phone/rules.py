"""What a value may be: every type of the Bot API, compiled from Telegram's own reference (api.json)."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

REFERENCE: dict[str, Any] = json.loads(files("bot.phone").joinpath("api.json").read_text("utf-8"))
UPDATE_KINDS: frozenset[str] = frozenset(REFERENCE["updates"])
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
_HALF = re.compile("[\ud800-\udfff]")

Check = Callable[[object], object]


@dataclass(frozen=True)
class Upload:
    """A file of a multipart request."""

    name: str
    mime: str
    data: bytes


@dataclass(frozen=True)
class Field:
    """One parameter of a method, or one field of a type."""

    check: Check
    required: bool
    text: bool
    const: str | None


class WrongTypeError(ValueError):
    """The value is not of this type: the argument names the type in Telegram's words."""


class ParameterError(ValueError):
    """The value is wrong: the argument is Telegram's sentence about it."""


@cache
def _type(name: str) -> dict[str, Field]:
    return fields_of(REFERENCE["types"][name])


def fields_of(
    described: Mapping[str, Any], wrap: Callable[[list[str], Check], Check] = lambda _, check: check
) -> dict[str, Field]:
    """Compile described fields; `wrap` may change how each is read."""
    fields = {}
    for name, one in described.items():
        types = one["types"]
        fields[name] = Field(wrap(types, _any_of(types)), one["required"], "String" in types, one.get("const"))
    return fields


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


def _string(value: object) -> object:
    if not isinstance(value, str):
        raise WrongTypeError("String")
    # Half a surrogate pair comes in as a JSON escape.
    if not value.isascii() and _HALF.search(value):
        raise ParameterError("strings must be encoded in UTF-8")
    return value


_PLAIN: dict[str, Check] = {
    "Integer": _plain("Number", int),
    "Float": _plain("Number", int, float),
    "String": _string,
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
        member = members.get(str(value.get("type")))
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
