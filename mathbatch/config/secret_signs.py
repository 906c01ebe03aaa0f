"""Tell secrets by the names of settings, and by what keys, tokens and passwords look like."""

from __future__ import annotations

import re
import unicodedata

# `hfToken`, `HF_TOKEN`, `x-api-key2`: a name's words.
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")
# Parts of names, written as one word, that only secrets have.
ALWAYS = re.compile(
    r"(api|access|secret|private|signing|encryption|account|subscription|session|auth|ssh|hf|license|master|deploy)"
    r"(key|token)|auth(header|value|string)"
    r"|(openai|anthropic|azure|aws|google|gemini|deepseek|dashscope|mistral|groq|wandb|huggingface|hub)key"
    r"|password|passwort|passwd|passphrase|credential|authorization|connectionstring|kennwort|wachtwoord|motdepasse|contrase[nñ]a|senha"
    r"|密码|密钥|口令|令牌"
)
WORDS = {"secret", "secrets", "pwd", "bearer", "cookie", "cookies", "jwt", "creds", "passcode"}
LAST_WORDS = {"auth", "pass", "pat", "token"}
# Last words of names of something beside a secret: `api_key_env`, `token_ids`.
BESIDE = {
    *("file", "files", "path", "paths", "dir", "folder", "field", "column", "name", "names", "type", "id", "ids"),
    *("count", "budget", "limit", "length", "len", "size", "mode", "env", "url", "scheme", "method", "user", "kind"),
    *("number", "index", "class", "question", "answer"),
}
# Words before `token` where it is one of a text: `bos_token`; and before `pass` where it is a round: `first_pass`.
OF_TEXT = {
    *("bos", "eos", "pad", "unk", "cls", "sep", "mask", "image", "img", "video", "audio", "vision", "start", "end"),
    *("stop", "boi", "eoi", "begin", "special", "prompt", "output", "input", "next", "first", "second", "last", "per"),
    *("max", "min", "new", "bad", "think", "thinking", "reasoning", "placeholder", "separator", "one", "two", "single"),
    *("patch", "break", "blank", "tile", "global", "delay", "duration", "utterance", "extra", "infer", "context"),
}
NO_VALUE = {"", "empty", "none", "null", "dummy", "auto", "basic", "true", "false"}
SCHEME = re.compile(r"^\s*(bearer|basic|token|digest)\b", re.IGNORECASE)
# Interpolations that hold no text of their own: a reference, or a variable with no default or an empty one.
INTERPOLATION = re.compile(r"\$\{(oc\.env:\s*\w+\s*|[\w.@\[\]/-]*|[\w.]+:\s*)(,\s*(null|''|\"\")?\s*)?\}")
# An interpolation that holds some, by one of OmegaConf's own resolvers; those of others may look a secret up.
WITH_TEXT = re.compile(r"\$\{oc\.")
DEEPEST = 20
DATA_URL = re.compile(r"\bdata:[\w/+.-]*(;[\w=-]+)*,\S*")
# Forms that nothing but keys, tokens and passwords has; most begin as their issuers mark them. Where more must follow
# what has no fixed length, that has a limit: else a long text could take the square of its length.
KEY = re.compile(
    r"(?<![A-Za-z0-9])("
    r"(hf|api_org)_((?=[A-Za-z]{0,40}\d)[A-Za-z0-9]{8}|[A-Za-z]{30})|[cs]k-(?=[A-Za-z_-]{0,60}\d)[\w-]{12}"
    r"|csk-(?=[a-z]{0,40}\d)[a-z0-9]{16}|[sr]k_(live|test)_\w{8}|(AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12}|AIza[\w-]{20}"
    r"|gh[pousr]_[A-Za-z0-9]{16}|github_pat_\w{16}|gl(pat|dt|rt|cbt|ptt|ft|soat)-[\w-]{16}|xox[a-z]-[\w-]{8}"
    r"|xapp-[\w-]{8}|AGE-SECRET-KEY-1\w{16}|sq0(csp|atp)-[\w-]{16}|ya29\.[\w-]{8}|GOCSPX-[\w-]{16}|eyJ[\w-]{8,200}\.[\w-]{8}|nvapi-[\w-]{16}|dckr_pat_[\w-]{8}"
    r"|(npm|gsk|r8|glsa|lsv2_[ps][tk]|do[opr]_v1|shp[a-z]{2}|wandb_v1|lin_api|ntn|secret|jina|fw)"
    r"_(?=[A-Za-z]{0,40}\d)[A-Za-z0-9]{16}"
    r"|(pplx|xai|tvly)-(?=[A-Za-z-]{0,40}\d)[A-Za-z0-9-]{20}|ms-[0-9a-f]{8}-[0-9a-f]{4}-|pypi-AgE[\w-]{16}"
    r"|SG\.[\w-]{16,99}\.[\w-]{16}|hvs\.[\w-]{16}|ATATT[\w-]{16}|SK[0-9a-f]{32}|key-[0-9a-f]{32}|\d{8,10}:AA[\w-]{30}"
    r"|[MN][A-Za-z\d]{23}\.[\w-]{6}\.[\w-]{27}"
    r"|hooks\.slack\.com/services/\w|discord(app)?\.com/api/webhooks/\d)"
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY"
    r"|\b([Bb]earer|BEARER|[Bb]asic)\s{1,9}((?=[A-Za-z_.~+/-]{0,99}\d)[\w.~+/-]{8}|[\w.~+/-]{24})"
    r"|://([^/\s:@]{0,200}:[^/\s@]{1,200}|(?=[^/\s:@\d]{0,99}\d)[^/\s:@]{16,200})@"
)
# A setting within a text: `--api-key abc`, `PASSWORD=abc`, `Cookie: a=b`, `?sig=abc`.
SETTING = re.compile(
    r"(?<![\w-])(?P<dashes>-{0,2})(?P<name>\w[\w-]{0,60})(?P<sign>\s?[=:]\s?|\s)(?=[\"']?(?P<value>[^\s\"',;&}]{4,64}))"
)
# Stands for a value, or calculates one: `<answer1>`, `f(x1)`.
NO_SECRET = re.compile(r"<[^<>]*>|[A-Za-z_.]+\([^()]*\)")
IN_ADDRESSES = re.compile(r"[?&](?P<name>\w[\w-]{0,60})=(?P<value>[^\s&#]{4,200})")
SIGNATURES, SHORTEST_SIGNATURE = {"key", "sig", "signature"}, 12
ADDRESS = re.compile(r"(?<!\w)\w+://\S+")
# Long enough that chance makes none of a name: random letters of both cases, among digits.
RANDOM = re.compile(
    r"(?<![A-Za-z0-9+/])[A-Za-z0-9]{32,128}(?![A-Za-z0-9+/])|(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40,128}={1,2}"
)
BORDER = re.compile(r"(?<=\d)(?=[A-Za-z])|(?<=[A-Za-z])(?=\d)")


