//! The hypervisor's side: a port with VMDq on, a queue for each virtual machine and a default queue, and the
//! virtual switch that decides on their frames.
//!
//! Everything here is what a hypervisor does on real hardware; only where the wire is played
//! (`inject`, `settle`, `take_sent`) the test bed shows.

use std::collections::VecDeque;
use std::mem;

use anyhow::{Context, Result, bail, ensure};
use vmdq::classify::{Destination, Rules};
use vmdq::device::Model;
use vmdq::group::Group;
use vmdq::relay::{Outlet, relay};
use vmdq::ring::{BufferPool, Burst, Frame, PoolMemory, RingMemory, RxRing, TxRing};
use vmdq::switch::{
    DropReason, InterfaceCounters, InterfaceId, Origin, Physical, Switch as VirtualSwitch, TagAction,
    Virtual, VlanMembership,
};
use vmdq::{
    Accept, Any, BindingId, Config, FilterTable, MacAddress, Parts, Pool, Port, Refused, Resources, Running,
    Started, Statistics, Vmdq,
};
use vmdq_sim::{PlatformOf, Settled, Testbed};

use crate::answer::{Answers, Verdict};
use crate::source::destination;

/// Frames that go to the wire before the queues are looked at: the same for every device, so that all
/// of them see the same groups.
const ROUND: usize = 32;
/// Descriptors of each ring.
const RING: usize = 64;
/// Memory for buffers. Received frames stay in theirs until their answers have left from there.
const STORE: usize = 64 << 20;
/// How long to wait for the link, in milliseconds.
const LINK_UP: u32 = 10_000;
/// More filters than any port binds here.
const RULES: usize = 64;
/// Interfaces of the virtual switch: the uplink, and one for each queue of the largest device.
const INTERFACES: usize = 16;
/// Addresses of the wire that it remembers, and as many of virtual machines.
const ADDRESSES: usize = 2048;

/// What a queue has received.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Counts {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) groups: u64,
    pub(crate) broadcast: u64,
    pub(crate) multicast: u64,
}

/// A running queue: the default one, or a virtual machine's.
struct Line<T: Testbed> {
    rx: RxRing<PlatformOf<T>>,
    tx: TxRing<PlatformOf<T>>,
    pool: Pool<Any, PlatformOf<T>, Running>,
    guest: Option<Guest>,
    counts: Counts,
    /// Received and not answered yet, each in the buffer in which it came.
    backlog: VecDeque<Frame>,
}

/// Whose a queue is.
#[derive(Clone, Copy)]
struct Guest {
    address: MacAddress,
    binding: BindingId,
    interface: InterfaceId,
}

pub(crate) struct Switch<T: Testbed> {
    bed: T,
    port: Port<Any, PlatformOf<T>, Vmdq>,
    table: FilterTable<Any, PlatformOf<T>>,
    /// The default queue, then each virtual machine's.
    lines: Vec<Line<T>>,
    buffers: BufferPool,
    memory: PoolMemory<&'static mut [u8], T::Dma>,
    switch: Box<VirtualSwitch<INTERFACES, ADDRESSES>>,
    uplink: InterfaceId,
    /// The clock of the switch, in milliseconds: a round takes one.
    now: u64,
    /// The rules in software, which the hardware's sorting is compared with.
    rules: Rules<RULES>,
    answers: Answers,
    /// Whether the test bed may throw a frame away instead of sending it.
    on_wire: usize,
    misplaced: u64,
    /// Unused resources, kept for the end.
    unused: Parts<Any, PlatformOf<T>>,
}

/// The outcome of the run.
pub(crate) struct Outcome {
    /// The default queue, then each virtual machine's.
    pub(crate) queues: Vec<(Option<MacAddress>, Counts)>,
    pub(crate) statistics: Statistics,
    /// What the virtual switch counted.
    pub(crate) switch: InterfaceCounters,
    /// Dropped for their length by controller, driver and test bed together.
    pub(crate) too_long: u64,
    /// Descriptors that no device should write.
    pub(crate) malformed: u64,
    /// Frames in another queue than the rules say.
    pub(crate) misplaced: u64,
    pub(crate) answers: Verdict,
    pub(crate) violations: Vec<String>,
}

