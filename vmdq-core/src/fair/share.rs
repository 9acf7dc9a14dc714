//! Shares of the wire in bytes: the cost of a frame, the value of a turn, and what each member has left.
#![forbid(unsafe_code)]

use core::fmt;

use super::RoundRobin;
use crate::limit::FrameLimit;

/// Bytes on the wire in addition to a frame in memory: preamble 8, frame check sequence 4, gap 12 bytes.
const OVERHEAD: u32 = 24;
/// Devices pad shorter frames to this.
const PADDED: usize = 60;
/// What the shortest frame takes.
const LEAST: u32 = PADDED as u32 + OVERHEAD;

/// The largest quantum in bytes.
pub const MAX_QUANTUM: u32 = 1 << 20;
/// The largest weight.
pub const MAX_WEIGHT: u16 = 1024;

/// Returns how many bytes on the wire a frame of a length in memory takes.
///
/// Padding, preamble, frame check sequence and gap are included.
///
/// # Examples
///
/// ```
/// use vmdq_core::fair::wire_bytes;
///
/// assert_eq!([wire_bytes(14), wire_bytes(60), wire_bytes(1514)], [84, 84, 1538]);
/// ```
#[inline]
#[must_use]
pub const fn wire_bytes(len: u16) -> u32 {
    (if (len as usize) < PADDED { PADDED as u32 } else { len as u32 }) + OVERHEAD
}

/// Members' shares: the value of a turn for each, and what it has left.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Shares<const N: usize> {
    quantum: u32,
    /// The longest frame less the shortest, in memory.
    span: usize,
    members: [Member; N],
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Member {
    /// Bytes that it may still send. Below a longest frame while it waits for its turn; below that
    /// and a turn's worth within it, which [`MAX_QUANTUM`] and [`MAX_WEIGHT`] keep below 2³¹.
    deficit: u32,
    /// What a turn is worth: the quantum times the weight.
    turn: u32,
}

impl<const N: usize> Shares<N> {
    /// Makes the shares of members that take turns in `WORDS` words.
    pub(super) const fn new<const WORDS: usize>(limit: FrameLimit) -> Self {
        const { assert!(N >= 1 && N <= 64 * WORDS, "there are 1 to 64 members for each of WORDS") };
        let longest = limit.tagged();
        let quantum = wire_bytes(longest);
        let span = longest as usize - PADDED;
        Self { quantum, span, members: [Member { deficit: 0, turn: quantum }; N] }
    }

    pub(super) const fn quantum(&self) -> u32 {
        self.quantum
    }

    pub(super) fn set_quantum(&mut self, bytes: u32) -> Result<(), QuantumError> {
        let least = self.longest();
        if bytes < least {
            return Err(QuantumError::BelowLongestFrame { least });
        }
        if bytes > MAX_QUANTUM {
            return Err(QuantumError::TooLarge);
        }
        for member in &mut self.members {
            member.turn = member.turn / self.quantum * bytes;
        }
        self.quantum = bytes;
        Ok(())
    }

    pub(super) fn weight(&self, member: usize) -> Option<u16> {
        self.members.get(member).map(|member| (member.turn / self.quantum) as u16)
    }

    pub(super) fn set_weight(&mut self, member: usize, weight: u16) -> Result<(), WeightError> {
        let member = self.members.get_mut(member).ok_or(WeightError::NoSuchMember)?;
        match weight {
            0 => Err(WeightError::Zero),
            1..=MAX_WEIGHT => {
                member.turn = self.quantum * u32::from(weight);
                Ok(())
            }
            _ => Err(WeightError::TooLarge),
        }
    }

    /// What a longest frame takes.
    const fn longest(&self) -> u32 {
        LEAST + self.span as u32
    }

    /// What a frame is charged that begins a turn. No length is believed beyond what can be sent.
    #[inline(always)]
    const fn cost(&self, len: usize) -> u32 {
        // One comparison: below the shortest it wraps around.
        if len.wrapping_sub(PADDED) <= self.span {
            len as u32 + OVERHEAD
        } else if len < PADDED {
            LEAST
        } else {
            self.longest()
        }
    }
}

