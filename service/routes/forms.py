"""Files of a multipart form, kept in memory: a read-only container has no place for others."""

from contextlib import aclosing

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from service.errors import BrokenForm, Fault, InvalidInput
from service.tasks.contract import MAX_ITEMS

Files = tuple[tuple[str, ...], tuple[bytes, ...]]


class InMemoryForm(MultiPartParser):
    """Never writes to disk; how large a body may be is decided before."""

    spool_max_size = 2**62


async def read_files(request: Request) -> Files:
    """Names of all files, as ``field.position``, and their contents.

    Raises:
        BrokenForm: it is no multipart form, or holds fields that are no files.
        InvalidInput: it holds no file.
    """
    form = await _parse(request)
    try:
        parts = [(name, part) for name, part in form.multi_items() if isinstance(part, UploadFile)]
        if not parts:
            raise InvalidInput([Fault(("images",), "The form holds no file")])
        names = tuple(f"{name}.{at}" for at, (name, _) in enumerate(parts))
        return names, tuple([await part.read() for _, part in parts])
    finally:
        await form.close()


async def _parse(request: Request) -> FormData:
    try:
        async with aclosing(request.stream()) as stream:
            parser = InMemoryForm(request.headers, stream, max_files=MAX_ITEMS, max_fields=0)
            return await parser.parse()
    except MultiPartException as error:
        raise BrokenForm(f"The form cannot be read: {error.message}") from None
