//! The atomics of the channel: the processor's, or those of the model checker that tests it.
#![forbid(unsafe_code)]

#[cfg(all(test, loom))]
pub(super) use ::loom::sync::atomic::{AtomicU32, Ordering, fence};
#[cfg(not(all(test, loom)))]
pub(super) use core::sync::atomic::{AtomicU32, Ordering, fence};
