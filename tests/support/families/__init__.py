"""Tiny checkpoints of the architectures that people use, and what is needed to run them in real vLLM.

Weights are random. Processors and picture sizes are those of the published checkpoints, so that a picture becomes as
many tokens as in the real model. Chat templates have the shape of the published ones.
"""
