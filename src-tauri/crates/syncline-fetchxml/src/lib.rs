//! syncline-fetchxml.
