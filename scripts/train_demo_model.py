"""Train MathBatch's bundled demo: a tiny vision-language checkpoint, and a dataset that it was not trained on.

    python scripts/train_demo_model.py                 # writes mathbatch/demo/model and mathbatch/demo/data
    python scripts/train_demo_model.py --out /tmp/demo --cache /tmp/demo-cache

Everything is made from seeds: tokenizer, pictures, weights. It needs torch, transformers and pillow, about 4 GB of
memory and no GPU. The recipe is in `demo_training/recipe.py`. Floating-point sums differ a little between machines, so
a checkpoint trained elsewhere is as good as the bundled one, not identical to it.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from demo_training.dataset import write_dataset
from demo_training.evaluation import evaluate
from demo_training.network import build_processor, save_checkpoint
from demo_training.recipe import SEED, SHARPNESS, train_network

DEMO = Path(__file__).resolve().parent.parent / "mathbatch" / "demo"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DEMO, help="folder for model/ and data/ (default: mathbatch/demo)")
    parser.add_argument("--cache", type=Path, help="keep drawn pictures and trained weights here, to save again later")
    arguments = parser.parse_args()
    began = time.monotonic()
    network, _ = train_network(arguments.cache)
    rows = write_dataset(arguments.out / "data", SEED, network.pictures)
    save_checkpoint(network.model, build_processor(network.tokenizer), arguments.out / "model", SHARPNESS)
    minutes = (time.monotonic() - began) / 60
    print(f"wrote {rows} rows and the checkpoint to {arguments.out} after {minutes:.1f} minutes")
    for task, value in evaluate(arguments.out / "model", arguments.out / "data").items():
        print(f"  {task}: {value:.3f}")


if __name__ == "__main__":
    main()
