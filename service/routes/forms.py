"""Files and fields of a multipart form, kept in memory: a read-only container has no place else."""

from collections.abc import Collection
from contextlib import aclosing

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from service.errors import BrokenForm, Fault, InvalidInput
from service.tasks.contract import MAX_ITEMS

Fields = dict[str, str]
Files = tuple[tuple[str, ...], tuple[bytes, ...], Fields]


class InMemoryForm(MultiPartParser):
    """Never writes to disk; how large a body may be is decided before."""

    spool_max_size = 2**62


async def read_files(request: Request, options: Collection[str]) -> Files:
    """Names of all files, as ``field.position``, their contents, and the fields that are no files.

    Raises:
        BrokenForm: it is no multipart form, or holds other fields than ``options``.
        InvalidInput: it holds no file.
    """
    form = await _parse(request, most_fields=len(options))
    try:
        fields = {name: part for name, part in form.multi_items() if isinstance(part, str)}
        if unknown := sorted(fields.keys() - set(options)):
            raise BrokenForm(
                f"The field {unknown[0]!r} of the form is no file; besides files it may hold "
                f"{', '.join(options)}."
            )
        parts = [(name, part) for name, part in form.multi_items() if isinstance(part, UploadFile)]
        if not parts:
            raise InvalidInput([Fault(("images",), "The form holds no file")])
        names = tuple(f"{name}.{at}" for at, (name, _) in enumerate(parts))
        return names, tuple([await part.read() for _, part in parts]), fields
    finally:
        await form.close()


async def _parse(request: Request, *, most_fields: int) -> FormData:
    try:
        async with aclosing(request.stream()) as stream:
            limits = {"max_files": MAX_ITEMS, "max_fields": most_fields}
            return await InMemoryForm(request.headers, stream, **limits).parse()
    except MultiPartException as error:
        raise BrokenForm(f"The form cannot be read: {error.message}") from None
