//! Start: port, queues, filters, and a virtual interface for each virtual machine.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use vmdq::channel::{BackEnd, VirtualInterface};
use vmdq::device::Model;
use vmdq::ring::{BufferPool, BufferSize, RingMemory};
use vmdq::switch::{InterfaceId, Physical, Switch, Virtual, VlanMembership};
use vmdq::targeted::{HeaderSize, TargetedMemory, Targeting};
use vmdq::{
    Accept, Any, Config, FilterSlot, FilterTable, FrameLimit, Idle, Pool, Port, Refused, Resources, Started,
    Vmdq,
};
use vmdq_sim::{Guests, Sim, SimDma, Testbed};

use super::line::{Interface, Line, RESERVE, Receive};
use super::{Host, Hypervisor, RING, ROUND, Store};
use crate::vm::{ENTRIES, Identity, Layout};

/// How long to wait for the link, in milliseconds.
const LINK_UP: u32 = 10_000;
/// How much of a frame the hardware replicates: addresses, tag, and the headers of IP and UDP.
const HEADER: u16 = 64;
/// The size of header buffers, the smallest that there is.
const HEADER_BUFFER: usize = 1;
/// Frames that virtual machines may have on their way to the wire.
const OUTGOING: usize = RING;

/// The port's configuration: everything accepted, and tags removed, so that no group mixes VLANs.
fn config() -> Config {
    Config { accept: Accept::all(), strip_tags: true, ..Config::default() }
}

/// Returns the size of buffers that hold every frame.
pub(crate) fn buffer_size() -> Result<BufferSize> {
    config().buffer_size().context("no buffer holds the longest frame")
}

impl Hypervisor {
    /// Starts a pool for each machine. The I/O channels are laid out afterwards: front-ends may start.
    pub(crate) fn start(
        bed: Sim,
        model: Any,
        guests: Guests,
        machines: &[(Identity, Layout)],
    ) -> Result<Self> {
        // SAFETY: the test bed is a controller of this model, and this is its only driver; it reaches only what
        // its `dma` mapped.
        let port = unsafe { Port::new(model, bed.platform()) };
        let config = config();
        let limits = model.limits();
        let mut port = port.init(&config).map_err(Refused::into_error).context(limits.name)?;
        ensure!(port.bring_link_up(LINK_UP).is_up(), "the link of the {} stays down", limits.name);
        let Resources { port, mut pools, filters: mut slots, mut table, vectors, .. } = port.enable();

        let size = buffer_size()?;
        let mut buffers = Store::new(&bed, size, (machines.len() + 1) * RING + ROUND + OUTGOING)?;
        let header_size = BufferSize::kib(HEADER_BUFFER).context("no header buffer is so small")?;
        let mut headers = Store::new(&bed, header_size, machines.len() * RING + ROUND)?;

        // The seed ought to be random; here each run has to be the same.
        let mut switch = Switch::new(0x5eed);
        // The machines hear everything that is for many, what a bridge would keep to itself included.
        switch.set_forward_reserved(true);
        let uplink = switch.bind_physical(&Physical::default())?;

        let pool = pools.next().context("no pool")?;
        let (rx, tx) = (bed.place(RingMemory::<RING>::new()), bed.place(RingMemory::<RING>::new()));
        let default = port.start(pool, rx, tx, size).map_err(Refused::into_error)?;
        let mut started = Vec::new();
        for (identity, layout) in machines {
            let id = switch.bind_virtual(&Virtual { vlans: VlanMembership::ALL, ..Virtual::default() })?;
            switch.bind_address(id, identity.mac)?;
            let pool = pools.next().context("more virtual machines than pools")?;
            ensure!(pool.index().number() == id.number(), "pools and interfaces have the same numbers");
            let slot = slots.next().context("more virtual machines than filters")?;
            let interface = Interface::new(id, layout, FrameLimit::new(config.max_frame, limits.max_frame))?;
            let start = Start { bed: &bed, guests: &guests, port: &port, size, table: &mut table };
            let mut line = start.line(pool, slot, identity, layout, interface)?;
            line.refill(&mut headers.pool, &mut buffers.pool);
            started.push(line);
        }
        let mut unused = port.parts();
        unused.put_all(pools).map_err(Refused::into_error)?;
        unused.put_all(slots).map_err(Refused::into_error)?;
        unused.put_all(vectors).map_err(Refused::into_error)?;
        Ok(Self {
            bed,
            guests,
            port,
            table,
            default,
            lines: started,
            switch,
            uplink,
            buffers,
            headers,
            now: 0,
            on_wire: 0,
            sent: 0,
            unused,
        })
    }
}

