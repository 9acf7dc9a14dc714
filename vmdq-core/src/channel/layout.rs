//! The layout of the words that both sides share.
#![forbid(unsafe_code)]

use core::fmt;

use super::sync::{AtomicU32, Ordering};

/// The word that marks rings as laid out, with the version of the layout.
pub const VERSION: u32 = 0x564d_4401;

/// The most entries that a ring can have.
pub const MOST_ENTRIES: u32 = 1 << 15;

/// Words before the entries: three cache lines of 16 words.
const HEADER: usize = 48;
const AT_VERSION: usize = 0;
const AT_ENTRIES: usize = 1;
const AT_REQUESTS_PRODUCED: usize = 16;
const AT_RESPONSE_EVENT: usize = 17;
const AT_RESPONSES_PRODUCED: usize = 32;
const AT_REQUEST_EVENT: usize = 33;

/// Words of an entry.
const ENTRY: usize = 4;

/// An entry where both sides reach it.
pub(super) type Place = [AtomicU32; ENTRY];

/// Returns how many words one direction with rings of `entries` takes.
#[must_use]
pub const fn words(entries: u32) -> usize {
    HEADER + 2 * ENTRY * entries as usize
}

/// Why the shared words are not a direction of a channel.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LayoutError {
    /// The number of entries is not a power of two from 1 to [`MOST_ENTRIES`].
    Entries,
    /// There are fewer than [`words`] of them.
    TooShort,
    /// The back-end has not laid the rings out, or in another version or length.
    Unknown,
    /// A front-end used the rings before.
    Used,
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Entries => "a ring can't have this length: use a power of two up to 32768",
            Self::TooShort => "the memory is too short: share as many words as `words` returns",
            Self::Unknown => {
                "there are no rings of this length and version: have the back-end lay them out first"
            }
            Self::Used => "a front-end used the rings before: have the back-end restart first",
        })
    }
}
impl core::error::Error for LayoutError {}

/// The shared words of one direction, by name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout<'m> {
    header: &'m [AtomicU32; HEADER],
    pub(super) requests: &'m [Place],
    pub(super) responses: &'m [Place],
}

impl<'m> Layout<'m> {
    /// Finds the parts; reads and writes nothing.
    pub(super) fn split(words: &'m [AtomicU32], entries: u32) -> Result<Self, LayoutError> {
        if !entries.is_power_of_two() || entries > MOST_ENTRIES {
            return Err(LayoutError::Entries);
        }
        let (header, rest) = words.split_first_chunk().ok_or(LayoutError::TooShort)?;
        let (places, _) = rest.as_chunks();
        let (requests, rest) = places.split_at_checked(entries as usize).ok_or(LayoutError::TooShort)?;
        let responses = rest.get(..entries as usize).ok_or(LayoutError::TooShort)?;
        Ok(Self { header, requests, responses })
    }

    pub(super) const fn entries(&self) -> u32 {
        self.requests.len() as u32
    }

    pub(super) const fn requests_produced(&self) -> &'m AtomicU32 {
        &self.header[AT_REQUESTS_PRODUCED]
    }

    pub(super) const fn response_event(&self) -> &'m AtomicU32 {
        &self.header[AT_RESPONSE_EVENT]
    }

    pub(super) const fn responses_produced(&self) -> &'m AtomicU32 {
        &self.header[AT_RESPONSES_PRODUCED]
    }

    pub(super) const fn request_event(&self) -> &'m AtomicU32 {
        &self.header[AT_REQUEST_EVENT]
    }

    /// Lays empty rings out.
    pub(super) fn lay_out(&self) {
        // The version goes first and comes last, so that a front-end that looks meanwhile finds none.
        self.header[AT_VERSION].store(0, Ordering::Relaxed);
        for word in &self.header[AT_ENTRIES + 1..] {
            word.store(0, Ordering::Relaxed);
        }
        self.header[AT_ENTRIES].store(self.entries(), Ordering::Relaxed);
        // Release: whoever sees the version sees the zeros and the length, too.
        self.header[AT_VERSION].store(VERSION, Ordering::Release);
    }

    /// Checks that the back-end laid out empty rings of this length.
    pub(super) fn check(&self) -> Result<(), LayoutError> {
        // Acquire: pairs with the release in `lay_out`; the words below are read after it.
        if self.header[AT_VERSION].load(Ordering::Acquire) != VERSION
            || self.header[AT_ENTRIES].load(Ordering::Relaxed) != self.entries()
        {
            return Err(LayoutError::Unknown);
        }
        let used = |word: &AtomicU32| word.load(Ordering::Relaxed) != 0;
        if used(self.requests_produced()) || used(self.responses_produced()) {
            return Err(LayoutError::Used);
        }
        Ok(())
    }
}
