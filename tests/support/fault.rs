//! One list of what can happen to a service between its log and its store. Two engines know all of it: the simulator, on one thread
//! (tests/simulator.rs), and the program over a real broker (tests/durable). A fault that is added here has to be told to both.

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is killed, whatever it is doing.
    Killed,
    /// It ends at a named point around a commit.
    At(Point),
    /// It is asked to end.
    Asked,
    /// The disk is full.
    Full,
    /// There is no room for more of one kind of file.
    FullFor(File),
    /// The disk takes what is written to a file, cannot make it last, and has lost it.
    Lost(File),
    /// The same; but it is read as if it were there, until the power goes.
    Stale(File),
    /// The host loses power.
    Unpowered,
    /// It stands still for a while, and goes on.
    Stopped,
    /// No broker answers for a while.
    Away,
    /// One of several brokers is killed, and others take its partitions over.
    Leaderless,
    /// The clock of its host is set while it runs.
    Set,
}

/// Kinds of files that must last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// The store, without its log: written when that is carried over.
    Store,
    /// The store's log of changes: written by every commit.
    Log,
    /// The archive, of any partition and day.
    Archive,
}

/// The points of `deskpulse::store::failpoint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    Gathered,
    MidArchive,
    Archived,
    MidWrite,
    BeforeCommit,
    AfterCommit,
    BeforeLabel,
    AfterLabel,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 24] = [
        Self::Killed,
        Self::At(Point::Gathered),
        Self::At(Point::MidArchive),
        Self::At(Point::Archived),
        Self::At(Point::MidWrite),
        Self::At(Point::BeforeCommit),
        Self::At(Point::AfterCommit),
        Self::At(Point::BeforeLabel),
        Self::At(Point::AfterLabel),
        Self::Asked,
        Self::Full,
        Self::FullFor(File::Store),
        Self::FullFor(File::Archive),
        Self::Lost(File::Store),
        Self::Lost(File::Log),
        Self::Lost(File::Archive),
        Self::Stale(File::Store),
        Self::Stale(File::Log),
        Self::Stale(File::Archive),
        Self::Unpowered,
        Self::Stopped,
        Self::Away,
        Self::Leaderless,
        Self::Set,
    ];

    /// Whether it is of a disk that is watched (tests/durable/disk.c).
    pub fn is_of_a_disk(self) -> bool {
        matches!(self, Self::FullFor(_) | Self::Lost(_) | Self::Stale(_) | Self::Unpowered)
    }
}

impl Point {
    /// Every point, in the order in which a commit passes them.
    pub const ALL: [Self; 8] = [
        Self::Gathered,
        Self::MidArchive,
        Self::Archived,
        Self::MidWrite,
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::BeforeLabel,
        Self::AfterLabel,
    ];

    /// Its name for the program.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gathered => "gathered",
            Self::MidArchive => "mid_archive",
            Self::Archived => "archived",
            Self::MidWrite => "mid_write",
            Self::BeforeCommit => "before_commit",
            Self::AfterCommit => "after_commit",
            Self::BeforeLabel => "before_label",
            Self::AfterLabel => "after_label",
        }
    }

    /// Whether the commit outlives an end here.
    pub fn is_kept(self) -> bool {
        matches!(self, Self::AfterCommit | Self::BeforeLabel | Self::AfterLabel)
    }
}