/// What every pool is started with.
struct Start<'a> {
    bed: &'a Sim,
    guests: &'a Guests,
    port: &'a Port<Any, Host, Vmdq>,
    size: BufferSize,
    table: &'a mut FilterTable<Any, Host>,
}

impl Start<'_> {
    /// Starts a virtual machine's pool, then binds its address to it.
    fn line(
        self,
        pool: Pool<Any, Host, Idle>,
        slot: FilterSlot<Any>,
        identity: &Identity,
        layout: &Layout,
        interface: Interface,
    ) -> Result<Line> {
        let Self { bed, guests, port, size, table } = self;
        let tx = bed.place(RingMemory::<RING>::new());
        let (receive, tx, pool) = if identity.shares {
            let rx = bed.place(TargetedMemory::<RING, ENTRIES>::new());
            let headers = HeaderSize::new(port.model(), HEADER).context("no header buffer has this size")?;
            let targeting = Targeting::replicated(layout.guest.vm(), size, headers);
            let started = port.start_targeted(pool, rx, tx, targeting, guests.clone());
            let Started { mut rx, tx, pool } = started.map_err(Refused::into_error)?;
            rx.set_reserve(RESERVE);
            (Receive::Targeted(rx), tx, pool)
        } else {
            let rx = bed.place(RingMemory::<RING>::new());
            let Started { rx, tx, pool } = port.start(pool, rx, tx, size).map_err(Refused::into_error)?;
            (Receive::Copying(rx), tx, pool)
        };
        let bound = table.bind(slot, identity.mac, &pool).map_err(Refused::into_error);
        let binding = bound.with_context(|| format!("{} of pool {}", identity.mac, pool.index()))?;
        Ok(Line { mac: identity.mac, binding, receive, tx, pool, interface })
    }
}

impl Interface {
    /// Lays the channel out in the guest's memory.
    fn new(id: InterfaceId, layout: &Layout, limit: Option<FrameLimit>) -> Result<Self> {
        let limit = limit.context("the frame limit is out of range")?;
        let receive = BackEnd::new(layout.receive, ENTRIES as u32)?;
        let transmit = BackEnd::new(layout.transmit, ENTRIES as u32)?;
        Ok(Self {
            id,
            channel: VirtualInterface::new(layout.guest.vm(), receive, transmit, limit),
            shared: [const { None }; ENTRIES],
            in_place: 0,
            headers_replicated: 0,
            ran_dry: false,
            lost: BTreeMap::new(),
        })
    }
}

impl Store {
    /// Makes a pool of `count` buffers.
    fn new(bed: &Sim, size: BufferSize, count: usize) -> Result<Self> {
        // Buffers are spread by a cache line.
        let bytes = count * (size.bytes() + 64);
        let slots = Box::leak(Box::new_uninit_slice(count));
        let (pool, memory) = BufferPool::carve::<_, SimDma>(bed.alloc_bytes(bytes), size, slots, bed.dma())
            .map_err(Refused::into_error)?;
        ensure!(pool.len() == count, "{} buffers instead of {count}", pool.len());
        Ok(Self { pool, memory })
    }
}
