//! The stores: one suite for every back end, and what is SQLite's alone.

pub mod conformance;
mod encrypted;
mod migrations;
mod sqlite;