def is_secret_name(name: str) -> bool:
    """Tell whether a setting of this name is a secret, such as `hf_token`, `X-Api-Key` or `dbPassword`.

    Settings about tokens of a text are none, such as `max_tokens` and `stop_token_ids`, nor is `api_key_env`.
    """
    seen = "".join(one for one in unicodedata.normalize("NFKC", name) if unicodedata.category(one) != "Cf")
    words = [word.lower() for word in WORD.findall(seen)]
    if not words or words[-1] in BESIDE:
        return False
    if words[-1] in LAST_WORDS:
        return len(words) < 2 or words[-2] not in OF_TEXT
    return bool(WORDS.intersection(words) or ALWAYS.search("".join(words)))


def is_written_out(text: str) -> bool:
    """Tell whether the value of a secret stands in a text, and not only the name of a variable that holds it."""
    left = without_interpolations(text)
    if "${" in left:
        return WITH_TEXT.search(left) is not None
    rest = SCHEME.sub("", left).strip()
    is_of_text = rest.startswith(("<", "[")) and rest.endswith((">", "]"))
    return left == text and rest.lower() not in NO_VALUE and not is_of_text


def looks_secret(text: str) -> bool:
    """Tell whether a key, a token or a password stands in a text, whatever it is the value of."""
    text = without_interpolations(DATA_URL.sub("", text))
    if KEY.search(text) or any(_is_random(found[0]) for found in RANDOM.finditer(ADDRESS.sub("", text))):
        return True
    if any(_is_setting(found) for found in SETTING.finditer(text)):
        return True
    queries = ((found["name"], found["value"]) for found in IN_ADDRESSES.finditer(text))
    return any(is_secret_name(name) or _is_signature(name, value) for name, value in queries)


def without_interpolations(text: str) -> str:
    """Return a text without its `${…}`, from the inner ones outwards, but for those that hold text."""
    for _ in range(DEEPEST):
        if "${" not in text:
            break
        text = INTERPOLATION.sub("", text)
    return text


def _is_setting(found: re.Match[str]) -> bool:
    is_written_so = bool(found["sign"].strip()) or found["dashes"] == "--"
    is_value = _is_mixed(found["value"]) and not NO_SECRET.match(found["value"])
    return is_written_so and is_value and is_secret_name(found["name"])


def _is_mixed(value: str) -> bool:
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value))


def _is_signature(name: str, value: str) -> bool:
    return re.split(r"[-_]", name.lower())[-1] in SIGNATURES and len(value) >= SHORTEST_SIGNATURE and _is_mixed(value)


def _is_random(run: str) -> bool:
    is_cased = any(map(str.isupper, run)) and any(map(str.islower, run))
    return is_cased and sum(map(str.isdigit, run)) >= 3 and len(BORDER.findall(run)) >= 5
