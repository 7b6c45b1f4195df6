"""What the server says of itself: a line per request and event, for people (text) or programs (json).

No names, passwords or values ever stand in it: events carry fields of our own choosing, and of an exception only its
kind and where it happened; what it said only at level debug.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec
import structlog

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")
FRAMES = 12  # of an exception: the nearest to where it happened
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/{}+-")
_encode = msgspec.json.Encoder(enc_hook=str).encode


def setup(format: str, level: str, *, worker: int = 0, out: IO[bytes] | None = None) -> None:
    """From now on this process tells every event of its own and of its libraries on standard error (or `out`), from that
    level on; `worker` is its number when there are several."""
    fixed = {"worker": worker} if worker else {}
    structlog.configure(
        processors=[structlog.stdlib.add_log_level, _Told(level == "debug"), _Lines(format, fixed)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.BytesLoggerFactory(out or sys.stderr.buffer), cache_logger_on_first_use=False)
    logging.captureWarnings(True)
    root = logging.getLogger()
    root.handlers[:] = [_Handler()]
    root.setLevel(level.upper())
    threading.excepthook = _in_thread


def logger() -> Any:
    """Whom to tell: `logger().info("event", field=value)`. Keep it where it is used often; ask after `setup`."""
    return structlog.get_logger().bind()


# Until `setup` is called (tests, other servers) events go to the standard library's logging.
structlog.configure(
    processors=[structlog.stdlib.filter_by_level, structlog.stdlib.render_to_log_kwargs],
    wrapper_class=structlog.stdlib.BoundLogger, logger_factory=structlog.stdlib.LoggerFactory("weige"))


class _Handler(logging.Handler):
    """Libraries, and our own floors below, speak through the standard library: the same lines."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            structlog.get_logger().log(record.levelno, record.getMessage(), logger=record.name,
                                       **({"exc_info": record.exc_info} if record.exc_info else {}))
        except Exception:
            self.handleError(record)


class _Told:
    """Replaces an exception by what may be told of it."""

    def __init__(self, everything: bool):
        self.everything = everything

    def __call__(self, _logger: Any, _method: str, fields: dict[str, Any]) -> dict[str, Any]:
        error = fields.pop("exc_info", None)
        if error is True:
            error = sys.exc_info()
        if isinstance(error, tuple):
            error = error[1]
        if isinstance(error, BaseException):
            fields["exception"] = told(error, everything=self.everything)
        return fields


def told(error: BaseException, *, everything: bool = False) -> list[str]:
    """The exception and those that led to it, each with its kind, the state a database gave, and its frames; not its
    message, which may quote what people typed, unless `everything`."""
    lines: list[str] = []
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        state = getattr(getattr(one, "orig", one), "sqlstate", None) or getattr(one, "code", None)
        lines.append(type(one).__qualname__ + (f" [{state}]" if isinstance(state, str) else "")
                     + (f": {one}" if everything else ""))
        frames = traceback.extract_tb(one.__traceback__)[-FRAMES:]
        lines += [f"  {'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno} {frame.name}" for frame in frames]
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return lines


class _Lines:
    """One line an event: time, level, what happened, then its fields."""

    def __init__(self, format: str, fixed: Mapping[str, Any]):
        self.fixed, self.render = fixed, {"json": _json, "text": _text}[format]

    def __call__(self, _logger: Any, _method: str, fields: dict[str, Any]) -> bytes:
        now = datetime.now().astimezone().isoformat(timespec="milliseconds")
        return self.render(now, fields.pop("level"), str(fields.pop("event")), {**self.fixed, **fields})


def _json(now: str, level: str, event: str, fields: Mapping[str, Any]) -> bytes:
    return _encode({"time": now, "level": level, "event": event, **fields})


def _text(now: str, level: str, event: str, fields: Mapping[str, Any]) -> bytes:
    lines = fields.get("exception") or ()
    shown = " ".join(f"{name}={_shown(value)}" for name, value in fields.items() if name != "exception")
    event = " ".join(event.split())  # one event, one line
    return "\n    ".join([f"{now} {level:<7} {event} {shown}".rstrip(), *lines]).encode("utf-8", "replace")


def _shown(value: Any) -> str:
    text = str(value)
    return text if text and _PLAIN.issuperset(text) else repr(text)


def _in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is not SystemExit and args.exc_value is not None:
        logger().error("a thread ended by an exception", thread=args.thread.name if args.thread else "",
                       exc_info=args.exc_value)
