"""Compare two runs over the same samples: which is better, how sure that is, and where they differ.

    python -m mathbatch.compare run_dir=outputs/qwen/mathvista/greedy-0f1e2d3c other=outputs/gemma/mathvista/greedy-…
    python -m mathbatch.compare run_dir=… other=… explain=true

Both must be scored. The flipped samples go to `flips-<folder of the other>.jsonl` in `run_dir`, or to the file that
`output=…` names. `marks=true` counts the marks that `score marks=…` has taken in. `explain=true` tells what
differs between the two (words of the prompts, pictures, golds, settings, chat template, versions, scorers), in how many
rows, and how many of these have flipped. Exit codes: 0 compared, 2 a folder has no scores, they are not as they were
written, or the two are not over the same samples.
"""

from mathbatch.commands.entry import enter

if __name__ == "__main__":
    enter("compare", __doc__)
