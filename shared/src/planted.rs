//! Bugs made on purpose, to see that the simulation finds them. A release build has none of them: without debug assertions
//! [`is`] is `false` for the compiler. With them a bug is there only in a thread that planted it, which the simulation alone does.

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

#[cfg(debug_assertions)]
std::thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Plants a bug into everything this thread does from now on, instead of the one before.
#[cfg(debug_assertions)]
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

/// Is this bug to be there?
#[inline]
pub fn is(bug: Bug) -> bool {
    #[cfg(debug_assertions)]
    let planted = PLANTED.get() == Some(bug);
    #[cfg(not(debug_assertions))]
    let planted = {
        let _nobody_asks = bug;
        false
    };
    planted
}
