//! The hypervisor: the I/O container with its physical driver, virtual switch and virtual interfaces.
//!
//! Everything here is what a hypervisor does on real hardware; only where the wire is played (`inject`,
//! `settle`, `take_sent`) the model shows.

mod forward;
mod line;
mod start;
mod stop;
#[cfg(test)]
mod tests;

use anyhow::{Result, bail};
use vmdq::device::Model;
use vmdq::ring::{BufferPool, PoolMemory};
use vmdq::switch::{InterfaceId, Switch};
use vmdq::{Any, FilterTable, Parts, Port, Started, Vmdq};
use vmdq_sim::{Guests, PlatformOf, Settled, Sim, SimDma, Testbed};

use crate::vm::{Program, Programs};
use line::Line;
pub(crate) use line::Lost;
pub(crate) use start::buffer_size;
pub(crate) use stop::{Machine, Outcome, Totals};

/// The most frames that go to the wire before the queues are looked at.
pub(crate) const ROUND: usize = 32;
/// Descriptors of each ring.
const RING: usize = 64;
/// Interfaces of the switch: the uplink, and a virtual interface for each queue of the largest device.
const INTERFACES: usize = 16;
/// Addresses of the wire that the switch remembers, and as many of virtual machines.
const ADDRESSES: usize = 2048;

/// The machine that the port is driven from.
type Host = PlatformOf<Sim>;

/// A pool of buffers, and the memory that it was made of.
struct Store {
    pool: BufferPool,
    memory: PoolMemory<&'static mut [u8], SimDma>,
}

/// A port with VMDq on, a virtual machine behind every queue but the default one, and a switch.
pub(crate) struct Hypervisor {
    bed: Sim,
    guests: Guests,
    port: Port<Any, Host, Vmdq>,
    table: FilterTable<Any, Host>,
    /// The default queue, for frames that no filter matched.
    default: Started<Any, Host>,
    /// The virtual machines' queues; the i-th is queue i + 1, and interface i + 1 of the switch.
    lines: Vec<Line>,
    switch: Switch<INTERFACES, ADDRESSES>,
    uplink: InterfaceId,
    /// Buffers of the I/O container for whole frames.
    buffers: Store,
    /// Buffers for headers of frames that are elsewhere.
    headers: Store,
    /// The clock of the switch, in milliseconds: a round takes one.
    now: u64,
    on_wire: u64,
    /// Frames that virtual machines have sent over the wire.
    sent: u64,
    /// Unused resources, kept for the end.
    unused: Parts<Any, Host>,
}

impl Hypervisor {
    /// Puts a frame on the wire.
    pub(crate) fn inject(&mut self, frame: &[u8]) {
        self.bed.inject(frame);
        self.on_wire += 1;
    }

    /// Serves all queues and all channels once.
    pub(crate) fn round(&mut self, programs: &mut Programs) -> Result<()> {
        self.settle()?;
        // Hostile virtual machines run on other processors: they strike wherever it hurts, here
        // between the controller's work and the hypervisor's, below between its steps.
        programs.interfere();
        for line in 0..self.lines.len() {
            self.serve(line, programs)?;
        }
        self.serve_default()?;
        programs.interfere();
        self.serve_transmit();
        for line in &mut self.lines {
            line.interface.channel.notify_if_needed(&self.guests);
        }
        self.now += 1;
        Ok(())
    }

    /// Takes the buffers that the virtual machines have posted and gives the controller new ones.
    pub(crate) fn refill(&mut self) {
        for line in &mut self.lines {
            line.take_posted();
            line.refill(&mut self.headers.pool, &mut self.buffers.pool);
        }
        self.default.rx.refill(&mut self.buffers.pool);
    }

    /// Returns how many frames of any kind the wire may bring without loss for an honest machine.
    pub(crate) fn window(&self, programs: &mut Programs) -> usize {
        let honest = self.lines.iter().zip(&mut programs.0).filter_map(|(line, program)| match program {
            Program::Receiver(receiver) => Some(line.room(receiver.posted())),
            Program::Attacker(_) => None,
        });
        honest.fold(ROUND.min(self.default.rx.posted()), usize::min)
    }

    fn settle(&mut self) -> Result<()> {
        match self.bed.settle() {
            Settled::Idle => {}
            Settled::Blocked { waiting } => {
                let name = self.port.model().limits().name;
                bail!("the {name} blocks while {waiting} frames wait on the wire")
            }
        }
        self.sent += self.bed.take_sent().len() as u64;
        Ok(())
    }
}
