//! The CPU time and the memory of a process, as Linux counts them.

use std::fs;
use std::time::Duration;

/// The unit of the times in `/proc/PID/stat` on every Linux that Rust's standard library runs on.
const TICKS_A_SECOND: f64 = 100.0;

/// CPU time spent so far, by the process and on its behalf: `utime` and `stime`, the 14th and 15th field.
pub(crate) fn cpu(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The second field, a name in parentheses, may hold spaces.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks: u32 = fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u32>().unwrap()).sum();
    Duration::from_secs_f64(f64::from(ticks) / TICKS_A_SECOND)
}

/// Memory resident now, in MB.
pub(crate) fn resident(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap() * 1024.0 / 1e6
}
