//! The public handle of the models, and their test bed.

use core::ptr::NonNull;
use std::alloc::Layout;

use vmdq_hal::dma::Direction;

use crate::board::Device;
use crate::fault::InjectedFault;
use crate::igb::{I82575, I82576, Igb};
use crate::ixgbe::{I82598, Ixgbe};
use crate::machine::{SimBus, SimDelay, SimDma};
use crate::memory::alloc;
use crate::model::Shared;
use crate::testbed::{Settled, Testbed, WireFrame};
use crate::violation::Violation;
use crate::wire::ModelDrops;

/// The controllers that have a model.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// Intel 82575: four queues, a filter names one queue.
    I82575,
    /// Intel 82576: eight pools, a filter names a set of pools.
    I82576,
    /// Intel 82598: sixteen VMDq indices, a filter names one index.
    I82598,
}

/// A strict model of one controller, with its own wire and its own view of memory.
///
/// The model does nothing by itself: register accesses take effect at once, time passes in
/// [`SimDelay`](crate::SimDelay), and frames move in [`step`](Self::step), [`run`](Self::run) and
/// [`settle`](Testbed::settle).
///
/// # Examples
///
/// ```
/// use vmdq_hal::bus::{Bus, Offset};
/// use vmdq_sim::{Sim, Testbed};
///
/// let sim = Sim::i82576();
/// let status = sim.bus().read32(Offset::new(0x0008));
/// assert_eq!(status >> 1 & 1, 0, "the link is down after power-on");
/// // SAFETY: none: the model stands between the controller and memory.
/// unsafe { sim.bus().write32(Offset::new(0x1600), 1); }
/// assert_eq!(sim.violations().len(), 1, "the 82576 has no MSIXBM");
/// ```
#[derive(Debug)]
pub struct Sim {
    shared: Shared,
    kind: Kind,
    mac: [u8; 6],
}

