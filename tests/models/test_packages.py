"""The package that a model's code lacks is named, in whatever words transformers says so."""

from __future__ import annotations

import pytest

from mathbatch.models.packages import missing_package


@pytest.mark.parametrize(
    ("error", "package"),
    [
        (ModuleNotFoundError("No module named 'timm.layers'", name="timm.layers"), "timm"),
        (ImportError("\nXVideoProcessor requires the Torchvision library but it was not found.\n"), "torchvision"),
        (
            ImportError("Package `num2words` is required to run it. Install it with `pip install num2words`."),
            "num2words",
        ),
        (
            ImportError(
                "This modeling file requires the following packages: einops, timm. Run `pip install einops timm`"
            ),
            "einops timm",
        ),
        (
            ValueError("Could not load it. Missing optional dependencies: torchvision. Please install it."),
            "torchvision",
        ),
        (
            ValueError("You need to have sentencepiece or tiktoken installed to convert a slow tokenizer."),
            "sentencepiece",
        ),
    ],
)
def test_a_missing_package_is_named_with_its_command(error: Exception, package: str) -> None:
    told = missing_package(error)
    assert told is not None
    assert f"pip install {package}" in told
    wrapped = RuntimeError("can't load the processor")
    wrapped.__cause__ = error
    assert missing_package(wrapped) == told


def test_other_errors_name_none() -> None:
    assert missing_package(OSError("config.json is not there")) is None
    assert missing_package(ImportError("cannot import name 'x' from 'y'")) is None