impl<T: Testbed> Switch<T> {
    /// Brings the port up with promiscuous mode on and leads each address to a queue of its own: the
    /// i-th, from 1, to queue i.
    pub(crate) fn start(bed: T, model: Any, max_frame: u16, guests: &[MacAddress]) -> Result<Self> {
        let name = model.limits().name;
        // SAFETY: the test bed is a controller of this model, or claims to be, and this is its only
        // driver; it reaches only what its `dma` mapped.
        let port = unsafe { Port::new(model, bed.platform()) };
        let config = Config { max_frame, accept: Accept::all(), ..Config::default() };
        let mut port = port.init(&config).map_err(Refused::into_error).context(name)?;
        ensure!(port.bring_link_up(LINK_UP).is_up(), "the link of the {name} stays down");
        let Resources { port, mut pools, filters: mut slots, mut table, vectors, .. } = port.enable();

        let size = config.buffer_size().context("--max-frame: no buffer is so large")?;
        let handles = Box::leak(Box::new_uninit_slice(STORE / size.bytes()));
        let (mut buffers, memory) = BufferPool::carve(bed.alloc_bytes(STORE), size, handles, bed.dma())
            .map_err(Refused::into_error)?;
        ensure!(
            buffers.len() > (guests.len() + 1) * RING + 2 * ROUND,
            "too few buffers of {} bytes",
            size.bytes()
        );

        // The seed ought to be random; here each run has to be the same.
        let mut switch = Box::new(VirtualSwitch::new(0x5eed));
        let uplink = switch.bind_physical(&Physical::default())?;
        let mut rules = Rules::new(port.address(), config.accept);
        let mut lines = Vec::new();
        for address in [None].into_iter().chain(guests.iter().copied().map(Some)) {
            let pool = pools.next().context("more virtual machines than pools")?;
            let (rx, tx) = (bed.place(RingMemory::<RING>::new()), bed.place(RingMemory::<RING>::new()));
            let Started { rx, tx, pool } = port.start(pool, rx, tx, size).map_err(Refused::into_error)?;
            let mut line =
                Line { rx, tx, pool, guest: None, counts: Counts::default(), backlog: VecDeque::new() };
            line.rx.refill(&mut buffers);
            if let Some(address) = address {
                let slot = slots.next().context("more virtual machines than filters")?;
                let bound = table.bind(slot, address, &line.pool).map_err(Refused::into_error);
                let binding = bound.with_context(|| format!("{address} of pool {}", line.pool.index()))?;
                let interface =
                    switch.bind_virtual(&Virtual { vlans: VlanMembership::ALL, ..Virtual::default() })?;
                switch.bind_address(interface, address)?;
                line.guest = Some(Guest { address, binding, interface });
                rules.bind(address, line.pool.index().number())?;
            }
            lines.push(line);
        }
        let answers = Answers::new(guests.iter().copied().zip(1..));
        let mut unused = port.parts();
        unused.put_all(pools).map_err(Refused::into_error)?;
        unused.put_all(slots).map_err(Refused::into_error)?;
        unused.put_all(vectors).map_err(Refused::into_error)?;
        Ok(Self {
            bed,
            port,
            table,
            lines,
            buffers,
            memory,
            switch,
            uplink,
            now: 0,
            rules,
            answers,
            on_wire: 0,
            misplaced: 0,
            unused,
        })
    }

    /// Puts a frame on the wire. Every [`ROUND`] frames all queues are served.
    pub(crate) fn inject(&mut self, frame: &[u8]) -> Result<()> {
        self.bed.inject(frame);
        self.on_wire += 1;
        if self.on_wire == ROUND { self.serve() } else { Ok(()) }
    }

    /// Takes what every queue has received and relays it.
    pub(crate) fn serve(&mut self) -> Result<()> {
        self.on_wire = 0;
        self.settle()?;
        let uplink = self.uplink;
        let mut burst = Burst::<ROUND>::new();
        for (queue, line) in self.lines.iter_mut().enumerate() {
            let (from, expected) = match line.guest {
                Some(Guest { interface: to, .. }) => {
                    (Origin::Matched { uplink, to }, Destination::Matched(queue))
                }
                None => (Origin::Unmatched { uplink }, Destination::Default),
            };
            while line.rx.receive(&mut burst) > 0 {
                for frame in &burst {
                    let to = destination(frame.bytes()).map(|to| (to, self.rules.classify(to)));
                    line.counts.add(frame, to.map(|(to, _)| to));
                    self.misplaced += u64::from(to.is_none_or(|(_, right)| right != expected));
                }
                let guest = line.guest.map(|guest| guest.interface);
                let mut keep = Keep { guest, backlog: &mut line.backlog, buffers: &mut self.buffers };
                let decisions = relay(&mut self.switch, from, &mut burst, self.now, &mut keep);
                line.counts.groups += decisions as u64;
                burst.drain(..).try_for_each(|frame| put_back(&mut self.buffers, frame))?;
                line.rx.refill(&mut self.buffers);
            }
        }
        self.now += 1;
        // The next round may take a buffer for each of its frames.
        if self.buffers.len() < 2 * ROUND { self.answer() } else { Ok(()) }
    }

