"""MathBatch: every answer of a vision-language model on a math dataset, fast, complete and comparable."""

__version__ = "0.1.0"
