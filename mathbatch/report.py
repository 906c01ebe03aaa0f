"""Write a page to look at a run, or at several side by side: `report.html`, which opens by double click.

    python -m mathbatch.report run_dir=outputs/qwen/mathvista/greedy-0f1e2d3c
    python -m mathbatch.report run_dir=outputs/qwen/mathvista/greedy-0f1e2d3c run_dir=outputs/gemma/… output=folder

The page and the folder `report` beside it are all of it, and can be copied or mailed. That of one run goes into its
folder, that of several into the folder `output`, by default `report-<name>-<name>` in the current one.
`copy_pictures=true` copies the original pictures, too.
Exit codes: 0 written, 2 a folder is no run, is at work, or can't be written.
"""

from mathbatch.commands.entry import enter

if __name__ == "__main__":
    enter("report", __doc__)
