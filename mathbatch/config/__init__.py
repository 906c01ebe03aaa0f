"""Configure a run: its schema, and what turns a command line into checked values and finished objects."""

from mathbatch.config.model_schema import ModelConfig
from mathbatch.config.schema import (
    Config,
    DatasetConfig,
    HubConfig,
    JudgeConfig,
    ReportConfig,
    SamplingConfig,
    SweepConfig,
)

__all__ = [
    "Config",
    "DatasetConfig",
    "HubConfig",
    "JudgeConfig",
    "ModelConfig",
    "ReportConfig",
    "SamplingConfig",
    "SweepConfig",
]
