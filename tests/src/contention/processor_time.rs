//! Processor time of processes, from `/proc`.

use std::fs;
use std::time::Duration;

/// Ticks a second in `/proc` (`USER_HZ`): 100 on every Linux.
const TICKS_PER_SECOND: u64 = 100;
/// The fields of `/proc/<pid>/stat` after the name: user time and system time.
const USER_AND_SYSTEM: std::ops::Range<usize> = 11..13;
/// The fields of the first line of `/proc/stat` that are busy time: user, nice, system, and without
/// idle and iowait, irq and softirq.
const BUSY: [usize; 5] = [1, 2, 3, 6, 7];

/// The processor time that this process has used.
pub fn of(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name is in brackets and may contain any character, including a bracket.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let fields: Vec<&str> = fields.split_whitespace().collect();
    ticks(fields.get(USER_AND_SYSTEM).into_iter().flatten())
}

/// The processor time that all processes of the machine have used.
pub fn of_machine() -> Duration {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<&str> = stat
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    ticks(BUSY.iter().filter_map(|field| fields.get(*field)))
}

fn ticks<'a>(fields: impl Iterator<Item = &'a &'a str>) -> Duration {
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn busy_loop_uses_processor_time() {
        let pid = std::process::id();
        let before = (of(pid), of_machine());
        let limit = Instant::now() + Duration::from_secs(60);
        // Other processes may take the processor: the loop ends when its time is visible.
        while of(pid) < before.0 + Duration::from_millis(50) {
            assert!(Instant::now() < limit, "no processor time is visible");
        }
        assert!(of_machine() > before.1);
    }
}
