//! Sequences on registers that are the same on all controllers, written once.
//!
//! Where a register is differs between devices, and sometimes between two models of one family. A
//! sequence therefore takes register tokens as values, which a family makes of its device's type by
//! [`SharedRegs`]: its body is compiled once for all devices, however many a program drives.
//!
//! | module | sequence |
//! |---|---|
//! | [`filters`] | a filter entry written, led elsewhere and removed |
//! | [`master`] | no PCIe request starts any more, and none is under way |
//! | [`regs`] | no sequence: the registers themselves (generated) |
//! | [`rings`] | a ring handed over, enabled, disabled, and seen so |
//! | [`tables`] | a table filled with one value |

pub mod filters;
pub mod master;
#[rustfmt::skip]
pub mod regs;
pub mod rings;
pub mod tables;

pub use regs::SharedRegs;
