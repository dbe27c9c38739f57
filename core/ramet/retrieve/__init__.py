"""Search over one view: lexical and dense lists, fused, ranked and checked against the disk."""
