"""LaTeX as people write it: tokens, a tree without meaning, what a document settles, and the meanings."""
