"""Prepare the command line for Hydra: put flags first, allow new keys in open dictionaries, refuse senseless keys."""

from __future__ import annotations

import re
from collections import deque

from mathbatch.config.paths import conf_dir
from mathbatch.errors import ConfigError, nearest

COMPONENTS = ("loader", "filter", "processor", "batcher", "saver", "scorer")
CONFIG_GROUPS = ("model", "dataset", "sampling", "cluster")
OF_A_MODEL = ("engine", "chat_template_kwargs", "mm_processor_kwargs", "extra_body", "prices")
# Dictionaries whose keys the schema does not list. Whatever receives them checks them.
FREE_FORM = (
    *(f"{model}.{section}" for model in ("model", "judge.model") for section in OF_A_MODEL),
    *("sampling.logit_bias", "sampling.structured_outputs", "sampling.repetition_detection", "sampling.extra_args"),
    *("dataset.columns", "dataset.scoring", "deploy.options", "deploy.environment", *COMPONENTS, "hook"),
)
FLAGS_WITH_VALUE = (
    *("--config-path", "-cp", "--config-name", "-cn", "--config-dir", "-cd"),
    *("--package", "-p", "--cfg", "-c", "--experimental-rerun"),
)
# Flags that may have one of these values; without one they mean all.
INFO_FLAGS, INFO_VALUES = ("--info", "-i"), ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
# What people write for a switch.
NO, YES = ("false", "no", "off"), ("true", "yes", "on")
# Another way to write -m.
MULTIRUN = re.compile(r"\+*hydra\.mode=.*multirun", re.IGNORECASE)
HYDRAS_FOLDERS = {
    "hydra.run.dir": "set output_dir; below it a run's folder is named for its model, dataset and sampling",
    "hydra.sweep.dir": "set output_dir; the table of a sweep is in its sweeps/<time>/",
    "hydra.sweep.subdir": "set output_dir; below it each job has the folder that its single run would have",
    "hydra.output_subdir": "leave it out: a run's folder has its config.yaml and .hydra/<time>/",
    "hydra.job.chdir": "leave it out: paths are relative to where you start",
}


def flags_first(arguments: list[str]) -> list[str]:
    """Move the flags before the overrides, as Hydra wants them; people write them anywhere."""
    flags, overrides = _parted(arguments)
    return flags + overrides


def overrides_of(arguments: list[str]) -> list[str]:
    """Return the arguments that are neither flags nor values of flags."""
    return _parted(arguments)[1]


def _parted(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Return the flags with their values, and the overrides."""
    flags: list[str] = []
    overrides: list[str] = []
    rest = deque(arguments)
    while rest:
        argument = rest.popleft()
        if not argument.startswith("-") or argument == "-":
            overrides.append(argument)
            continue
        flags.append(argument)
        if argument in INFO_FLAGS and not (rest and rest[0] in INFO_VALUES):
            flags.append("all")
        elif rest and argument in (*FLAGS_WITH_VALUE, *INFO_FLAGS):
            flags.append(rest.popleft())
    return flags, overrides


def refuse_hydras_folders(arguments: list[str]) -> None:
    """Raise ConfigError for Hydra's own folder keys: a run finds its folder by what it is, not by them."""
    for argument in arguments:
        path, _, value = argument.lstrip("+~").partition("=")
        for key, fix in HYDRAS_FOLDERS.items():
            section, _, name = key.rpartition(".")
            if path == key or (path == section and re.search(rf"\b{name}\s*:", value)):
                raise ConfigError(key, "has no effect here", fix)


def refuse_multirun(arguments: list[str], why: str) -> None:
    """Raise ConfigError for -m, for a command that takes one configuration at a time."""
    for argument in arguments:
        if argument in ("-m", "--multirun") or MULTIRUN.match(argument):
            raise ConfigError(argument, why, "leave it out")


def refuse_null_groups(arguments: list[str]) -> None:
    """Raise ConfigError for `sampling=null`, which Hydra has no sentence for."""
    for argument in arguments:
        group, _, value = argument.partition("=")
        if group in CONFIG_GROUPS and value in ("null", ""):
            options = [path.stem for path in (conf_dir() / group).glob("*.yaml")]
            raise ConfigError(group, "it needs one", nearest("", options))


def allow_new_key(argument: str) -> str:
    """Prefix `++` to an override of an open dictionary (`model.engine.x=1`), so that Hydra adds the key."""
    openings = tuple(f"{path}{sign}" for path in FREE_FORM for sign in (".", "={"))
    return f"++{argument}" if argument.startswith(openings) else argument


def switched(argument: str) -> str:
    """Return `report=false` as `report=null`, since a section has no truth value, and `report=true` as its default."""
    name, _, value = argument.lower().partition("=")
    if name == "report" and value in NO + YES:
        return "report=null" if value in NO else "report={}"
    return argument


def allow_new_keys_before_cursor(line: str) -> str:
    """Apply `allow_new_key` to each finished word of a line that is being completed."""
    typed_so_far, space, word = line.rpartition(" ")
    return " ".join(map(allow_new_key, typed_so_far.split(" "))) + space + word
