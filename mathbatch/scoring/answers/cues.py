"""Define the cues: words and signs that tell what a part of a response is to its answer.

Each has a name, a text that shows it, and a pattern; `TABLE` lists all. A cue is matched at the start of a sentence, at
the end of what stands in front of a value (`..._BEFORE`), or anywhere.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Cue(NamedTuple):
    """Cue with a text in which its pattern finds something."""

    name: str
    example: str
    pattern: re.Pattern[str]


TABLE: list[Cue] = []


def _cue(name: str, example: str, *patterns: str, flags: re.RegexFlag = re.IGNORECASE) -> re.Pattern[str]:
    """Add a cue to the table and return its pattern, which matches where one of `patterns` does."""
    pattern = re.compile("|".join(patterns), flags)
    TABLE.append(Cue(name, example, pattern))
    return pattern


NOT = r"(?:\b(?:not|never|cannot|neither|nor)\b|n['’]t\b)"
# Words between a denial and what is denied: "not equal to the value".
BETWEEN = (
    r"(?:(?:be|equals?|to|the|an?|in|on|just|simply|always|possibly|exactly|have|value|option|choice|\w+ly|[a-z]|=)\s)"
    r"{0,4}"
)
DENIES = _cue("denies", "it is not 7", NOT)
DENIAL_BEFORE = _cue(
    "denial before", "it is not the ", rf"(?:{NOT}|\b(?:rather\sthan|instead\sof|unlike|without))\s{BETWEEN}\W{{0,3}}\Z"
)
# "At least" is left out: "she needs at least 5 coins" states the number asked for.
BOUND_BEFORE = _cue(
    "bound before",
    "it is more than ",
    r"(?:\b(?:than|above|below|over|under|exceed(?:s|ing)?|between|between\s\S{1,20}\sand)|(?<!-)[<>≤≥]|\\[lg](?:eq?|t))"
    r"\s?(?:or\sequal\sto\s)?\W{0,3}\Z",
)
# What an answer is contrasted with.
CONTRAST = _cue(
    "contrast",
    "C, not D",
    r"(?:[,;(]\s?(?:and\s)?(?:not|unlike)|,?\s(?:rather\sthan|instead\sof|ahead\sof))\b[^,;.()]{1,60}",
)
# Stands behind an answer and has numbers and letters of its own, up to the end. A conclusion within is read.
REASON = _cue(
    "reason",
    "7, since 2*7+1 = 15",
    r"(?:[,;(]?\s?\b(?:since|because)|[,;(]\s(?:as|given|which(?!\s(?:gives?|makes?|means|equals?|leaves?|comes)\b))|\(=)"
    r"\s(?!.*\b(?:so|therefore|thus|hence)\b).*",
    flags=re.IGNORECASE | re.DOTALL,
)
BOLD = _cue("bold", "there are **3** bars", r"\*\*([^*\n]{1,60})\*\*")
VERB_AFTER = _cue("verb after", " are red", r"\s(is|are|was|were|has|have|had)\b")
# Starts a sentence that concludes: "Therefore", "So", "This means", "所以".
CONCLUSION = _cue(
    "conclusion",
    "Therefore, x = 3",
    r"[\s*_>#-]{0,20}(?:(?:and\s)?(?:therefore|thus|hence|so|consequently|accordingly|finally|overall|in\s(?:conclusion|summary|total|short)|"
    r"to\s(?:conclude|summarize|sum\sup)|this\smeans|we\s(?:can\s)?(?:conclude|deduce|get|find|have)\sthat|as\sa\sresult)\b"
    r"|∴|所以|因此|故|综上|于是|则|可得|得出)",
)
# Starts a conclusion within a sentence: "x + 2 = 5, so x = 3".
INNER_CONCLUSION = _cue(
    "inner conclusion",
    "x + 2 = 5, so x = 3",
    r"[,;]\s(?:and\s)?(?:so|therefore|thus|hence)\b(?!\sthat)|[,，](?:所以|因此|故)",
)
# Starts a sentence that checks an answer.
CHECKS = _cue(
    "checks",
    "To verify, 2 + 3 = 5",
    r"[\W_]{0,6}(?:(?:let(?:['’]s|\sus|\sme)\s|to\s|we\s(?:can\s)?|as\sa\s|(?:this|it)\scan\sbe\s)?(?:(?:double|cross|sanity)[-\s])?"
    r"(?:check(?:s|ed|ing)?|verif(?:y|ied|ying|ication)|proof|confirm(?:s|ed|ing)?)\b|note\b|验证|检验|检查)",
)
SUPPOSES = _cue(
    "supposes",
    "the other branch would give 5",
    r"\bwould\b|\bif\s(?:it|we|this|that)\s(?:was|were|had)\b",
)
# Starts a sentence that says once more what was said, or checks it.
ELABORATES = _cue(
    "elaborates",
    "In other words, half of them",
    rf"(?:{CHECKS.pattern})|\(|\W{{0,4}}(?:in\sother\swords|for\s(?:example|instance)|that\sis,|e\.g\.|i\.e\.|the\sother\b"
    r"|(?:this|that|it)\s(?:is\s(?:the\ssame|also|because|since|consistent)|matches|agrees|satisf|corresponds|confirms|fits|holds)"
    r"|i\salso\b|we\s(?:reject|discard|ignore)|(?:step\s\d\W{1,3})?(?:(?:that|this|it)\s?(?:is|['’]s)?\s)?"
    r"(?:correct|right|done|perfect|great|checks\sout|works)\W*\Z)",
)
# Starts a sentence that takes an answer back: "Wait, ", "Actually, ".
TAKES_BACK = _cue(
    "takes back",
    "Wait, I forgot one",
    r"(?:^|(?<=[.!?…\n]\s)|(?<=\n))[\W_]{0,6}(?:(?:but|oh|hmm+|no|and)[,.…]*\s){0,3}"
    r"(?:wait|actually|hold\son|hmm+|oops|correction|sorry|scratch\sthat|on\s(?:second\sthought|reflection|closer)|no[,.]"
    r"|i\s(?:made|have\smade)\s(?:a|an)\s|let\sme\s(?:re|correct|fix)|to\scorrect|moment|halt|等等|不对)",
)
# Stands in a sentence that corrects an answer: "it must be 9", "so it is 9 instead".
CORRECTS = _cue(
    "corrects",
    "so it must be 9",
    r"(?:\b(?:must|should|has\sto|have\sto|ought\sto)\s(?:rather\s|instead\s|really\s|actually\s|in\sfact\s)?be\s|\b(?:it['’]s|it\sis)\s(?:actually|really|in\sfact)\s|\brichtig\s(?:ist|wäre)\s|应该?是)(?P<value>\W{0,4}(?:\w+\s)?[-\\$(]?(?:\d|[\\$]|[A-Z]\b)[^\n]{0,200}|[^\n]{1,100}\sinstead\b)"
    r"|\b(?:is|are|get|gives?|makes?)\s(?P<before>[^\n]{1,100}?)\sinstead\b",
)
# Starts a sentence that only sets out: "We start with option C."
SETS_OUT = _cue(
    "sets out",
    "We start with option C",
    r"[\W_]{0,6}(?:(?:first|now|next|so|okay|ok|well)[,\s]+){0,2}(?:(?:we|i|you)\s(?:can\s|will\s|shall\s|must\s|need\sto\s)?(?:start|begin)\b"
    r"|(?:let(?:['’]s|\sus|\sme)\s)(?:\w+\s)?(?:start|begin|try|check|test|consider|look|examine|see|suppose|assume|analy[sz]e|evaluate)\b"
    r"|(?:suppose|assume|consider|starting|beginning)\b)",
)
# Ends a text within a sentence: a word that needs another one behind it. Case counts: "option A" is complete.
CUT_OFF = _cue(
    "cut off",
    "and in the tree there are",
    r"(?:(?<=[a-z])[,;(]|(?<=[a-z,]\s)(?:an|the|and|or|but|nor|of|to|at|by|for|from|with|as|than|that|which|who|whose|where|when|while|if"
    r"|because|since|are|was|were|been|being|must|may|might|would|should|shall|could|its|their|his|our|your|my|these|those"
    r"|we|they|he|she|between|into|per|until|(?:must|will|would|should|can|could|is|are|was|were|has|have|had)\s(?:still|also|only|then|now)|(?:and|so)\s(?:then\s)?(?:it|is)))\Z",
    flags=re.NOFLAG,
)
# Stands in a polite sentence that states nothing: "I hope this helps!"
COURTESY = _cue(
    "courtesy",
    "I hope this helps!",
    r"\bhope\s(?:this|that|it|i)\b|\blet\sme\sknow\b|\bany\s(?:\w+\s)?(?:questions|requests)\b|\banything\selse\b"
    r"|\bplease\s(?:\w+\s){0,2}(?:provide|upload|share|attach|send)\b"
    r"|\bother\s(?:questions|requests)\b|\bhappy\sto\s|\bfeel\sfree\b|\bglad\sto\s|\bcan\shelp\syou\b|^\W*i\s(?:see\sthe\simage|understand|can\sanswer)\b|希望|如有",
)
# Stands in a refusal, which states nothing: "Sorry, I can't help with images."
REFUSAL = _cue(
    "refusal",
    "Sorry, I can't help with images",
    r"\bsorry\b|\b(?:can['’]?t|cannot|can\snot|could\snot|couldn['’]t|unable\sto|impossible\sto|not\s(?:possible|able|enough\sto)(?:\sto)?)\s(?:be\s)?(?:\w+ly\s)?"
    r"(?:be\s)?(?:help|answer|determin|see|assist|provid|process|tell|say|know|view|identif|decid|conclud)\w*"
    r"|\b(?:not\s(?:enough|sufficient)|insufficient|more)\s(?:information|data|details?|context)\b"
    r"|\b(?:does|do|did)(?:\snot|n['’]t)\s(?:provide|specify|give|contain|mention|include|know)\b"
    r"|无法|不能确定"
    r"|\bfehl(?:en|t)\s(?:\w+\s){0,2}(?:angaben?|informationen|daten|werte?)\b|\bnicht\s(?:bestimmbar|lösbar|beantwort\w*|(?:genug|genügend|ausreichend\w*)\s(?:angaben|informationen|daten))\b"
    r"|\bimpossible\sde\s|\b(?:données|informations)\sinsuffisantes|\bmanque\s(?:\w+\s){0,2}(?:données|informations)\b|\bfaltan\s(?:datos|información)",
)
# Stands behind a refusal that is only a step: "it cannot be determined from A alone, but".
GOES_ON = _cue(
    "goes on",
    "from A alone, but",
    r"\b(?:but|however|so|thus|hence|therefore)\b|=\s?[-\d\\$]",
)
# Stands in front of an answer that is only spoken of: "to find the answer in cm:".
SPEAKS_OF_ANSWER = _cue(
    "speaks of answer",
    "to find the ",
    r"\b(?:got|get|find|choose|provide|select|to|(?:to|please)\s\w+|could|might|would)\s(?:the|your|an)\s(?:final\s|correct\s)?\Z|\bother\s\Z",
)
# Words that introduce the answer: "the answer is", "Answer:", "correct option is", "答案是", "故选".
ANSWER_MARKER = _cue(
    "answer marker",
    "the answer is",
    r"\b(?:answers?|(?:correct|right|best|final)\s(?:option|choice|letter|statement|value|result)s?)\b"
    r"[^.!?\n:：=。,;]{0,60}?(?:\s[-–—](?=\s)|\b(?:is|are|was|would be|must be|should be|be)\b|[:：=]|\*\*[:：]?(?=\n))"
    r"|\b(?:option|choice)(?=\s\(?[A-J]\b.{0,30}\bis\s(?:the\s)?(?:correct|right|best)\b)"
    r"|(?:答案|正确选项|正确的选项|最终结果)[^。，,\n:：是为选]{0,20}(?:应?该?[是为选]|[:：])"
    r"|(?:故|应|应该|因此|所以|可|，|,|^)选(?:择|项)?(?:[是为:：]|(?=\s{0,3}[（(]?[A-Ja-j]))"
    r"|^[#*_ \t]{0,9}(?:final\s)?answer[*_: \t]{0,9}\n"
    r"|\b(?:réponse|respuesta|respuestas|antwort|lösung|risposta|resposta|antwoord|ответ|đáp\sán)\b[^.!?\n:=,]{0,40}?"
    r"(?:\b(?:est|es|ist|lautet|son|è|é|is|là)\b|[:：—–])"
    r"|(?:答え|正解|正答|解)は、?|(?:정답|답)(?:은|:)|(?:الإجابة|الجواب)(?:\sالصحيحة?)?\s?(?:هي|هو|:)",
    flags=re.IGNORECASE | re.MULTILINE,
)
