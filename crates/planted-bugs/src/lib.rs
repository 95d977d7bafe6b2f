//! Bugs made on purpose, to show that the simulation finds them.
//!
//! A bug exists only in debug builds, where the simulation plants one at a time ([`plant`]). In a release build
//! [`Bug::is_planted`] is the constant `false`.

/// A bug, named by what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// A Reservation that times out keeps its Worker's slot.
    SlotKept,
    /// A slot that could not be given back at once is not given back later.
    SlotGivenBackOnce,
    /// When a Worker accepts, the others' Reservations go on.
    OthersNotRescinded,
    /// An item is written whatever its version.
    ConditionLeftOut,
    /// No timer is sent for a Task's deadlines.
    TimerNotSent,
    /// A Task stays in a step whose time is up.
    StepDeadlineIgnored,
    /// Nobody looks for a Task when a Worker becomes free.
    FreedWorkerNotServed,
    /// An instruction that comes again is carried out again.
    CalledAgain,
    /// A webhook that comes again makes the Task again.
    TaskMadeAgain,
    /// A Task that was canceled is completed when its caller hangs up.
    EndedTaskEndsAgain,
    /// A Worker is offered more than they can take.
    CapacityIgnored,
    /// Who calls while the table is away hears nothing.
    NoApology,
    /// A caller whose hang-up was not heard is not asked after.
    CallerNotAskedAfter,
    /// Wrap-up never ends.
    WrapUpForEver,
    /// Events that could not be written now are taken for written.
    EventsTakenForKept,
    /// A Task that ignores its Worker's capacity waits for a free slot.
    CapacityAlwaysCounts,
    /// A long line, or a long board, is not read to its end.
    LongLineNotReadToItsEnd,
    /// Nobody looks for a Task when a Worker's channel is opened.
    OpenedChannelNotServed,
    /// A call the carrier does not know is taken for one that goes on.
    UnknownCallTakenForLive,
    /// A writer whose clock is behind dates what happened before what was there already.
    TimeGoesBack,
}

impl Bug {
    /// Whether this bug is planted. Always `false` in a release build, where the compiler drops the branch.
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
