//! Shares of the wire in bytes: what a frame costs, what a turn is worth, who has how much left.
#![forbid(unsafe_code)]

use core::fmt;

use super::RoundRobin;
use crate::limit::FrameLimit;

/// What the wire takes beside a frame in memory: preamble 8, frame check sequence 4, gap 12 bytes.
const OVERHEAD: u32 = 24;
/// Devices pad shorter frames to this.
const PADDED: usize = 60;
/// What the shortest frame takes.
const LEAST: u32 = PADDED as u32 + OVERHEAD;

/// The largest quantum in bytes.
pub const MAX_QUANTUM: u32 = 1 << 20;
/// The largest weight.
pub const MAX_WEIGHT: u16 = 1024;

/// Returns how many bytes of the wire a frame takes, from its length in memory: with padding,
/// preamble, frame check sequence and gap.
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

/// What is the same for all members.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Rules {
    quantum: u32,
    longest: u16,
}

impl Rules {
    pub(super) const fn new(limit: FrameLimit) -> Self {
        let longest = limit.tagged();
        Self { quantum: wire_bytes(longest), longest }
    }

    pub(super) const fn quantum(self) -> u32 {
        self.quantum
    }

    pub(super) const fn set_quantum(&mut self, bytes: u32) -> Result<(), QuantumError> {
        let least = wire_bytes(self.longest);
        if bytes < least {
            return Err(QuantumError::BelowLongestFrame { least });
        }
        if bytes > MAX_QUANTUM {
            return Err(QuantumError::TooLarge);
        }
        self.quantum = bytes;
        Ok(())
    }

    /// What a frame is charged. No length is believed beyond what can be sent.
    #[inline(always)]
    fn cost(self, len: usize) -> u32 {
        len.max(PADDED).min(self.longest as usize) as u32 + OVERHEAD
    }
}

/// A member's share.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Member {
    /// Bytes that it may still send. Below a longest frame while it waits for its turn; at most that
    /// and a turn's worth within it, which [`MAX_QUANTUM`] and [`MAX_WEIGHT`] keep below 2³¹.
    deficit: u32,
    weight: u16,
}

impl Member {
    pub(super) const NEW: Self = Self { deficit: 0, weight: 1 };

    pub(super) const fn weight(self) -> u16 {
        self.weight
    }
}

/// Sets a member's weight.
pub(super) fn set_weight(members: &mut [Member], member: usize, weight: u16) -> Result<(), WeightError> {
    let member = members.get_mut(member).ok_or(WeightError::NoSuchMember)?;
    match weight {
        0 => Err(WeightError::Zero),
        1..=MAX_WEIGHT => {
            member.weight = weight;
            Ok(())
        }
        _ => Err(WeightError::TooLarge),
    }
}

/// Members that take turns of bytes. Their shares are the caller's.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Turns {
    turn: RoundRobin,
    /// The member in its turn, or [`NOBODY`]. The turn is over when what is left is no frame's worth.
    current: u8,
}

/// No member. One that went away must not be remembered: it may take turns elsewhere, with the same
/// share.
const NOBODY: u8 = u8::MAX;

impl Turns {
    pub(super) const NEW: Self = Self { turn: RoundRobin::new(), current: NOBODY };

    #[inline]
    pub(super) const fn activate(&mut self, member: usize) {
        self.turn.activate(member);
    }

    /// Whoever leaves its place leaves what it has saved: it can't come back with more than others.
    #[inline]
    pub(super) fn deactivate(&mut self, members: &mut [Member], member: usize) {
        self.turn.deactivate(member);
        if usize::from(self.current) == member {
            self.current = NOBODY;
        }
        if let Some(member) = members.get_mut(member) {
            member.deficit = 0;
        }
    }

    #[inline]
    pub(super) const fn is_active(&self, member: usize) -> bool {
        self.turn.is_active(member)
    }

    /// Picks a member and charges it its head frame.
    ///
    /// Ends: each round of the loop returns, deactivates a member or ends a turn; and what begins a
    /// turn has a longest frame's worth, so that the same round returns or deactivates it.
    #[inline]
    pub(super) fn next(
        &mut self,
        members: &mut [Member],
        rules: Rules,
        mut head: impl FnMut(usize) -> Option<usize>,
    ) -> Option<usize> {
        let mut at = usize::from(self.current);
        loop {
            if let Some(member) = members.get_mut(at)
                && member.deficit >= LEAST
            {
                match head(at) {
                    Some(len) => {
                        let cost = rules.cost(len);
                        if cost <= member.deficit {
                            member.deficit -= cost;
                            return Some(at);
                        }
                    }
                    None => self.deactivate(members, at),
                }
            }
            at = self.turn.pick()?;
            self.current = at as u8;
            let member = members.get_mut(at)?;
            member.deficit += rules.quantum * u32::from(member.weight);
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
    /// The weight is 0: who is to send nothing is deactivated.
    Zero,
    /// The weight is above [`MAX_WEIGHT`].
    TooLarge,
}

impl fmt::Display for WeightError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchMember => f.write_str("no such member: make a scheduler for more"),
            Self::Zero => f.write_str("a weight of 0: deactivate who is to send nothing"),
            Self::TooLarge => write!(f, "the weight is too large: at most {MAX_WEIGHT}"),
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
                write!(f, "a longest frame does not fit the quantum: at least {least} bytes")
            }
            Self::TooLarge => write!(f, "the quantum is too large: at most {MAX_QUANTUM} bytes"),
        }
    }
}
impl core::error::Error for QuantumError {}
