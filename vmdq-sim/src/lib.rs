//! Models of controllers on which drivers are tested without hardware.
//!
//! [`Sim`] is a strict model of an 82575, 82576 or 82598 in this process: registers with their side
//! effects, memory that must be mapped before the controller reaches it, a wire, a clock, a list of
//! what the driver did against the datasheet ([`Rule`]), and faults ([`InjectedFault`]) that show whether the
//! driver trusts the device. [`Qemu`] is QEMU's 82576. Both are a [`Testbed`], so that one body of test
//! code runs on either. [`Traced`] counts register accesses, [`Cut`] loses them from some point on;
//! [`Ledger`] keeps books of what is mapped, and [`Bouncing`] is the memory of a machine whose caches the
//! controller does not see; [`Incoherent`] is a test bed with such memory.
//!
//! [`Emulated`] is a model as a virtual machine's own device: its wire is an interface of a virtual switch.
//!
//! The models have their register numbers from a separate reading of `FACTS.md` in `igb-hal` and `ixgbe-hal`,
//! and share no table with the drivers. "The paper" is Intel's "Notes on Software Design Support for Intel VMDq
//! Technology" (2008).

mod board;
mod bouncing;
mod clock;
mod cut;
mod emulated;
mod fault;
mod filter;
mod frame;
mod guests;
mod igb;
mod incoherent;
mod ixgbe;
mod ledger;
mod machine;
mod memory;
mod model;
mod pending;
mod qemu;
mod queue;
mod register;
mod sim;
mod stats;
mod testbed;
mod trace;
mod violation;
mod wire;

pub use bouncing::Bouncing;
pub use cut::Cut;
pub use emulated::{Emulated, NotReceived};
pub use fault::InjectedFault;
pub use guests::{Guest, GuestCounters, GuestRule, GuestViolation, Guests, Snapshot};
pub use incoherent::Incoherent;
pub use ledger::Ledger;
pub use machine::{SimBus, SimDelay, SimDma};
pub use qemu::{Qemu, QemuBus, QemuDelay, QemuDma, QemuError};
pub use sim::{Kind, Sim};
pub use testbed::{PlatformOf, Settled, Testbed, WireFrame};
pub use trace::Traced;
pub use violation::{Rule, Violation};
pub use wire::ModelDrops;
