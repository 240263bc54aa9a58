//! Whole runs, from files to reports.

mod config;
mod http;
mod matrix;
mod mistakes;
mod raw;
mod samples;
mod speed;
