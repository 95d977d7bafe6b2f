//! The simulation can fail: each bug of `shared::planted` is found, and by the invariant it breaks.
//!
//! `cargo test -p simulation --test planted_bugs`

#![cfg(debug_assertions)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says what it finds, and fails")]

use shared::planted::Bug;
use simulation::invariants::Invariant;
use simulation::seeds::first_failure;

/// Seeds within which every bug has to be found.
const SEEDS_MAX: u64 = 200;

/// Runs seeds with the bug until it is found, and looks which invariant found it. What few runs meet is looked for from a seed on
/// that is not far from one that does.
fn is_caught(bug: Bug, from: u64, by: &[Invariant]) {
    let run = first_failure(from..from + SEEDS_MAX, Some(bug)).unwrap();
    let run = run.unwrap_or_else(|| panic!("{SEEDS_MAX} seeds from {from} on did not find {bug:?}"));
    let failure = run.failure.as_ref().unwrap();
    println!("{bug:?}: seed {}, {:?}, {}", run.seed, failure.invariant, failure.what);
    let trace = failure.trace.join("\n");
    let (invariant, what) = (failure.invariant, &failure.what);
    assert!(by.contains(&invariant), "{trace}\n{bug:?}, seed {}, was found by {invariant:?}: {what}", run.seed);
}

macro_rules! caught {
    ($($name:ident: $bug:ident by $($invariant:ident)|+ $(from $seed:literal)?;)*) => {$(
        #[test]
        fn $name() {
            is_caught(Bug::$bug, 0 $(+ $seed)?, &[$(Invariant::$invariant),+]);
        }
    )*};
}

caught! {
    a_slot_that_is_kept_after_a_timeout_is_seen: SlotKept by SlotsAreReservations | EverythingEnds;
    a_slot_that_nobody_gives_back_is_seen: SlotGivenBackOnce by SlotsAreReservations | EverythingEnds;
    parallel_reservations_that_go_on_are_seen: OthersNotRescinded by ReservationsOfATask;
    a_write_over_another_one_is_seen: ConditionLeftOut by Versions | Transitions | SlotsAreReservations | Capacity;
    a_timer_that_is_not_sent_is_seen: TimerNotSent by Deadlines | NobodyWaitsBesideAFreeWorker;
    a_step_that_does_not_end_is_seen: StepDeadlineIgnored by Deadlines;
    a_freed_worker_whom_nobody_serves_is_seen: FreedWorkerNotServed by NobodyWaitsBesideAFreeWorker;
    a_second_call_for_one_reservation_is_seen: CalledAgain by OneCallForAReservation;
    a_task_that_is_made_again_is_seen: TaskMadeAgain by Versions;
    a_task_that_ends_twice_is_seen: EndedTaskEndsAgain by Transitions;
    a_worker_with_too_much_to_do_is_seen: CapacityIgnored by Capacity;
    a_caller_who_hears_nothing_is_seen: NoApology by ValidTwiml;
    a_caller_who_is_never_asked_after_is_seen: CallerNotAskedAfter by EverythingEnds;
    a_wrap_up_without_an_end_is_seen: WrapUpForEver by Deadlines;
    events_that_were_never_written_are_missed: EventsTakenForKept by EverythingIsTold;
    a_target_that_waits_for_a_free_slot_is_seen: CapacityAlwaysCounts by NobodyWaitsBesideAFreeWorker;
    a_long_line_that_is_not_read_to_its_end_is_seen: LongLineNotReadToItsEnd by NobodyWaitsBesideAFreeWorker from 600;
    an_opened_channel_nobody_looks_for_is_seen: OpenedChannelNotServed by NobodyWaitsBesideAFreeWorker from 200;
    a_caller_whom_the_carrier_forgot_is_missed: UnknownCallTakenForLive by EverythingEnds;
    events_in_the_wrong_order_are_seen: TimeGoesBack by EverythingIsTold;
}
