"""What is handed to another office: a sealed zip with the data, its fields in words, and a manifest; and the proof that
it is still as it was.

Whoever receives it needs no program of ours: README.txt and 字段说明.csv are for people, manifest.json for programs.
`weige verify` checks every byte.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tempfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from layers.errors import BadFile, NotFound
from layers.schema import Field

from .formats import Format
from .sealed_zip import BLOCK, SealedZip, seal_of

FORMAT = 1
MANIFEST, DICTIONARY, README = "manifest.json", "字段说明.csv", "README.txt"
TYPES = {"text": ("文本", "text"), "int": ("整数", "whole number"), "number": ("小数", "number"), "bool": ("是 1 否 0", "1 yes, 0 no"),
         "date": ("日期", "date"), "time": ("时间", "time"), "json": ("JSON", "JSON")}


def pack(path: Path, frame, format: Format, layer: str, encoding: str, fields: Sequence[Field], about: Mapping[str, Any],
         coded: Mapping[str, str], ground: Any = None) -> dict[str, Any]:
    """Writes the package; answers its manifest with "package": {"bytes", "sha256"}. `about` is what the manifest says
    beside files and fields, `coded` what the values of a field mean; `ground` are the shapes where the frame has none."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="pack-") as folder:
        if format.members is not None:
            members = format.members(frame, layer, encoding, ground)
        else:
            one = Path(folder) / f"{layer}{format.suffixes[0]}"
            format.write(frame, one, layer, encoding)
            members = [(one.name, one)]
        with path.open("wb") as file:
            archive = SealedZip(file)
            listed = [archive.add(name, source) for name, source in members]
            listed.append(archive.add(DICTIONARY, [dictionary(fields, format.ascii_names, coded)]))
            listed.append(archive.add(README, [_readme(about)]))
            told = {"format": FORMAT, "product": "Weige", **about,
                    "fields": [field.dbf if format.ascii_names else field.name for field in fields], "files": listed}
            archive.add(MANIFEST, [json.dumps(told, ensure_ascii=False, indent=1).encode("utf-8")])
            return told | {"package": archive.close()}


def dictionary(fields: Sequence[Field], ascii_names: bool, coded: Mapping[str, str]) -> bytes:
    """字段说明.csv: every field of the file in Chinese and English, with type, unit and what it may hold."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(["字段 Field", "名称", "Name", "类型", "Type", "单位 Unit", "取值 Values", "系统字段 System field"])
    for field in fields:
        name = field.dbf if ascii_names else field.name
        lines.writerow([name, field.zh, field.en, *TYPES[field.type], field.unit, coded.get(field.name) or " | ".join(field.choices), field.name])
    return out.getvalue().encode("utf-8-sig")


def _readme(about: Mapping[str, Any]) -> bytes:
    receiver, purpose = (about.get(name) or "—" for name in ("receiver", "purpose"))
    return (f"本包由微格按第 {about['rev']} 版导出，交{receiver}用于「{purpose}」，不作他用；字段见 {DICTIONARY}，"
            f"核验用 weige verify 加本包文件名。\n"
            f"Exported by Weige at revision {about['rev']} for {receiver}, to be used for: {purpose}, and nothing else; fields are explained in "
            f"{DICTIONARY}; check it with weige verify and the name of this package.\n").encode("utf-8-sig")


def verify(path: Path, sha256: str | None = None, *, name: str = "") -> dict[str, Any]:
    """What the package says about itself, when every byte is as it was handed over; `sha256` is what the sender said.
    Raises NotFound, BadFile naming what differs (`files`)."""
    name = name or path.name
    if not path.is_file():
        raise NotFound(f"{path}: there is no such file")
    whole, content = seal_of(path)
    told = _manifest(path, name)
    wrong = _wrong(path, told)
    if wrong:
        raise BadFile(f"{name} was changed: {', '.join(wrong)}", files=wrong)
    if not whole:
        raise BadFile(f"{name} is not as it was packed: its {len(told['files'])} files are as the manifest says, but something around them "
                      "was changed", files=[])
    if sha256 is not None and sha256.lower() != content:
        raise BadFile(f"{name} is another package than the one told of: its SHA-256 is {content}", files=[])
    return told | {"package": {"bytes": path.stat().st_size, "sha256": content}}


def _manifest(path: Path, name: str) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            told = json.loads(archive.read(MANIFEST).decode("utf-8"))
        if not isinstance(told, dict) or not isinstance(told["files"], list) or not all(
                isinstance(one["name"], str) and isinstance(one["bytes"], int) and isinstance(one["sha256"], str) for one in told["files"]):
            raise ValueError("it lists no files")
    except KeyError:
        raise BadFile(f"{name} is no package of ours: {MANIFEST} is missing or lists no files", files=[]) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError, TypeError) as error:
        raise BadFile(f"{name} is damaged or no package of ours: {error}", files=[]) from None
    if told.get("format", 0) != FORMAT:
        raise BadFile(f"{name} was packed by another release of Weige; use that one", files=[])
    return told


def _wrong(path: Path, told: Mapping[str, Any]) -> list[str]:
    """Names of files that are missing, changed or too many."""
    wanted = {one["name"]: one for one in told["files"]}
    with zipfile.ZipFile(path) as archive:
        there = [name for name in archive.namelist() if name != MANIFEST]
        return [name for name in wanted if name not in there or not _is_as_told(archive, wanted[name])] + [
            name for name in there if name not in wanted]


def _is_as_told(archive: zipfile.ZipFile, one: Mapping[str, Any]) -> bool:
    content, left = hashlib.sha256(), one["bytes"]
    try:
        with archive.open(one["name"]) as file:
            while left >= 0 and (block := file.read(BLOCK)):
                content.update(block)
                left -= len(block)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
        return False
    return left == 0 and content.hexdigest() == one["sha256"]
