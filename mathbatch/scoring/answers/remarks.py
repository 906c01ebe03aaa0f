"""Recognise sentences about an answer that don't state it.

"The answer is correct.", "To find it, I multiplied 6 by 6."
"""

from __future__ import annotations

import re

# Only where nothing follows, since "the right triangle" may be the answer.
JUDGED = (
    r"(?:(?:in)?correct|right|wrong|exact|accurate|reasonable|valid|plausible|consistent|complete|final|simplified|unique)"
    r"(?=\W{0,4}(?:$|\n)|[.,;!]|\s(?:because|since|as|and|for|with|given|when|if)\b)"
)
# How an answer was found, such as "derived from". Leaves out "is given by x = 5", which states the answer.
MADE = (
    r"(?:derived|found|obtained|given|based|expressed|shown|confirmed|verified|calculated|computed|measured|rounded|"
    r"related|determined|supported|written|consistent)\b(?!\s(?:to\sbe|as|by)\s\W{0,3}\d)(?![^\n]{0,80}[=:])"
)
# The form of an answer: "in simplest form", "in cm".
FORM = (
    r"in\s(?:(?:the\s|its\s)?(?:lowest|simplest|simplified|reduced|required|correct|desired)\b"
    r"|square\b|cubic\b|units\b|degrees\b|radians\b|terms\b|dollars\b|(?:centi|milli|kilo)?met(?:er|re)s?\b|[cdkm]?m(?![A-Za-z]))"
)
# The kind of an answer: "a whole number". With a number behind it, it states the answer.
KIND = r"an?\s(?:[a-z]+\s)?(?:integer|whole\snumber|fraction|letter)\b(?!\W{1,3}\d|[:=])"
# Stands behind "the answer is" where that only describes the answer.
DESCRIBED = re.compile(
    rf"\W{{0,6}}(?:(?:also|indeed|therefore|thus|then|already|simply)\s)?(?:{JUDGED}|{MADE}|{FORM}|{KIND})",
    re.IGNORECASE,
)
# Stands behind "the answer must be"; behind "is" these words may be the answer.
BOUND = re.compile(r"\W{0,4}(?:positive|negative|even|odd|less|greater|more|between)\b", re.IGNORECASE)
OBLIGED = re.compile(r"\b(?:must|should)\sbe$", re.IGNORECASE)
# Stands between "the answer" and "is": "This answer makes sense because 36 is less than 50".
ARGUES = re.compile(r"\b(?:because|since|makes?\ssense|seems|matches|agrees)\b", re.IGNORECASE)
# Starts a sentence about the way to the answer: "To find it, I multiplied 3 by 4".
TELLS_HOW = re.compile(
    r"\W{0,4}(?:to\s(?:find|get|see|calculate|determine)\s(?:it|this|that)\b"
    r"|(?:this|it|that)\s(?:is|was|can\sbe)\s(?:found|obtained|calculated|computed|derived|determined)\sby\b)",
    re.IGNORECASE,
)


def is_remark(text: str, mark: re.Match[str]) -> bool:
    """Tell whether what follows a marker such as "the answer is" only describes the answer.

    "The answer is correct." -> True, "The answer is 5." -> False
    """
    if ARGUES.search(mark[0]) or DESCRIBED.match(text, mark.end()):
        return True
    return OBLIGED.search(mark[0]) is not None and BOUND.match(text, mark.end()) is not None


def tells_how(sentence: str) -> bool:
    """Tell whether a sentence is about the way to the answer: "This was found by multiplying 6 by 6"."""
    return TELLS_HOW.match(sentence) is not None
