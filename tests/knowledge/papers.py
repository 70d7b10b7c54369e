"""Documents to read, good and bad, made here byte by byte."""

import io
import zipfile
from typing import Any

from speko_core.late import LateModule

pypdf: Any = LateModule("pypdf")
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MARKDOWN = b"""---
title: ignored
---
# Returns

Send the goods back within 30 days.

## Refunds

We pay refunds within five working days.

| item | fee |
|---|---|
| piano | 40 EUR |

```python
# not a heading
pay()
```
"""
HTML = b"""<html><head><title>Shop</title><style>p {}</style></head><body><nav>Home About</nav><main>
<h1>Returns</h1><p>Send the <b>goods</b> back<br>within 30 days.</p>
<h2>Refunds</h2><ul><li>By card</li><li>By bank</li></ul>
<table><tr><th>piano</th><td>40 EUR</td></tr></table></main>
<footer>imprint</footer><script>evil()</script></body></html>"""
CSV = b'name;price\n"Piano; grand";40\nFlute;5;spare\n'

_NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{WORD}.main+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
        'Target="word/document.xml"/></Relationships>'
    ),
}


def docx(body: str | None = None) -> bytes:
    """A Word document; its body is paragraphs of WordprocessingML."""
    if body is None:
        body = _paragraph("Returns", "Heading1") + _paragraph("Within 30 days.") + _paragraph("Refunds", "Heading2")
        body += _paragraph("Within five working days.")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in _PARTS.items():
            archive.writestr(name, text)
        archive.writestr("word/document.xml", f"<w:document {_NAMESPACE}><w:body>{body}</w:body></w:document>")
    return out.getvalue()


def _paragraph(text: str, style: str = "") -> str:
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{named}<w:r><w:t>{text}</w:t></w:r></w:p>"


def docx_bomb() -> bytes:
    """Half a megabyte that unpacks to half a gigabyte."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in _PARTS.items():
            archive.writestr(name, text)
        with archive.open("word/document.xml", "w") as file:
            for _ in range(512):
                file.write(b" " * 1_048_576)
    return out.getvalue()


def docx_lying_bomb() -> bytes:
    """A Word document whose one paragraph is 190 MB long: under the limit of an archive, over that of memory."""
    return docx(_paragraph("a" * 190_000_000))


def pdf(*pages: str, outline: bool = True) -> bytes:
    """A PDF with one line a page and, unless told otherwise, an outline of one entry a page."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for text in pages:
        stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {len(objects) + 2} 0 R "
            "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
        )
        kids.append(f"{len(objects)} 0 R")
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(pages)} >>"
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(f"{number} 0 obj\n{body}\nendobj\n".encode())
    start = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    out.writelines(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    out.write(f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())
    return _with_outline(out.getvalue(), pages) if outline else out.getvalue()


def _with_outline(raw: bytes, pages: tuple[str, ...]) -> bytes:
    writer = pypdf.PdfWriter(clone_from=pypdf.PdfReader(io.BytesIO(raw)))
    for number in range(len(pages)):
        writer.add_outline_item(title=f"Chapter {number + 1}", page_number=number)
    return _written(writer)


def encrypted_pdf() -> bytes:
    """A PDF that wants a password."""
    writer = pypdf.PdfWriter(clone_from=pypdf.PdfReader(io.BytesIO(pdf("secret"))))
    writer.encrypt("password", algorithm="AES-256")
    return _written(writer)


def _written(writer: "pypdf.PdfWriter") -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
