"""Training, distilling, fine-tuning and calibration, and what they share: recipe, schedule, trainer, loop."""
