//! How to drive a controller, chapter by chapter. Every program in it is compiled by the tests.
//!
//! | chapter | |
//! |---|---|
//! | [`crates`] | which crate a program needs |
//! | [`first_frame`] | from reset to the first frame, line by line |
//! | [`device`] | finding the controller on the PCI bus, and what has to be on |
//! | [`memory`] | statics, buffers, bus addresses, caches |
//! | [`interrupts`] | routing, the MSI-X table, and the order of looking and unmasking |
//! | [`filters`] | which frame goes where, and what reaches the default queue |
//! | [`sending`] | and what to do with what was not sent |
//! | [`stopping`] | one pool, all of them; recovering and restoring |
//! | [`model`] | chosen at compile time or at run time |
//! | [`symptoms`] | troubleshooting: what is seen, and what says why |

#[doc = include_str!("guide/crates.md")]
pub mod crates {}
#[doc = include_str!("guide/first_frame.md")]
#[doc = include_str!("guide/program.md")]
#[doc = include_str!("guide/first_frame_lines.md")]
pub mod first_frame {}
#[cfg_attr(feature = "pci", doc = include_str!("guide/device.md"))]
#[cfg_attr(
    not(feature = "pci"),
    doc = "Finding the controller: the chapter is about the feature `pci`; turn it on to read it."
)]
pub mod device {}
#[doc = include_str!("guide/memory.md")]
pub mod memory {}
#[doc = include_str!("guide/interrupts.md")]
pub mod interrupts {}
#[doc = include_str!("guide/filters.md")]
pub mod filters {}
#[doc = include_str!("guide/sending.md")]
pub mod sending {}
#[doc = include_str!("guide/stopping.md")]
pub mod stopping {}
#[doc = include_str!("guide/model.md")]
pub mod model {}
#[doc = include_str!("guide/symptoms.md")]
pub mod symptoms {}
