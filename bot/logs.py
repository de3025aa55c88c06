"""Write logs that carry no text, name, chat id or token."""

from __future__ import annotations

import logging
import re
import sys
from types import TracebackType

import structlog

# Our own rooms. What others write may quote a person, or an address with the token in it.
OURS = ("bot", "scheduler", "content", "__main__")

# Libraries that say what every request and update holds, where they are asked to say much.
TALKATIVE = (
    *("telegram", "httpx", "httpcore", "aiohttp", "apscheduler", "uvicorn", "asyncio"),
    *("sqlalchemy", "aiosqlite", "alembic"),
)

_TOKEN = re.compile(r"\d{3,}:[A-Za-z0-9_-]{30,}")


class _OwnWordsOnly(logging.Filter):
    """Let a library say that something happened, not what: its messages may quote what people wrote."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in OURS:
            error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
            record.msg, record.args = f"{record.name} reports {error or record.funcName}", ()
            record.exc_info = record.exc_text = record.stack_info = None
        elif isinstance(record.msg, dict):
            record.msg = {
                key: _TOKEN.sub("<token>", value) if isinstance(value, str) else value
                for key, value in record.msg.items()
            }
        elif _TOKEN.search(record.getMessage()):
            record.msg, record.args = _TOKEN.sub("<token>", record.getMessage()), ()
        return True


def set_up_logs(level: str, form: str) -> None:
    """Send every log line to standard error, as text ("console") or one JSON object a line ("json")."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _error_by_name,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_OwnWordsOnly())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(level)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_and_end
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _log_and_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log what ends the program. Python itself would print the message, and what stands in it."""
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger("bot").error("the program ends", exc_info=(kind, error.with_traceback(trace), trace))


def _error_by_name(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Keep an exception's classes and places, never its message: it may quote a text or an address."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["cause"] = type(error.__cause__).__name__ if error.__cause__ else None
        event["at"] = _places(error)
    return event


def _places(error: BaseException) -> list[str]:
    places = []
    trace = error.__traceback__
    while trace is not None:
        places.append(f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places[-4:]
