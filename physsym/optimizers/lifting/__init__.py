"""Reading the update rule of an optimizer from its code: one front end for each kind of code."""
