//! Bugs made on purpose, to prove that the simulation finds them.
//!
//! A bug exists only in builds with debug assertions. The simulation plants one bug at a time
//! ([`plant`]), runs, and expects a failure. In a release build [`Bug::is_planted`] is the constant
//! `false`, so the branch is compiled away.

/// A bug, named by its symptom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// A Reservation that times out keeps its Worker's slot.
    SlotKept,
    /// A slot that could not be released at once is not released by the `Release` effect either.
    SlotGivenBackOnce,
    /// When one Worker accepts, the parallel Reservations of the other Workers stay pending.
    OthersNotRescinded,
    /// An item is written without the condition on its version.
    ConditionLeftOut,
    /// No timer is scheduled for a Task's deadlines.
    TimerNotSent,
    /// A Task stays in a Workflow step whose timeout has expired.
    StepDeadlineIgnored,
    /// No Task is searched for when a Worker becomes free.
    FreedWorkerNotServed,
    /// An instruction that is delivered twice is carried out twice.
    InstructionRepeated,
    /// A webhook that is delivered twice creates the Task twice.
    TaskCreatedTwice,
    /// A canceled Task is completed when its caller hangs up.
    EndedTaskEndsAgain,
    /// A Worker is offered more Tasks than the Worker's capacity.
    CapacityIgnored,
    /// A caller hears no apology while the table is unavailable.
    NoApology,
    /// The carrier is not asked about a caller whose hang-up notice was lost.
    LostHangUpNotDetected,
    /// The time limit of wrap-up is ignored.
    WrapUpForEver,
    /// Events whose write failed count as written.
    FailedEventsCountAsWritten,
    /// A Task with `ignore_capacity` waits for a free slot.
    CapacityAlwaysCounts,
    /// A long waiting list, or a long ready list, is not read to its end.
    LongListCutShort,
    /// No Task is searched for when a Worker's channel becomes available.
    OpenedChannelNotServed,
    /// A call that the carrier does not know counts as a live call.
    UnknownCallTakenForLive,
    /// A Task is offered to a Worker although an earlier Task waits for that Worker.
    LaterTaskOvertakes,
    /// A writer with a slow clock dates a change earlier than the stored change before it.
    TimeGoesBack,
}

impl Bug {
    /// Whether this bug is planted. Always `false` in a release build, where the compiler drops the
    /// branch.
    #[inline]
    pub fn is_planted(self) -> bool {
        #[cfg(debug_assertions)]
        let is_planted = PLANTED.get() == Some(self);
        #[cfg(not(debug_assertions))]
        let is_planted = false;
        is_planted
    }
}

#[cfg(debug_assertions)]
std::thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Plants a bug into this thread, in place of the previous one; `None` removes it.
#[cfg(debug_assertions)]
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}
