//! The surroundings of every model: time, memory, wire, and the records that tests read.

use crate::fault::{Faults, InjectedFault};
use crate::memory::Memory;
use crate::violation::{Log, Rule};
use crate::wire::{ModelDrops, Wire};

/// The board that a device sits on.
#[derive(Default, Debug)]
pub(crate) struct Board {
    /// Nanoseconds since power-on.
    pub(crate) now: u64,
    pub(crate) memory: Memory,
    pub(crate) wire: Wire,
    pub(crate) log: Log,
    pub(crate) faults: Faults,
    /// MSI-X messages, by vector.
    pub(crate) messages: Vec<u16>,
    pub(crate) drops: ModelDrops,
    /// Whether the function may not start DMA (bus master enable of its command register is off): no
    /// descriptor is fetched, nothing is written, and no message is sent.
    pub(crate) not_master: bool,
    /// Whether the cable is unplugged.
    pub(crate) unplugged: bool,
    /// Whether DESCTYPE 3 and 4 are taken for one buffer (`Sim::without_replication`).
    pub(crate) replicates_nothing: bool,
    /// Whether all that can be done is done at each register write (`Sim::eager`).
    pub(crate) eager: bool,
}

impl Board {
    pub(crate) fn report(&mut self, rule: Rule, what: impl Into<String>) {
        self.log.report(rule, what);
    }

    pub(crate) fn removed(&self) -> bool {
        self.faults.has(InjectedFault::AllOnes)
    }
}

/// A controller: registers on one side, wire and memory on the other.
pub(crate) trait Device: Send {
    /// Answers a read of the register window. The access is 32-bit aligned and inside the window.
    fn read(&mut self, board: &mut Board, at: u32) -> u32;

    /// Takes a write.
    fn write(&mut self, board: &mut Board, at: u32, value: u32);

    /// Does everything that is scheduled up to `board.now`.
    fn tick(&mut self, board: &mut Board);

    /// Returns when something will happen by itself next.
    fn due(&self) -> Option<u64>;

    /// Does one unit of work in each direction: sorts or delivers one received frame, and gives one
    /// transmit queue its turn. Returns whether there was any.
    fn step(&mut self, board: &mut Board) -> bool;

    /// Tells whether frames are taken off the wire: the link is up and the receiver on.
    fn listens(&self) -> bool;

    /// Returns how many frames have left the wire but not reached memory.
    fn held(&self) -> usize;

    /// The cable was plugged or pulled (`board.unplugged`).
    fn cable(&mut self, board: &mut Board);

    /// Reports what would still use `[bus, bus + len)`.
    fn check_unmap(&mut self, board: &mut Board, bus: u64, len: usize);

    /// Gives a posted receive descriptor DD without a frame; returns whether there was one.
    fn spurious_done(&mut self, board: &mut Board) -> bool;

    /// Returns the level of the INTx line.
    fn line(&self) -> bool;
}
