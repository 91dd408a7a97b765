//! The stores: one suite for every back end, and what is SQLite's alone.

mod conformance;
mod encrypted;
mod sqlite;
