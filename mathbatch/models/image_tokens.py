"""Count the tokens of images by the closed form of their processor, once it has proved right.

To preprocess one image takes up to a third of a second where it is cut in a dozen tiles, which is half an hour for
thousands of images of different sizes. Many processors also have a closed form, but some of those are wrong: Gemma's
leaves out the tokens around an image and the crops of pan and scan.
"""

from __future__ import annotations

from typing import Any

# Width and height of an image, in pixels.
Size = tuple[int, int]
# Number of sizes on which the closed form has to agree with what the processor has done.
PROOF = 200
# Sizes to try beside those of a dataset: wide, high, tiny, large, and of the usual kind. The tiny one
# stands in for those whose number of tokens the closed form tells.
STAND_IN: Size = (20, 20)
EXTREMES: tuple[Size, ...] = (STAND_IN, (1500, 60), (60, 900), (2400, 1700), (900, 1300), (640, 480))


class TokenFormula:
    """Closed form of a processor for the number of tokens of an image. It may differ from the truth by a constant."""

    def __init__(self, processor: Any) -> None:
        self._count = getattr(processor, "_get_num_multimodal_tokens", None)
        self._surplus: int | None = None
        self._agreed = 0

    @property
    def holds(self) -> bool:
        """Tell whether it was right about all images so far, and about enough of them."""
        return self._count is not None and self._agreed >= PROOF

    def learn(self, size: Size, tokens: int) -> None:
        """Compare it with the number of tokens that an image of this size has become."""
        found = self._tokens(size)
        if found is None or self._surplus not in (None, tokens - found):
            self._count = None
            return
        self._surplus = tokens - found
        self._agreed += 1

    def tokens(self, size: Size) -> int:
        """Return the number of tokens of an image of this size, where the formula holds."""
        found = self._tokens(size)
        assert found is not None
        assert self._surplus is not None
        return found + self._surplus

    def _tokens(self, size: Size) -> int | None:
        if self._count is None:
            return None
        width, height = size
        try:
            return int(self._count(image_sizes=[(height, width)])["num_image_tokens"][0])
        except (NotImplementedError, TypeError, AttributeError, ValueError, LookupError):
            return None
