//! Register sequences that are the same on all controllers, written once.
//!
//! The offset of a register differs between devices, and sometimes between two models of one family. So a
//! sequence takes register tokens as values, which a family makes from its device's type by [`SharedRegs`].
//! Its body is then compiled once, however many devices a program drives.
//!
//! | module | sequence |
//! |---|---|
//! | [`filters`] | a filter entry written, moved and removed |
//! | [`master`] | PCIe requests stopped |
//! | [`regs`] | the registers themselves (generated) |
//! | [`rings`] | a ring set up, enabled and disabled |
//! | [`tables`] | a table filled with one value |

pub mod filters;
pub mod master;
#[rustfmt::skip]
pub mod regs;
pub mod rings;
pub mod tables;

pub use regs::SharedRegs;
