"""Look at a dataset before the weights load: `python -m mathbatch.check dataset=mathvista model=qwen`.

Takes the arguments of `mathbatch.run`. Reads every row, decodes every picture, renders every prompt with the model's
own chat template, and says what would go wrong. No GPU, no engine.
Exit codes: 0 every row can be asked, 1 some can't, 2 the configuration is at fault.
"""

from mathbatch.commands.entry import enter

if __name__ == "__main__":
    enter("check.command")
