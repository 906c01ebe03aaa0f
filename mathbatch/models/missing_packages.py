"""Name the Python package that the code of a model or of its processor needs and that is not installed."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Ways in which transformers, and code that comes with a checkpoint, say what is to be installed. transformers raises
# these as ImportError or ValueError, most without the name of the module.
NAMED = re.compile(
    r"`pip3? install (?P<command>[^`]+)`"
    r"|requires the (?P<library>[\w-]+) library"
    r"|Missing optional dependencies: (?P<optional>[\w, -]+)"
    r"|(?:make sure you have|need to have) (?P<needed>[\w-]+)(?: or [\w-]+)? installed"
)


def missing_package(error: BaseException) -> str | None:
    """Return a sentence that names the missing package and how to install it; None for errors of another cause."""
    for cause in _causes(error):
        if isinstance(cause, ModuleNotFoundError) and cause.name:
            return _sentence(cause.name.partition(".")[0])
        if isinstance(cause, (ImportError, ValueError)) and (found := NAMED.search(" ".join(str(cause).split()))):
            return _sentence(next(filter(None, found.groups())).replace(",", ""))
    return None


def _sentence(packages: str) -> str:
    names = packages if packages != packages.capitalize() else packages.lower()
    return f"the model's files need {names}, which is not installed: pip install {names}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, then what led to it, as far back as is known."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
