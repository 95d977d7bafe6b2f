//! Shows that the simulation can fail: each bug of `planted_bugs` is found by the invariant that it
//! violates.
//!
//! `cargo test -p deterministic-simulation --test planted_bugs`

#![cfg(debug_assertions)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test prints its result and panics on a failure"
)]

use deterministic_simulation::invariants::Invariant;
use deterministic_simulation::seeds::first_failure;
use planted_bugs::Bug;

/// Number of seeds within which every bug has to be found.
const SEEDS_MAX: u64 = 200;

/// Runs seeds with the bug planted until a run fails, and checks which invariant failed. A bug that
/// few runs meet starts at a seed near one that finds it.
fn is_caught(bug: Bug, from: u64, by: &[Invariant]) {
    let run = first_failure(from..from + SEEDS_MAX, Some(bug)).unwrap();
    let run = run.unwrap_or_else(|| panic!("{SEEDS_MAX} seeds from {from} on do not find {bug:?}"));
    let failure = run.failure.as_ref().unwrap();
    println!(
        "{bug:?}: seed {}, {:?}, {}",
        run.seed, failure.invariant, failure.what
    );
    let trace = failure.trace.join("\n");
    let invariant = failure.invariant;
    let what = &failure.what;
    assert!(
        by.contains(&invariant),
        "{trace}\n{bug:?}, seed {}, was found by {invariant:?}: {what}",
        run.seed
    );
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
    finds_slot_kept_after_timeout: SlotKept by SlotsAreReservations | EverythingEnds;
    finds_slot_never_released: SlotGivenBackOnce by SlotsAreReservations | EverythingEnds;
    finds_parallel_reservations_not_rescinded: OthersNotRescinded by ReservationsOfATask;
    finds_unconditional_write: ConditionLeftOut by Versions | Transitions | SlotsAreReservations | Capacity;
    finds_timer_not_sent: TimerNotSent by Deadlines | NoTaskWaitsBesideAFreeWorker;
    finds_step_without_end: StepDeadlineIgnored by Deadlines;
    finds_freed_worker_not_matched: FreedWorkerNotServed by NoTaskWaitsBesideAFreeWorker from 100;
    finds_second_call_for_a_reservation: InstructionRepeated by OneCallForAReservation from 100;
    finds_task_created_twice: TaskCreatedTwice by Versions;
    finds_task_that_ends_twice: EndedTaskEndsAgain by Transitions;
    finds_capacity_exceeded: CapacityIgnored by Capacity;
    finds_missing_apology: NoApology by ValidTwiml;
    finds_caller_never_polled: LostHangUpNotDetected by EverythingEnds;
    finds_endless_wrap_up: WrapUpForEver by Deadlines;
    finds_events_never_written: FailedEventsCountAsWritten by EventsAreComplete;
    finds_target_waiting_for_a_slot: CapacityAlwaysCounts by NoTaskWaitsBesideAFreeWorker;
    finds_long_list_not_read_to_its_end: LongListCutShort by NoTaskWaitsBesideAFreeWorker from 1500;
    finds_opened_channel_not_matched: OpenedChannelNotServed by NoTaskWaitsBesideAFreeWorker from 300;
    finds_call_forgotten_by_the_carrier: UnknownCallTakenForLive by EverythingEnds;
    finds_later_task_that_overtakes: LaterTaskOvertakes by FirstTaskFirst;
    finds_events_out_of_order: TimeGoesBack by EventsAreComplete from 200;
}
