"""What is said about an answer: "The answer is correct.", "This answer was obtained by multiplying 6 by 6."."""

from __future__ import annotations

import re

JUDGED = (
    r"(?:(?:in)?correct|right|wrong|exact|accurate|reasonable|valid|plausible|consistent|complete|final|simplified|unique)"
    r"(?=\W{0,4}(?:$|\n)|[.,;!]|\s(?:because|since|as|and|for|with|given|when|if)\b)"
)
"""The right triangle may be the answer, so these stand alone."""
MADE = (
    r"(?:derived|found|obtained|given|based|expressed|shown|confirmed|verified|calculated|computed|measured|rounded|"
    r"related|determined|supported|written|consistent)\b(?!\s(?:to\sbe|as|by)\s\W{0,3}\d)(?![^\n]{0,80}[=:])"
)
"""Not "is given by x = 5"."""
FORM = (
    r"in\s(?:(?:the\s|its\s)?(?:lowest|simplest|simplified|reduced|required|correct|desired)\b"
    r"|square\b|cubic\b|units\b|degrees\b|radians\b|terms\b|dollars\b|(?:centi|milli|kilo)?met(?:er|re)s?\b|[cdkm]?m(?![A-Za-z]))"
)
KIND = r"an?\s(?:[a-z]+\s)?(?:integer|whole\snumber|fraction|letter)\b(?!\W{1,3}\d|[:=])"
DESCRIBED = re.compile(
    rf"\W{{0,6}}(?:(?:also|indeed|therefore|thus|then|already|simply)\s)?(?:{JUDGED}|{MADE}|{FORM}|{KIND})",
    re.IGNORECASE,
)
"""Behind "the answer is"."""
BOUND = re.compile(r"\W{0,4}(?:positive|negative|even|odd|less|greater|more|between)\b", re.IGNORECASE)
"""Behind "the answer must be"; behind "is" they may be the answer."""
OBLIGED = re.compile(r"\b(?:must|should)\sbe$", re.IGNORECASE)
ARGUES = re.compile(r"\b(?:because|since|makes?\ssense|seems|matches|agrees)\b", re.IGNORECASE)
"""Between "the answer" and an "is": "This answer makes sense because 36 is less than 50"."""
TELLS_HOW = re.compile(
    r"\W{0,4}(?:to\s(?:find|get|see|calculate|determine)\s(?:it|this|that)\b"
    r"|(?:this|it|that)\s(?:is|was|can\sbe)\s(?:found|obtained|calculated|computed|derived|determined)\sby\b)",
    re.IGNORECASE,
)
"""A sentence about the way: "To find it, I multiplied 3 by 4"."""


def is_remark(text: str, mark: re.Match[str]) -> bool:
    """Whether what follows "the answer is" describes the answer."""
    if ARGUES.search(mark[0]) or DESCRIBED.match(text, mark.end()):
        return True
    return OBLIGED.search(mark[0]) is not None and BOUND.match(text, mark.end()) is not None


def tells_how(sentence: str) -> bool:
    return TELLS_HOW.match(sentence) is not None
