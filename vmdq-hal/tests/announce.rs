//! Which posted buffers the device knows of: with few all of them, with many not each at once.

mod common;

use common::{Bench, Device, Machine, RX_TAIL, Run, ring};
use vmdq_hal::ring::{BufferSize, Burst};
use vmdq_hal::targeted::{TargetedBurst, TargetedMemory, Targeting};
use vmdq_hal::vmm::{GuestMemory, GuestRange, NotOwned, VmId, Vmm};

const FRAME: [u8; 60] = [7; 60];

/// A ring of 64 with 5 buffers: after any number of received frames and a refill, 5 more frames arrive.
#[test]
fn of_five_buffers_all_five_are_usable() {
    let Run { started, mut buffers, mut device, .. } = Bench::new().run::<64, 5>();
    let mut rx = started.rx;
    assert_eq!(device.known(), 5);
    for round in 0..40 {
        let arrived = round % 5 + 1;
        for _ in 0..arrived {
            assert!(device.receive(&FRAME), "round {round}");
        }
        let mut burst = Burst::<8>::new();
        assert_eq!(rx.receive(&mut burst), arrived);
        assert_eq!(buffers.put_all(&mut burst), arrived);
        assert_eq!(rx.refill(&mut buffers), arrived);
        assert_eq!(device.known(), 5, "round {round}");
    }
}

#[test]
fn of_five_buffers_that_are_posted_singly_or_replaced_all_five_are_usable() {
    let Run { started, mut buffers, mut device, .. } = Bench::new().run::<64, 6>();
    let mut rx = started.rx;
    // One is spare: it is what is put in place of the next frame.
    let mut burst = Burst::<8>::new();
    assert!(device.receive(&FRAME));
    assert_eq!((rx.receive(&mut burst), buffers.put_all(&mut burst)), (1, 1));
    for round in 0..40 {
        assert_eq!(device.known(), 5, "round {round}");
        assert!(device.receive(&FRAME));
        match round % 3 {
            0 => assert_eq!(rx.receive_replacing(&mut burst, 8, &mut buffers), 1),
            1 => burst.push(rx.receive_one(&mut buffers).expect("a frame")).expect("room"),
            _ => {
                assert_eq!(rx.receive(&mut burst), 1);
                rx.post_one(buffers.take().expect("a buffer")).expect("room");
            }
        }
        assert_eq!(buffers.put_all(&mut burst), 1);
        assert_eq!(rx.posted(), 5);
    }
}

/// A ring of 32 that is full has fewer than 32, too.
#[test]
fn of_31_buffers_that_are_replaced_all_are_usable() {
    let Run { started, mut buffers, mut device, .. } = Bench::new().run::<32, 63>();
    let mut rx = started.rx;
    let mut burst = Burst::<8>::new();
    for round in 0..100 {
        assert_eq!((device.known(), rx.missing()), (31, 0), "round {round}");
        assert!(device.receive(&FRAME));
        match round % 2 {
            0 => assert_eq!(rx.receive_replacing(&mut burst, 8, &mut buffers), 1),
            _ => burst.push(rx.receive_one(&mut buffers).expect("a frame")).expect("room"),
        }
        assert_eq!(buffers.put_all(&mut burst), 1);
    }
}

