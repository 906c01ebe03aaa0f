"""Dataset files that ask for more than a dataset may, in all spellings of YAML and of Hydra's headers and lists.

In the folder that `prepare` fills, importing `evilmod` or `evilpack`, in whichever way, leaves a file `ran`.
"""

from __future__ import annotations

from pathlib import Path

from support.rows import questions, write_rows

SECRET = "hf_ThisIsNobodysTokenButKeepIt"
NO_INPUT = "name: x\nimage_field: null\ninput: "
FINE = "name: x\nimage_field: null\ninput: rows.jsonl\n"
CODE = "{hydra: {callbacks: {evil: {_target_: evilmod.Evil}}}}"
CALLBACK = "hydra:\n  callbacks:\n    evil:\n      _target_: evilmod.Evil\n"
OTHERS = "model: {trust_remote_code: true}\nsystem_prompt: ${oc.env:HF_TOKEN}\noutput_dir: elsewhere\n"
LAUGHS = "".join(f"  a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]\n" for at in range(1, 12))

HEADERS = {
    "global header with a callback": f"# @package _global_\n{CALLBACK}dataset:\n  name: x\n",
    "header after empty lines": f"\n\n  # @package _global_\n{CALLBACK}",
    "header after another": f"# @other thing\n# @package _global_\n{CALLBACK}",
    "the later of two headers counts": f"# @package dataset\n# @package _global_\n{CALLBACK}",
    "header of callbacks": "# @package hydra.callbacks.evil\n_target_: evilmod.Evil\n",
    "header of the model": "# @package model\ntrust_remote_code: true\n",
    "header of a judge": "# @package judge.model\nname: evil\npath: evil\n_target_: evilmod.Evil\n",
    "header below the dataset": "# @package dataset.scoring\nexact: {_target_: evilmod.Evil}\n",
    "header with tabs": f"# @package\t_global_ x\n{CALLBACK}",
    "header with too many words": f"# @package _global_ really\n{CALLBACK}",
    "header without a value": f"# @package\n{CALLBACK}",
    "header behind a line separator": f"#\u2028# @package _global_\n{CALLBACK}",
    "byte order mark and header": f"\ufeff# @package _global_\n{CALLBACK}",
    "directive and header": f"%YAML 1.1\n# @package _global_\n---\n{CALLBACK}",
    "old Mac line ends": f"# @package _global_\r{CALLBACK}".replace("\n", "\r"),
}
LISTS = {
    "defaults": f"defaults: [evil]\n{FINE}",
    "defaults in a flow": "{defaults: [evil], name: x, input: rows.jsonl}\n",
    "defaults as a complex key": f"? defaults\n: [evil]\n{FINE}",
    "defaults by escapes": f'"\\x64efaults": [evil]\n{FINE}',
    "defaults over two lines": f'? "defau\\\n  lts"\n: [evil]\n{FINE}',
    "defaults with an anchor": f"&d defaults: [evil]\n{FINE}",
    "defaults by an alias": f"name: &d defaults\n*d : [evil]\n{FINE.partition(chr(10))[2]}",
    "defaults by a merge key": f"<<: {{defaults: [evil]}}\n{FINE}",
    "defaults by merged anchors": f"metadata: [&m {{defaults: [evil]}}]\n<<: [*m]\n{FINE}",
    "defaults of JSON": '{"defaults":["evil"],"name":"x"}',
    "defaults behind a byte order mark": f"\ufeffdefaults: [evil]\n{FINE}",
    "defaults after a document start": f"--- # here\ndefaults: [evil]\n{FINE}",
    "defaults behind spaces": f"  defaults  :\n    - evil\n{FINE.replace(chr(10), chr(10) + '  ')}".rstrip() + "\n",
    "defaults that override": f"defaults: [override /model: evil]\n{FINE}",
    "defaults in a folded text": ">\n  {defaults: [evil],\n  name: x}\n",
    "a text that holds keys": "'{defaults: [evil], name: x}'\n",
}
KEYS = {
    "another group": f"{FINE}model: {{path: evil}}\n",
    "hydra": f"{FINE}{CALLBACK}",
    "a key with dots": f"{FINE}model.path: evil\n",
    "a class": f"{FINE}_target_: evilmod.Evil\n",
    "a class of a scorer": f"{FINE}answer_field: query_cot\nscoring: {{exact: {{_target_: evilmod.Evil}}}}\n",
    "a class within a parameter": f"{FINE}scoring: {{number: {{tolerance: {{_target_: evilmod.Evil}}}}}}\n",
    "a class in a list": f"{FINE}scoring: {{exact: {{any_of: [[{{? _target_ : evilmod.Evil}}]]}}}}\n",
    "a class by a merge key": f"{FINE}scoring: {{exact: {{<<: {{_target_: evilmod.Evil}}}}}}\n",
    "a class by an escape": f'{FINE}scoring: {{exact: {{"\\x5ftarget_": evilmod.Evil}}}}\n',
    "a class by an alias": f"{FINE}source: &t _target_\nscoring: {{exact: {{*t : evilmod.Evil}}}}\n",
    "a tag of Python": f"{FINE}source: !!python/object/apply:os.system ['touch ran']\n",
    "a module by a tag": f"{FINE}source: !!python/module:evilmod\n",
    "an object by a tag": "!!python/object/new:evilmod.Evil {}\n",
    "a tag by a directive": f"%TAG ! tag:yaml.org,2002:python/object/apply:\n---\n{FINE}source: !os.system [x]\n",
    "two documents": f"{FINE}---\n{CALLBACK}",
    "a list": "[defaults, evil]\n",
    "a number": "42\n",
    "a key that is a list": f"{FINE}? [a, b]\n: c\n",
    "a key that is null": f"{FINE}~: c\n",
    "a key twice": f"{FINE}name: y\n",
    "no number": f"{FINE}image_max_mib: !!int many\n",
    "a number without end": f"{FINE}image_max_mib: {'9' * 5000}\n",
    "a billion laughs": f"columns:\n  a0: &a0 [lol]\n{LAUGHS}{FINE}",
    "a loop": f"{FINE}columns: &c {{a: *c}}\n",
    "a long text, many times": f"{FINE}metadata: [&a {'a' * 9000}{', *a' * 1000}]\n",
    "a deep list": f"{FINE}scoring: {'[' * 20000}{']' * 20000}\n",
    "a deep mapping": FINE + "".join(f"{' ' * at}a:\n" for at in range(400)),
    "bytes": b"\x80\x81\xfe\xff" * 40,
    "a program": b"\x7fELF\0\0\0\0",
    "half a character": f'{NO_INPUT}"\\ud800.jsonl"\n',
    "bytes in place of a text": f"{FINE}source: !!binary aGVsbG8=\n",
    "a number as a column": f"{FINE}columns: {{1: query_cot}}\n",
    "no time": f"{FINE}source: !!timestamp never\n",
    "an empty number": f"{FINE}image_max_mib: !!int ''\n",
    "a list without end": f"{FINE}metadata: [{'a,' * 100_000}]\n",
    "a large file": FINE + "# x\n" * 200_000,
}
VALUES = {
    "the environment in a prompt": f"{FINE}prompt: '{{{{ query_cot }}}} ${{oc.env:HF_TOKEN}}'\n",
    "the environment in a path": "name: x\nimage_field: null\ninput: ${oc.env:HF_TOKEN}/rows.jsonl\n",
    "the environment in a list of paths": "name: x\ninput: ['rows.jsonl', '${oc.env:HF_TOKEN}']\n",
    "the environment in examples": f"{FINE}examples: ${{oc.env:HOME}}/shots.jsonl\n",
    "a resolver made of parts": f"{FINE}source: oc.env\nprompt: '${{${{.source}}:HF_TOKEN}}'\n",
    "a created configuration": f"{FINE}scoring: '${{oc.create:\"{{exact: {{_target_: evilmod.Evil}}}}\"}}'\n",
    "a selected setting": f"{FINE}prompt: ${{oc.select:model.engine.hf_token}}\n",
    "a setting of the user": f"{FINE}prompt: ${{model.engine.hf_token}}\n",
    "a setting of the user, from here": f"{FINE}prompt: ${{..model.engine.hf_token}}\n",
    "an escape that is none": f"{FINE}prompt: '\\\\${{oc.env:HF_TOKEN}}'\n",
    "an escaped dollar": f'{FINE}prompt: "\\x24{{oc.env:HF_TOKEN}}"\n',
    "an interpolation over lines": f"{FINE}prompt: |-\n  a ${{\n  oc.env:HF_TOKEN}}\n",
    "an interpolation in a key": f"{FINE}columns: {{'${{oc.env:HF_TOKEN}}': query_cot}}\n",
    "no interpolation at all": f"{FINE}prompt: '{'${' * 5000}'\n",
}
PATHS = {
    "the environment": f"{NO_INPUT}/proc/self/environ\n",
    "the environment, by a link": f"{NO_INPUT}environment.csv\n",
    "the environment as examples": f"{FINE}prompt: '{{{{ examples }}}}'\nexamples: environment.csv\n",
    "a name that makes no folder": FINE.replace("x", "x" * 5000, 1),
    "a module in a module": f"{NO_INPUT}pkg://evilmod.x/rows.jsonl\n",
    "a package of the folder": f"{NO_INPUT}pkg://evilpack.inner.most/rows.jsonl\n",
    "a package above": f"{NO_INPUT}pkg://../x\n",
    "packages without end": f"{NO_INPUT}pkg://{'a.' * 2000}b/x\n",
    "a part of mathbatch": f"{NO_INPUT}pkg://mathbatch.demo/data/samples.jsonl\n",
    "a module for examples": f"{FINE}prompt: '{{{{ examples }}}}'\nexamples: pkg://evilmod.x/shots.jsonl\n",
    "5,000 characters": f"{NO_INPUT}{'a' * 5000}\n",
    "5,000 characters in the package": f"{NO_INPUT}pkg://mathbatch/{'a' * 5000}\n",
    "5,000 characters of a hub": f"name: x\nimage_field: null\nhub: {{path: {'a' * 5000}}}\n",
    "a zero byte": f'{NO_INPUT}"rows\\0.jsonl"\n',
    "a zero byte and a glob": f'{NO_INPUT}"*/rows\\0*"\n',
    "somebody's home": f"{NO_INPUT}~nobody-of-that-name/rows.jsonl\n",
}
REFUSED: dict[str, str | bytes] = {**HEADERS, **LISTS, **KEYS, **VALUES, **PATHS}


def prepare(folder: Path) -> Path:
    """Fill a folder with rows, with modules that tell of their import, and with what strange datasets refer to.

    Return the place of the dataset `x`.
    """
    write_rows(folder / "rows.jsonl", questions(2))
    (folder / "environment.csv").symlink_to("/proc/self/environ")
    (folder / "evilpack" / "inner").mkdir(parents=True)
    tell = f"from pathlib import Path\nPath({str(folder / 'ran')!r}).touch()\n"
    for module in ("evilmod.py", "evilpack/__init__.py", "evilpack/inner/__init__.py"):
        (folder / module).write_text(f"{tell}class Evil:\n    def __init__(self, *a, **k): pass\n")
    for path, text in {"dataset/evil": CODE, "dataset/second": CODE, "model/evil": OTHERS}.items():
        (folder / "conf" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "conf" / f"{path}.yaml").write_text(f"# @package _global_\n{text}\n")
    return folder / "conf" / "dataset" / "x.yaml"
