//! Targeted receive: the frame is the virtual machine's, the header the program's.

use vmdq::device::HeaderReplication;
use vmdq::dma::DmaSpace;
use vmdq::ring::BufferSize;
use vmdq::targeted::{HeaderSize, TargetedBurst, TargetedMemory, Targeting};
use vmdq::vmm::{GuestRange, VmId, Vmm};
use vmdq::{Started, Stopped};
use vmdq_sim::{Guests, Sim, SimDma, Testbed};

use crate::common::{Concrete, Plan, buffers, memory_of_guests, number, ready, rings, vm};
use crate::{Bed, Machines, finish, frames};

const BUFFER: u32 = 2048;
const HEADER: u16 = 64;

/// A hypervisor that sees to its machines' memory itself: the controller reaches it as it is.
#[derive(Clone)]
struct Direct {
    guests: Guests,
    dma: SimDma,
}

memory_of_guests!(Direct);

// SAFETY: that of `Guests`, with the controller's own map of memory.
unsafe impl Vmm for Direct {
    fn map<D: DmaSpace>(&self, vm: VmId, range: GuestRange, _: &D) -> Option<u64> {
        self.guests.map(vm, range, &self.dma)
    }

    unsafe fn unmap<D: DmaSpace>(&self, vm: VmId, range: GuestRange, bus: u64, _: &D) {
        // SAFETY: the caller's promise.
        unsafe { self.guests.unmap(vm, range, bus, &self.dma) };
    }
}

pub(crate) fn replicated_headers_reach_the_program<M: Concrete + HeaderReplication>(bed: Bed) {
    targeted::<M>(bed, |vm, size| {
        let headers = HeaderSize::new(M::default(), HEADER).expect("a size of header buffers");
        Targeting::replicated(vm, size, headers)
    });
}

pub(crate) fn fetched_headers_reach_the_program<M: Concrete>(bed: Bed) {
    targeted::<M>(bed, Targeting::by_software);
}

fn targeted<M: Concrete>(bed: Bed, targeting: impl FnOnce(VmId, BufferSize) -> Targeting<M>) {
    let guests = Guests::new();
    let guest = guests.add(64);
    let vmm = Direct { guests: guests.clone(), dma: Sim::dma(&bed) };
    let port = ready::<M, _>(bed.platform(), &Plan::default().config);
    let mut setup = Machines::<M>::stopped(bed, port, Plan::default());
    let rx = setup.bed.place(TargetedMemory::<8, 8>::new());
    let (_, tx) = rings(&setup.bed, 8);
    let targeting = targeting(guest.vm(), BufferSize::for_bytes(BUFFER as usize).expect("a size"));
    let Started { mut rx, tx, pool } =
        setup.port.start_targeted(setup.idle.remove(1), rx, tx, targeting, vmm).expect("the pool starts");
    let (mut headers, memory) = buffers(&setup.bed, 12, BufferSize::kib(1).expect("a size"));
    for id in 0..8 {
        let range = guest.alloc(BUFFER, 4096).expect("the machine has memory");
        rx.share(id, range).expect("the buffer is shared");
    }
    assert_eq!(rx.refill(&mut headers), 7);
    let slot = setup.slots.remove(0);
    let id = setup.table.bind(slot, vm(1), &pool).expect("the filter is bound");
    for round in 0..20 {
        let wanted = frames(3 * round..3 * round + 3);
        setup.inject(&wanted);
        let mut burst = TargetedBurst::<4>::new();
        assert_eq!(rx.receive(&mut burst), 3, "round {round}");
        for (mut frame, wanted) in burst.drain(..).zip(wanted) {
            let header = frame.header.bytes();
            assert_eq!(header, &wanted[..usize::from(HEADER).min(wanted.len())], "frame {}", number(&wanted));
            let mut bytes = vec![0; frame.len.into()];
            guest.read(frame.range.at, &mut bytes).expect("its own memory");
            assert_eq!(bytes, wanted);
            // What the program leaves in a header buffer must not get over a later header.
            frame.header.bytes_mut().fill(0xee);
            headers.put(frame.header).expect("room in the pool");
            rx.give_back(frame.id).expect("the machine has it");
        }
        rx.refill(&mut headers);
    }
    setup.slots.push(setup.table.unbind(id).expect("the filter is removed"));
    let put = |frame| headers.put(frame).expect("room in the pool");
    let Stopped { pool, .. } = Started { rx, tx, pool }.stop(&setup.table, put).expect("the pool stops");
    let _ = memory.release(headers).expect("all header frames are home");
    setup.idle.insert(0, pool);
    finish(setup);
    assert_eq!((guests.violations(), guests.counters(guest.vm()).mapped), (vec![], 0));
}