/// Members that take turns of bytes. Their shares are stored separately, so that members of several
/// queues can have theirs in one place.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Turns<const WORDS: usize> {
    active: RoundRobin<WORDS>,
    /// The member in its turn, or [`NOBODY`]. The turn is over when what is left is no frame's worth.
    current: u16,
}

/// No member. One that went away must not be remembered: it may take turns elsewhere, with the same
/// share.
const NOBODY: u16 = u16::MAX;

impl<const WORDS: usize> Turns<WORDS> {
    pub(super) const NEW: Self = Self { active: RoundRobin::wide(), current: NOBODY };

    #[inline]
    pub(super) const fn activate(&mut self, member: usize) {
        self.active.activate(member);
    }

    /// Whoever leaves its place leaves what it has saved: it can't come back with more than others.
    pub(super) fn deactivate<const N: usize>(&mut self, shares: &mut Shares<N>, member: usize) {
        self.active.deactivate(member);
        if usize::from(self.current) == member {
            self.current = NOBODY;
        }
        if let Some(member) = shares.members.get_mut(member) {
            member.deficit = 0;
        }
    }

    #[inline]
    pub(super) const fn is_active(&self, member: usize) -> bool {
        self.active.is_active(member)
    }

    /// Picks a member and charges it its head frame.
    ///
    /// A member that begins its turn can send a longest frame at least, so it is picked or has nothing. The
    /// loop continues only past members that it deactivates, so it ends.
    #[inline]
    pub(super) fn next<const N: usize>(
        &mut self,
        shares: &mut Shares<N>,
        mut head: impl FnMut(usize) -> Option<usize>,
    ) -> Option<usize> {
        let at = usize::from(self.current);
        if let Some(&Member { deficit, .. }) = shares.members.get(at)
            && let Some(spare) = deficit.checked_sub(LEAST)
        {
            match head(at) {
                Some(len) => {
                    // Most frames need one comparison: what is shorter than the shortest wraps around. What is
                    // too long but within the turn is charged as it claims.
                    let more = len.wrapping_sub(PADDED);
                    let left = if more <= spare as usize {
                        Some(spare - more as u32)
                    } else if more > shares.span {
                        deficit.checked_sub(shares.cost(len))
                    } else {
                        None
                    };
                    if let Some(left) = left {
                        shares.members[at].deficit = left;
                        return Some(at);
                    }
                }
                None => self.deactivate(shares, at),
            }
        }
        loop {
            let at = self.active.pick()?;
            let Some(len) = head(at) else {
                self.deactivate(shares, at);
                continue;
            };
            let cost = shares.cost(len);
            let member = shares.members.get_mut(at)?;
            member.deficit += member.turn - cost;
            self.current = at as u16;
            return Some(at);
        }
    }
}

/// Why a weight is refused.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WeightError {
    /// There is no such member.
    NoSuchMember,
    /// The weight is 0: deactivate a member that must send nothing.
    Zero,
    /// The weight is above [`MAX_WEIGHT`].
    TooLarge,
}

impl fmt::Display for WeightError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchMember => f.write_str("no such member: make a scheduler for more"),
            Self::Zero => f.write_str("the weight is 0: deactivate a member that must send nothing"),
            Self::TooLarge => write!(f, "the weight is too large: use at most {MAX_WEIGHT}"),
        }
    }
}
impl core::error::Error for WeightError {}

/// Why a quantum is refused.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum QuantumError {
    /// A longest frame would not fit a turn, and picking would not take constant time.
    BelowLongestFrame {
        /// The least quantum in bytes.
        least: u32,
    },
    /// The quantum is above [`MAX_QUANTUM`].
    TooLarge,
}

impl fmt::Display for QuantumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BelowLongestFrame { least } => {
                write!(f, "a longest frame does not fit the quantum: use at least {least} bytes")
            }
            Self::TooLarge => write!(f, "the quantum is too large: use at most {MAX_QUANTUM} bytes"),
        }
    }
}
impl core::error::Error for QuantumError {}
