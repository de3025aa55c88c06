"""Files: what a bot or a person hands in, kept under a file_id."""

import struct
from typing import Any

from bot.phone.refused import bad_request
from bot.phone.rules import Upload
from bot.phone.world import World

MAX_PHOTO = 10 * 1024 * 1024
MAX_UPLOAD = 50 * 1024 * 1024
MAX_DOWNLOAD = 20 * 1024 * 1024
MAX_SIDES = 10_000
MAX_RATIO = 20
FOLDERS = {"photo": "photos", "document": "documents", "voice": "voice", "sticker": "stickers"}
# How a file_id of each kind begins at Telegram; only for looks.
HEADS = {"photo": "AgACAgIAAxk", "document": "BQACAgIAAxk", "voice": "AwACAgIAAxk", "sticker": "CAACAgIAAxk"}

Json = dict[str, Any]


def given(world: World, params: Json, field: str, kind: str) -> Json:
    """Return the kept file that a parameter means: an upload, attach://name, or a file_id; raise Refused."""
    value = params.get(field)
    if isinstance(value, str) and value.startswith("attach://"):
        value = params.get(value.removeprefix("attach://"))
    if isinstance(value, Upload):
        return keep(world, kind, value)
    known = world.files.get(value or "")
    if known is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if known["kind"] != kind:
        raise bad_request(f"can't use file of type {known['kind'].title()} as {kind.title()}")
    return known


def keep(world: World, kind: str, upload: Upload, **more: object) -> Json:
    """Keep a file's bytes and return its description; raise Refused for what Telegram would not take."""
    if not upload.data:
        raise bad_request("file must be non-empty")
    if len(upload.data) > (MAX_PHOTO if kind == "photo" else MAX_UPLOAD):
        raise bad_request("file is too big")
    if kind == "photo":
        width, height = picture_size(upload.data)
        if width + height > MAX_SIDES or max(width, height) > MAX_RATIO * min(width, height):
            raise bad_request("PHOTO_INVALID_DIMENSIONS")
        more = {"width": width, "height": height}
    number = len(world.files) + 1
    suffix = upload.name.rpartition(".")[2] if "." in upload.name else "bin"
    secret = world.secret("file", number)
    file: Json = {
        "kind": kind,
        "file_id": f"{HEADS[kind]}{secret[:44]}",
        "file_unique_id": f"AQAD{secret[-12:]}",
        "file_size": len(upload.data),
        "file_path": f"{FOLDERS[kind]}/file_{number}.{'jpg' if kind == 'photo' else suffix}",
        "file_name": upload.name,
        "mime_type": upload.mime,
        **more,
    }
    world.save_file(file["file_id"], file, upload.data)
    return file


def picture_size(data: bytes) -> tuple[int, int]:
    """Return width and height of a PNG, JPEG, GIF or WebP; raise Refused for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
        return width, height
    if data[:4] == b"RIFF" and data[8:16] == b"WEBPVP8 " and len(data) >= 30:
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    if data.startswith(b"\xff\xd8"):
        return _jpeg_size(data)
    raise bad_request("IMAGE_PROCESS_FAILED")


def picture_mime(data: bytes) -> str:
    """Return the media type of a picture by its first bytes."""
    if data.startswith(b"\x89PNG"):
        return "image/png"
    if data.startswith(b"GIF8"):
        return "image/gif"
    return "image/webp" if data.startswith(b"RIFF") else "image/jpeg"


def _jpeg_size(data: bytes) -> tuple[int, int]:
    pos = 2
    while pos + 9 < len(data) and data[pos] == 0xFF:
        marker = data[pos + 1]
        # The frame headers hold the size; C4, C8 and CC are tables.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[pos + 5 : pos + 9])
            return width, height
        pos += 2 + struct.unpack(">H", data[pos + 2 : pos + 4])[0]
    raise bad_request("IMAGE_PROCESS_FAILED")


def part(file: Json) -> Json:
    """Return the field of a message that shows this file."""
    common = {key: file[key] for key in ("file_id", "file_unique_id", "file_size")}
    kind = file["kind"]
    if kind == "photo":
        return {"photo": [common | {"width": file["width"], "height": file["height"]}]}
    if kind == "document":
        return {"document": common | {"file_name": file["file_name"], "mime_type": file["mime_type"]}}
    if kind == "voice":
        return {"voice": common | {"duration": file["duration"], "mime_type": file["mime_type"]}}
    keys = ("width", "height", "emoji")
    still = {"type": "regular", "is_animated": False, "is_video": False}
    return {"sticker": common | still | {key: file[key] for key in keys}}


def get_file(world: World, params: Json) -> Json:
    """Answer getFile."""
    file = world.files.get(params["file_id"])
    if file is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if file["file_size"] > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return {key: file[key] for key in ("file_id", "file_unique_id", "file_size", "file_path")}
