"""What training, distilling and fine-tuning share: the rate, the step, the checkpoint, the loop."""
