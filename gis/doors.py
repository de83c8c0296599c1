"""What the doors on the command line share: an error is one line on stderr and exit code 1.

Whoever ends a command (SIGTERM) finds it tidied up as after Ctrl-C: nothing changed, no half file.
"""

import signal
import sys
import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError

from gis.errors import PlatformError

P = ParamSpec("P")
R = TypeVar("R")


def door(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors that people may see into one line; programming mistakes stay tracebacks."""

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        ):
            signal.signal(signal.SIGTERM, _leave)
        try:
            return command(*args, **kwargs)
        except PlatformError as error:
            sentence = error.detail
        except OperationalError as error:
            sentence = (
                f"The database does not answer, and nothing changed ({_first_line(error)})."
                " Start it: python -m gis up."
            )
        except DBAPIError as error:
            sentence = (
                f"The database did not take it, and nothing changed: {_first_line(error)}."
                " Is it up to date? python -m gis up migrates it."
            )
        except OSError as error:
            sentence = f"{error.filename or 'The system'}: {error.strerror or error}."
        except MemoryError:
            sentence = "There is not enough memory for this; nothing changed."
        sys.stderr.write(" ".join(sentence.split()) + "\n")
        sys.exit(1)

    return guarded


def _leave(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0].rstrip(".")
