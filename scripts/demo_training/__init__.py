"""Everything that `scripts/train_demo_model.py` needs to train the bundled demo checkpoint and write its dataset."""
