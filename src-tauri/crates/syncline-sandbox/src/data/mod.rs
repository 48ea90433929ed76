//! Deterministic sample data: every generated row is a pure function of (seed, table, row number).