    /// Lets every virtual machine answer all that it has received, through its own queue.
    pub(crate) fn answer(&mut self) -> Result<()> {
        while self.lines.iter().any(|line| !line.backlog.is_empty()) {
            for (guest, line) in self.lines[1..].iter_mut().enumerate() {
                line.send(|frame| self.answers.expect(guest, frame, self.bed.may_swallow(frame)))?;
            }
            self.settle()?;
            self.answers.check(&self.bed.take_sent());
            for line in &mut self.lines[1..] {
                line.tx.reclaim(&mut self.buffers);
                let (queue, pending) = (line.tx.ring(), line.tx.pending());
                ensure!(pending == 0, "queue {queue} never reported {pending} frames as sent");
            }
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        match self.bed.settle() {
            Settled::Idle => Ok(()),
            Settled::Blocked { waiting } => {
                let name = self.port.model().limits().name;
                bail!("the {name} blocks while {waiting} frames wait on the wire")
            }
        }
    }

    /// Stops everything, in the order in which the types allow it, and adds up.
    pub(crate) fn stop(mut self) -> Result<Outcome> {
        let statistics = self.port.statistics();
        let mut outcome = Outcome {
            queues: Vec::new(),
            statistics,
            switch: self.switch.counters().traffic,
            too_long: statistics.too_long + self.bed.uncounted_drops(),
            malformed: 0,
            misplaced: self.misplaced,
            answers: self.answers.verdict(),
            violations: Vec::new(),
        };
        let (mut parts, mut lost) = (self.unused, 0);
        for line in self.lines {
            let counters = line.rx.counters();
            outcome.too_long += counters.too_long;
            outcome.malformed += counters.malformed;
            outcome.queues.push((line.guest.map(|guest| guest.address), line.counts));
            if let Some(Guest { binding, .. }) = line.guest {
                parts.put(self.table.unbind(binding)?).map_err(Refused::into_error)?;
            }
            let home = |frame| lost += usize::from(self.buffers.put(frame).is_err());
            let started = Started { rx: line.rx, tx: line.tx, pool: line.pool };
            let stopped = started.stop(&self.table, home).map_err(Refused::into_error)?;
            parts.put(stopped.pool).map_err(Refused::into_error)?;
        }
        parts.put(self.table).map_err(Refused::into_error)?;
        let _off = self.port.disable(parts).map_err(Refused::into_error)?;
        ensure!(lost == 0, "{lost} buffers are not the pool's");
        self.memory.release(self.buffers).map_err(Refused::into_error)?;
        outcome.violations = self.bed.violations().iter().map(ToString::to_string).collect();
        Ok(outcome)
    }
}

impl<T: Testbed> Line<T> {
    /// Fills the transmit ring with answers as far as the backlog goes; one tail write for each burst.
    fn send(&mut self, mut tell: impl FnMut(&[u8])) -> Result<()> {
        loop {
            let count = ROUND.min(self.tx.room()).min(self.backlog.len());
            if count == 0 {
                return Ok(());
            }
            let mut burst = Burst::<ROUND>::new();
            burst.fill_from(&mut self.backlog.drain(..count));
            for frame in &mut burst {
                exchange_addresses(frame.bytes_mut());
                tell(frame.bytes());
            }
            self.tx.send(&mut burst)?;
            ensure!(burst.is_empty(), "queue {} took fewer frames than it has room for", self.tx.ring());
        }
    }
}

/// The destination of the frames of one queue: those of a virtual machine wait for its answer, each in the
/// buffer in which it came. Broadcast and multicast are not answered.
struct Keep<'s> {
    guest: Option<InterfaceId>,
    backlog: &'s mut VecDeque<Frame>,
    buffers: &'s mut BufferPool,
}

impl Outlet<Frame> for Keep<'_> {
    fn copy(&mut self, _to: InterfaceId, _tag: TagAction, _group: &Group<'_, Frame>) {}

    fn deliver(&mut self, to: InterfaceId, _tag: TagAction, group: &mut Group<'_, Frame>) {
        if self.guest != Some(to) {
            return;
        }
        // An empty buffer for a full one. There are enough for a round; a frame without would be missed
        // among the answers.
        for frame in &mut *group.frames {
            self.backlog.extend(self.buffers.take().map(|empty| mem::replace(frame, empty)));
        }
    }

    fn dropped(&mut self, _reason: DropReason, _group: &mut Group<'_, Frame>) {}
}

impl Counts {
    fn add(&mut self, frame: &Frame, to: Option<MacAddress>) {
        self.frames += 1;
        self.bytes += frame.len() as u64;
        match to {
            Some(MacAddress::BROADCAST) => self.broadcast += 1,
            Some(to) if to.is_group() => self.multicast += 1,
            _ => {}
        }
    }
}

fn put_back(buffers: &mut BufferPool, frame: Frame) -> Result<()> {
    buffers.put(frame).ok().context("a buffer is not the pool's")
}

/// Makes a frame its own answer, in place.
fn exchange_addresses(frame: &mut [u8]) {
    if let Some((addresses, _)) = frame.split_first_chunk_mut::<12>() {
        addresses.rotate_left(6);
    }
}

#[cfg(test)]
mod tests {
    use super::exchange_addresses;

    #[test]
    fn addresses_are_exchanged_and_nothing_else() {
        let mut frame: Vec<u8> = (0..60).collect();
        exchange_addresses(&mut frame);
        assert_eq!(frame[..14], [6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 12, 13]);
        assert!(frame[12..].iter().copied().eq(12..60));
    }
}
