"""Merge what the shards of a run have answered: results, scores and manifest as one run over all rows writes them.

    python -m mathbatch.merge run_dir=outputs/qwen/mathvista/greedy-0f1e2d3c
    python -m mathbatch.merge run_dir=outputs/qwen/mathvista/greedy-0f1e2d3c /scratch/node*/outputs

The shards of the run folder are taken in, then those in the further folders: each a run folder, a shard's folder or an
`output_dir` with the same run in it. Those are only read. Nothing is asked, and no engine loads unless there is a
judge. Where units are missing, it says which shards they are of; what is taken in stays, and the same command goes on.
Exit codes: 0 all answered and merged, 1 units are missing or failed, 2 a folder is of another run or damaged.
"""

from mathbatch.commands.entry import enter

if __name__ == "__main__":
    enter("merge", __doc__)
