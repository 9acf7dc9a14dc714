//! Nothing: the bench `answer` is all that this package has.
