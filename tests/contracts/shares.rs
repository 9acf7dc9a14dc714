//! One range of a virtual machine, and two of its pools: each ring unmaps what it mapped, by the
//! hypervisor that mapped it.

use std::sync::{Arc, Mutex};

use vmdq::dma::DmaSpace;
use vmdq::ring::BufferSize;
use vmdq::targeted::{ShareError, TargetedMemory, TargetedRing, Targeting, UnshareError};
use vmdq::vmm::{GuestRange, VmId, Vmm};
use vmdq::{Config, FilterTable, Port, Resources, Started, Vmdq};
use vmdq_sim::{Guest, Guests, Sim, Testbed};

use crate::common::{Concrete, SimMachine, memory_of_guests, ready, rings};

const BUFFER: u32 = 2048;

type Ring<V> = TargetedRing<SimMachine, V>;

/// Two pools of one machine.
struct Two<M: Concrete, V: Vmm> {
    bed: Sim,
    _port: Port<M, SimMachine, Vmdq>,
    table: FilterTable<M, SimMachine>,
    pools: [Started<M, SimMachine, Ring<V>>; 2],
}

impl<M: Concrete, V: Vmm + Clone> Two<M, V> {
    fn start(bed: Sim, vm: VmId, vmm: &V) -> Self {
        let port = ready::<M, _>(bed.platform(), &Config::DEFAULT);
        let Resources { port, pools, table, .. } = port.enable();
        let mut pools = pools.into_iter().skip(1);
        let pools = [(); 2].map(|()| {
            let rx = bed.place(TargetedMemory::<8, 8>::new());
            let targeting =
                Targeting::by_software(vm, BufferSize::for_bytes(BUFFER as usize).expect("a size"));
            let (pool, tx) = (pools.next().expect("a pool"), rings(&bed, 8).1);
            port.start_targeted(pool, rx, tx, targeting, vmm.clone()).expect("the pool starts")
        });
        Self { bed, _port: port, table, pools }
    }

    fn share(&mut self, pool: usize, range: GuestRange) -> Result<(), ShareError> {
        self.pools[pool].rx.share(0, range)
    }

    fn unshare(&mut self, pool: usize) -> Result<(), UnshareError> {
        self.pools[pool].rx.unshare(0)
    }

    fn finish(self) {
        for started in self.pools {
            let stopped = started.stop(&self.table, |_| panic!("no header buffer was posted"));
            assert!(stopped.is_ok(), "{stopped:?}");
        }
        assert_eq!(self.bed.violations(), []);
    }
}

/// A machine, and a buffer of it.
fn machine() -> (Guests, Guest, GuestRange) {
    let guests = Guests::new();
    let guest = guests.add(8);
    let range = guest.alloc(BUFFER, 4096).expect("the machine has memory");
    (guests, guest, range)
}

/// By a hypervisor that maps no byte twice.
pub(crate) fn a_range_that_another_ring_shares_is_refused<M: Concrete>(bed: fn() -> Sim) {
    let (guests, guest, range) = machine();
    let mapped = || guests.counters(guest.vm()).mapped;
    let mut two = Two::<M, _>::start(bed(), guest.vm(), &guests);
    assert_eq!((two.share(0, range), mapped()), (Ok(()), 1));
    let part = GuestRange { at: range.at + 1024, ..range };
    for taken in [range, part] {
        assert_eq!((two.share(1, taken), mapped()), (Err(ShareError::NotMapped), 1));
        assert_eq!((two.unshare(1), mapped()), (Err(UnshareError::NotShared), 1));
    }
    // It is the other ring's once the first has relinquished it; the stop unmaps it there.
    assert_eq!((two.unshare(0), mapped()), (Ok(()), 0));
    assert_eq!((two.share(1, range), mapped()), (Ok(()), 1));
    two.finish();
    assert_eq!((mapped(), guests.violations()), (0, vec![]));
}

/// A hypervisor that maps a range as often as it is asked to, each time at an address of its own.
#[derive(Clone)]
struct Aliasing {
    guests: Guests,
    /// A machine for each map of a range: the same memory, as far as rings can tell.
    mapped: Arc<Mutex<Vec<(GuestRange, u64)>>>,
}

memory_of_guests!(Aliasing);

// SAFETY: the first map of a range is that of `Guests`; further ones name addresses that reach nothing, and
// none is given to the controller here.
unsafe impl Vmm for Aliasing {
    fn map<D: DmaSpace>(&self, vm: VmId, range: GuestRange, dma: &D) -> Option<u64> {
        let mut mapped = self.mapped.lock().expect("nobody panics with the list");
        let bus = match mapped.iter().filter(|(other, _)| *other == range).map(|(_, bus)| bus).max() {
            None => self.guests.map(vm, range, dma)?,
            Some(bus) => bus + (1 << 40),
        };
        mapped.push((range, bus));
        Some(bus)
    }

    unsafe fn unmap<D: DmaSpace>(&self, vm: VmId, range: GuestRange, bus: u64, dma: &D) {
        let mut mapped = self.mapped.lock().expect("nobody panics with the list");
        let at = mapped.iter().position(|found| *found == (range, bus));
        mapped.remove(at.expect("what is unmapped was mapped, and not unmapped since"));
        if bus < 1 << 40 {
            // SAFETY: the caller's promise.
            unsafe { self.guests.unmap(vm, range, bus, dma) };
        }
    }
}

pub(crate) fn each_ring_unmaps_what_it_mapped<M: Concrete>(bed: fn() -> Sim) {
    let (guests, guest, range) = machine();
    let vmm = Aliasing { guests: guests.clone(), mapped: Arc::default() };
    let mapped = || Vec::from_iter(vmm.mapped.lock().expect("no panics").iter().map(|(_, bus)| *bus));
    for first in [0, 1] {
        let mut two = Two::<M, _>::start(bed(), guest.vm(), &vmm);
        assert_eq!((two.share(0, range), two.share(1, range)), (Ok(()), Ok(())));
        let [one, other] = mapped()[..] else { panic!("each ring mapped it once") };
        assert_ne!(one, other);
        assert_eq!(two.unshare(first), Ok(()));
        assert_eq!(mapped(), [[other], [one]][first], "the other ring's map stays");
        two.finish();
        assert_eq!((mapped(), guests.counters(guest.vm()).mapped), (vec![], 0));
    }
    assert_eq!(guests.violations(), []);
}
