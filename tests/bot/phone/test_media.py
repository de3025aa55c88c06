"""Pictures and documents."""

import io

import pytest
from telegram import Bot, InputMediaDocument, InputMediaPhoto
from telegram.error import BadRequest

from bot.phone.people import Person
from tests.bot.phone.conftest import PNG


@pytest.fixture(autouse=True)
def _started(alice: Person) -> None:
    alice.starts()


async def test_pictures_and_documents_arrive_with_their_bytes(bot: Bot, alice: Person) -> None:
    await bot.send_photo(alice.id, PNG, caption="<i>p</i>", parse_mode="HTML")
    picture = alice.last
    sent = await bot.send_document(alice.id, io.BytesIO(b"abc"), filename="report ä.pdf", caption="d")

    assert picture.file
    assert (picture.text, picture.file.data) == ("p", PNG)
    assert alice.last.file
    assert (alice.last.file.name, alice.last.file.mime) == ("report ä.pdf", "application/pdf")
    file = await bot.get_file(sent.document.file_id)
    assert await file.download_as_bytearray() == b"abc"
    again = await bot.send_document(alice.id, sent.document.file_id)
    assert again.document.file_name == "report ä.pdf"


async def test_media_and_captions_can_be_replaced(bot: Bot, alice: Person) -> None:
    sent = await bot.send_photo(alice.id, PNG, caption="old")

    await sent.edit_caption("new")
    caption = alice.last.text
    await sent.edit_media(InputMediaDocument(b"%PDF", caption="page", filename="a.pdf"))
    as_document = alice.last
    await sent.edit_media(InputMediaPhoto(PNG))

    assert caption == "new"
    assert as_document.file
    assert (as_document.file.name, as_document.text) == ("a.pdf", "page")
    assert alice.last.file
    assert alice.last.file.kind == "photo"


@pytest.mark.parametrize("data", [b"not a picture", PNG[:16] + b"\0\0\x27\x10\0\0\0\x01" + PNG[24:]])
async def test_a_bad_picture_is_refused(bot: Bot, alice: Person, data: bytes) -> None:
    with pytest.raises(BadRequest, match=r"Image_process_failed|Photo_invalid_dimensions"):
        await bot.send_photo(alice.id, data)


async def test_captions_and_files_have_limits(bot: Bot, alice: Person) -> None:
    with pytest.raises(BadRequest, match="Message caption is too long"):
        await bot.send_photo(alice.id, PNG, caption="x" * 1025)
    with pytest.raises(BadRequest, match="File must be non-empty"):
        await bot.send_document(alice.id, b"")
    with pytest.raises(BadRequest, match=r"(?i)wrong file identifier/HTTP URL specified"):
        await bot.send_photo(alice.id, "AgAC")
    with pytest.raises(BadRequest, match="Wrong file_id or the file is temporarily unavailable"):
        await bot.get_file("x")