impl Sim {
    /// Makes a controller in its power-on state, with the cable plugged in.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self::with_mac(
            kind,
            match kind {
                Kind::I82575 => I82575.mac,
                Kind::I82576 => I82576.mac,
                Kind::I82598 => I82598.mac,
            },
        )
    }

    /// Makes a controller with this station address in its NVM.
    #[must_use]
    pub fn with_mac(kind: Kind, mac: [u8; 6]) -> Self {
        let device: Box<dyn Device> = match kind {
            Kind::I82575 => Box::new(Igb::new(&I82575, mac)),
            Kind::I82576 => Box::new(Igb::new(&I82576, mac)),
            Kind::I82598 => Box::new(Ixgbe::new(&I82598, mac)),
        };
        Self { shared: Shared::new(device), kind, mac }
    }

    /// Makes an 82575.
    #[must_use]
    pub fn i82575() -> Self {
        Self::new(Kind::I82575)
    }

    /// Makes an 82576.
    #[must_use]
    pub fn i82576() -> Self {
        Self::new(Kind::I82576)
    }

    /// Makes an 82598.
    #[must_use]
    pub fn i82598() -> Self {
        Self::new(Kind::I82598)
    }

    /// Makes the controller replicate no header, regardless of SRRCTL and PSRTYPE.
    ///
    /// Frames arrive whole, with SPH off and nothing in the header buffer. QEMU's `igb` does so, and so may a
    /// device whose datasheet was misread.
    #[must_use]
    pub fn without_replication(self) -> Self {
        self.shared.lock().board.replicates_nothing = true;
        self
    }

    /// Makes the controller act at once: what a register write allows it to do is done when
    /// the write returns. What a driver puts into memory after the tail that covers it, comes too late.
    #[must_use]
    pub fn eager(self) -> Self {
        self.shared.lock().board.eager = true;
        self
    }

    /// Returns which controller this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the station address in the NVM, which a reset loads into RAR0.
    #[must_use]
    pub fn mac(&self) -> [u8; 6] {
        self.mac
    }

    /// Makes frames that wait on the wire wait inside the controller, where a reset loses them.
    pub(crate) fn with_fifo(self) -> Self {
        self.shared.lock().board.wire.in_fifo = true;
        self
    }

    /// Tells whether the controller takes frames off its wire: the link is up and the receiver on.
    pub(crate) fn listens(&self) -> bool {
        let model = &mut *self.shared.lock();
        !model.board.removed() && model.device.listens()
    }

    /// Discards the frames that wait on the wire; returns how many.
    pub(crate) fn clear_wire(&mut self) -> usize {
        core::mem::take(&mut self.shared.lock().board.wire.incoming).len()
    }

    /// Returns how many frames wait on the wire or for a descriptor.
    pub(crate) fn waiting(&self) -> usize {
        let model = &*self.shared.lock();
        model.board.wire.incoming.len() + model.device.held()
    }

    /// Does one unit of work in each direction; returns whether there was any.
    ///
    /// Sorts and writes one received frame, and gives one transmit queue its turn. No time passes.
    pub fn step(&mut self) -> bool {
        self.shared.lock().step()
    }

    /// Does up to `limit` units of work; returns how many there were. No time passes.
    pub fn run(&mut self, limit: usize) -> usize {
        let mut model = self.shared.lock();
        (0..limit).take_while(|_| model.step()).count()
    }

    /// Plugs the cable in, or pulls it.
    pub fn set_link(&mut self, plugged: bool) {
        let model = &mut *self.shared.lock();
        model.board.unplugged = !plugged;
        model.device.cable(&mut model.board);
    }

    /// Sets whether the function may start DMA (bus master enable of its command register), as it may at first.
    ///
    /// While it may not, the controller counts a frame and keeps it, and sends neither frames nor messages.
    pub fn set_bus_master(&mut self, enabled: bool) {
        self.shared.lock().board.not_master = !enabled;
    }

    /// Takes the MSI-X messages since the last call: vector numbers in order.
    #[must_use]
    pub fn take_interrupts(&mut self) -> Vec<u16> {
        core::mem::take(&mut self.shared.lock().board.messages)
    }

    /// Returns whether the INTx line is asserted. It never is in MSI-X mode.
    #[must_use]
    pub fn interrupt_line(&self) -> bool {
        self.shared.lock().device.line()
    }

    /// Injects a fault.
    pub fn inject_fault(&mut self, fault: InjectedFault) {
        self.shared.lock().board.faults.inject(fault);
    }

    /// Ends all injected faults; their effects stay.
    pub fn clear_faults(&mut self) {
        self.shared.lock().board.faults.clear();
    }

    /// Returns how many frames did not reach memory since the start, by reason.
    #[must_use]
    pub fn drops(&self) -> ModelDrops {
        self.shared.lock().board.drops
    }

    /// Returns how many nanoseconds of the controller's time have passed since power-on.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.shared.lock().board.now
    }

    /// Forgets the violations so far, for tests that provoke one.
    pub fn forget_violations(&mut self) {
        self.shared.lock().board.log.forget();
    }
}

impl Testbed for Sim {
    type Bus = SimBus;
    type Dma = SimDma;
    type Delay = SimDelay;

    fn name(&self) -> &'static str {
        "sim"
    }

    fn bus(&self) -> SimBus {
        SimBus(self.shared.clone())
    }

    fn dma(&self) -> SimDma {
        SimDma(self.shared.clone())
    }

    fn delay(&self) -> SimDelay {
        SimDelay(self.shared.clone())
    }

    fn alloc(&self, layout: Layout) -> NonNull<u8> {
        alloc(layout)
    }

    fn inject(&mut self, frame: &[u8]) {
        self.shared.lock().board.wire.incoming.push_back(frame.to_vec());
    }

    /// First completes everything that only waits for time (a queue that starts, the link), then lets the
    /// controller work until nothing is left.
    fn settle(&mut self) -> Settled {
        let mut model = self.shared.lock();
        model.catch_up();
        while model.step() {}
        match model.board.wire.incoming.len() + model.device.held() {
            0 => Settled::Idle,
            waiting => Settled::Blocked { waiting },
        }
    }

    fn take_sent(&mut self) -> Vec<WireFrame> {
        core::mem::take(&mut self.shared.lock().board.wire.sent)
    }

    fn uncounted_drops(&self) -> u64 {
        0
    }

    fn mapped(&self) -> Vec<(u64, usize, Direction)> {
        self.shared.lock().board.memory.mapped()
    }

    fn violations(&self) -> Vec<Violation> {
        self.shared.lock().board.log.list()
    }
}
