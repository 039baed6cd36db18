"""Photos with masks, from WebDataset shards or folders, as `Sample`s."""
