//! The virtual machines: memory that is laid out, and a program that runs in each.
//!
//! What is in here runs inside the virtual machines. It knows nothing of the hypervisor but the I/O
//! channel, and reaches no memory but its own.

mod attack;
mod attacker;
mod by_hand;
mod layout;
mod receiver;

use anyhow::Result;
use vmdq::MacAddress;

pub(crate) use attacker::{Attacker, Neighbours};
pub(crate) use layout::{ENTRIES, Layout};
pub(crate) use receiver::Receiver;

/// A virtual machine's program.
pub(crate) enum Program {
    Receiver(Box<Receiver>),
    Attacker(Box<Attacker>),
}

/// All virtual machines' programs, in the order of the machines.
pub(crate) struct Programs(pub(crate) Vec<Program>);

impl Programs {
    /// Lets each machine run once.
    pub(crate) fn work(&mut self) -> Result<()> {
        self.0.iter_mut().try_for_each(|program| match program {
            Program::Receiver(receiver) => receiver.work(),
            Program::Attacker(attacker) => {
                attacker.work();
                Ok(())
            }
        })
    }

    /// Lets hostile machines do what can be done from another processor while the I/O container is in
    /// the middle of its work.
    pub(crate) fn interfere(&mut self) {
        for program in &mut self.0 {
            if let Program::Attacker(attacker) = program {
                attacker.interfere();
            }
        }
    }
}

/// Who a machine is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    pub(crate) mac: MacAddress,
    pub(crate) shares: bool,
    pub(crate) hostile: bool,
}
