"""Prove a run folder whole, or list what is missing, torn, changed, doubled or foreign.

    python -m mathbatch.verify run_dir=outputs/demo/demo/greedy-0f1e2d3c
    python -m mathbatch.verify run_dir=… repair=true

`repair=true` mends what needs no guess: a torn last line is cut off, damaged lines and second answers of a unit are
moved to `damaged-<time>.txt`, results are written again from the records. The replies of a judge that lie in the folder
are looked at and mended too; a judge is asked again for what is set aside. Scores, plots and manifest that were changed
are made anew by the same run. Without `repair` nothing is written, so that a read-only archive can be proved too.
Exit codes: 0 whole, 1 something is amiss, 2 the folder can't be read.
"""

from mathbatch.commands.entry import enter

if __name__ == "__main__":
    enter("verify.command", __doc__)