/// With many buffers 31 at most are posted that the device does not know of, until they are flushed.
#[test]
fn with_many_buffers_the_tail_is_written_once_for_32() {
    let Run { started, mut buffers, mut device, .. } = Bench::new().run::<128, 127>();
    let (mut rx, machine) = (started.rx, device.machine().clone());
    let (tail, before) = machine.register(RX_TAIL);
    assert_eq!((tail, device.known()), (127, 127));
    let mut burst = Burst::<8>::new();
    for _ in 0..31 {
        assert!(device.receive(&FRAME));
        assert_eq!((rx.receive(&mut burst), buffers.put_all(&mut burst)), (1, 1));
        assert_eq!(rx.refill(&mut buffers), 1);
    }
    assert_eq!(machine.register(RX_TAIL), (127, before), "31 may wait");
    rx.flush();
    assert_eq!((device.known(), machine.register(RX_TAIL).1), (127, before + 1));
    rx.flush();
    assert_eq!(machine.register(RX_TAIL).1, before + 1, "there was nothing to announce");

    // 640 frames one by one, replaced as they come: 20 writes.
    let before = machine.register(RX_TAIL).1;
    for _ in 0..640 {
        assert!(device.receive(&FRAME));
        let frame = rx.receive_one(&mut buffers);
        if frame.is_none() {
            // There is no spare buffer: it is received, and posted again.
            assert_eq!((rx.receive(&mut burst), buffers.put_all(&mut burst)), (1, 1));
        }
        frame.into_iter().for_each(|frame| buffers.put(frame).expect("room"));
        rx.refill(&mut buffers);
    }
    assert!(machine.register(RX_TAIL).1 - before <= 20, "{}", machine.register(RX_TAIL).1 - before);
}

/// A virtual machine whose memory is this program's.
struct Guest;

impl GuestMemory for Guest {
    fn validate(&self, _: VmId, _: GuestRange) -> Result<(), NotOwned> {
        Ok(())
    }

    fn read(&self, _: VmId, at: u64, into: &mut [u8]) -> Result<(), NotOwned> {
        let from = core::ptr::with_exposed_provenance::<u8>(at as usize);
        // SAFETY: a buffer of 2 KiB that the test shared, and nothing writes now.
        into.copy_from_slice(unsafe { core::slice::from_raw_parts(from, into.len()) });
        Ok(())
    }

    fn write(&self, _: VmId, _: u64, _: &[u8]) -> Result<(), NotOwned> {
        Err(NotOwned)
    }

    fn notify(&self, _: VmId) {}
}

// SAFETY: the shared memory is the test's, for good.
unsafe impl Vmm for Guest {
    fn map<D: vmdq_hal::dma::DmaSpace>(&self, _: VmId, range: GuestRange, _: &D) -> Option<u64> {
        Some(range.at)
    }

    unsafe fn unmap<D: vmdq_hal::dma::DmaSpace>(&self, _: VmId, _: GuestRange, _: u64, _: &D) {}
}

#[repr(align(64))]
struct Page([u8; 2048]);

#[test]
fn of_five_shared_buffers_all_five_are_usable() {
    let bench = Bench::new();
    let mut headers = bench.buffers::<16, 1>();
    let before = bench.machine.mapped();
    let memory: &'static mut _ = Box::leak(Box::new(TargetedMemory::<64, 8>::new()));
    let how = Targeting::by_software(VmId(3), BufferSize::kib(2).expect("a size"));
    let started = bench.port.start_targeted(bench.pool, memory, ring::<8>(), how, &Guest);
    let mut rx = started.expect("nothing can fail").rx;
    let mut device = Device::new(Machine::clone(&bench.machine), before);
    for id in 0..5 {
        let page: &'static mut Page = Box::leak(Box::new(Page([0; 2048])));
        let at = (&raw mut page.0).expose_provenance() as u64;
        device.machine().share(at, 2048);
        rx.share(id, GuestRange { at, len: 2048 }).expect("it is the guest's");
        assert_eq!(rx.refill(&mut headers), 1);
        assert_eq!(device.known(), u32::from(id) + 1);
    }
    let mut burst = TargetedBurst::<8>::new();
    for round in 0..40 {
        let arrived = round % 5 + 1;
        for _ in 0..arrived {
            assert!(device.receive(&FRAME), "round {round}");
        }
        assert_eq!(rx.receive(&mut burst), arrived);
        for frame in burst.drain(..) {
            assert_eq!(frame.header.bytes(), &FRAME[..]);
            rx.give_back(frame.id).expect("delivered");
            headers.put(frame.header).expect("room");
        }
        assert_eq!(rx.refill(&mut headers), arrived);
        assert_eq!(device.known(), 5, "round {round}");
        rx.flush();
        assert_eq!(device.known(), 5);
    }
}
