//! The pipeline and its edges.
