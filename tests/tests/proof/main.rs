//! Proof that nothing is lost, by every crash, error and interleaving that can be forced from outside.
