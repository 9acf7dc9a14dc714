//! Frames through a virtual interface: by copy in both directions, and what the guest can get wrong.

use vmdq_core::channel::{
    GuestBuffer, Sent, Status, TakeError, Undelivered, VirtualDriver, VirtualInterface,
};
use vmdq_core::guest::GuestRange;

use std::sync::atomic::{AtomicU32, Ordering};

use crate::machine::{BASE, Call, ENTRIES, LIMIT, Machine, back_end, buffer, frame, limit, shared};

struct Both {
    receive: Vec<AtomicU32>,
    transmit: Vec<AtomicU32>,
}

impl Both {
    fn new() -> Self {
        Self { receive: shared(), transmit: shared() }
    }

    fn ends(&self, vmm: &Machine<'_>) -> (VirtualInterface<'_>, VirtualDriver<'_, ENTRIES>) {
        let (receive, transmit) = (back_end(&self.receive), back_end(&self.transmit));
        let interface = VirtualInterface::new(vmm.vm, receive, transmit, limit());
        (interface, VirtualDriver::new(&self.receive, &self.transmit).unwrap())
    }
}

#[test]
fn a_frame_is_copied_to_the_guest_and_back() {
    let (both, vmm) = (Both::new(), Machine::new());
    let (mut interface, mut driver) = both.ends(&vmm);
    let bytes: Vec<u8> = (0..100).collect();
    driver.post(buffer(5)).unwrap();
    interface.deliver(&vmm, &bytes, Some(3)).unwrap();
    assert!(interface.notify_if_needed(&vmm));
    let done = driver.received().unwrap().unwrap();
    assert_eq!((done.buffer, done.length, done.tag, done.status), (buffer(5), 100, Some(3), Status::Done));
    let mut got = [0; 100];
    vmm.memory.read(done.buffer.range.at, &mut got).unwrap();
    assert_eq!(got[..], bytes);

    let len = u32::from(LIMIT) - 4;
    driver.send(frame(2, len), Some(4)).unwrap();
    vmm.memory.write(frame(2, len).range.at, &bytes).unwrap();
    let mut into = [0xee; LIMIT as usize];
    let sent = interface.take_sent(&vmm, &mut into).unwrap();
    assert_eq!(sent, Ok(Sent { len: len as usize, tag: Some(4) }));
    assert_eq!(into[..100], bytes);
    assert_eq!(into[len as usize..], [0xee; 4]);
    assert!(interface.take_sent(&vmm, &mut into).is_none());
    assert_eq!(interface.may_sleep(), Ok(true));
    let done = driver.reclaim().unwrap().unwrap();
    assert_eq!((done.buffer, done.status), (frame(2, len), Status::Done));
    let counters = interface.counters();
    assert_eq!((counters.delivered, counters.sent, counters.notified), (1, 1, 1));
}

#[test]
fn a_buffer_that_is_no_good_goes_back_and_is_counted() {
    let (both, vmm) = (Both::new(), Machine::new());
    let (mut interface, mut driver) = both.ends(&vmm);
    let mut undelivered = |expected, calls| {
        vmm.calls.borrow_mut().clear();
        assert_eq!(interface.deliver(&vmm, &[1; 60], None), Err(expected));
        assert_eq!(vmm.calls.borrow().len(), calls);
    };
    undelivered(Undelivered::NoBuffer, 0);
    let stolen = GuestBuffer { id: 1, range: GuestRange { at: BASE - 1, len: 2048 } };
    let short = GuestBuffer { id: 2, range: GuestRange { at: BASE, len: 59 } };
    driver.post(stolen).unwrap();
    driver.post(short).unwrap();
    driver.post(buffer(3)).unwrap();
    both.receive[48 + 2 * 4 + 2].store(0, Ordering::Relaxed);
    undelivered(Undelivered::NotOwned, 1);
    undelivered(Undelivered::BufferTooShort, 0);
    undelivered(Undelivered::Malformed, 0);
    for expected in [stolen, short, buffer(3)] {
        let done = driver.received().unwrap().unwrap();
        assert_eq!((done.buffer, done.length, done.status), (expected, 0, Status::Refused));
    }
    both.receive[16].store(100, Ordering::Relaxed);
    undelivered(Undelivered::Corrupt, 0);
    undelivered(Undelivered::Corrupt, 0);
    let counters = interface.counters();
    assert_eq!((counters.no_buffer, counters.buffer_not_owned), (1, 1));
    assert_eq!((counters.buffer_too_short, counters.buffer_malformed), (1, 1));
    assert_eq!((counters.receive_corrupt, counters.delivered), (2, 0));
    assert!(interface.is_corrupt());

    // The other direction goes on, and after a restart both do.
    driver.send(frame(0, 60), None).unwrap();
    assert!(interface.take_sent(&vmm, &mut [0; 1518]).unwrap().is_ok());
    interface.restart();
    let mut driver = VirtualDriver::<ENTRIES>::new(&both.receive, &both.transmit).unwrap();
    driver.post(buffer(0)).unwrap();
    interface.deliver(&vmm, &[1; 60], None).unwrap();
    assert!(!interface.is_corrupt() && driver.received().unwrap().is_some());
}

#[test]
fn a_frame_that_is_no_good_goes_back_and_is_counted() {
    let (both, vmm) = (Both::new(), Machine::new());
    let (mut interface, mut driver) = both.ends(&vmm);
    let tagged = |id| {
        vmm.memory.write(frame(id, 0).range.at + 12, &[0x81, 0]).unwrap();
        id
    };
    let stolen = GuestBuffer { id: 7, range: GuestRange { at: BASE - 100, len: 200 } };
    for (posted, expected, calls) in [
        (frame(0, 13), Err(TakeError::TooShort), 0),
        (frame(0, 14), Ok(14), 1),
        (frame(0, 1514), Ok(1514), 1),
        (frame(0, 1515), Err(TakeError::TooLong), 1),
        (frame(0, 1519), Err(TakeError::TooLong), 0),
        (frame(tagged(1), 1518), Ok(1518), 1),
        (frame(1, 1519), Err(TakeError::TooLong), 0),
        (frame(1, (1 << 24) - 1), Err(TakeError::TooLong), 0),
        (stolen, Err(TakeError::NotOwned), 1),
    ] {
        vmm.calls.borrow_mut().clear();
        driver.send(posted, None).unwrap();
        let sent = interface.take_sent(&vmm, &mut [0; 1518]).unwrap();
        assert_eq!(sent.map(|sent| sent.len), expected, "{posted:?}");
        assert_eq!(vmm.calls.borrow().len(), calls);
        let status = if expected.is_ok() { Status::Done } else { Status::Refused };
        let done = driver.reclaim().unwrap().unwrap();
        assert_eq!((done.buffer, done.status), (posted, status));
    }
    // Memory of the I/O container that is too small bounds the copy, too.
    driver.send(frame(0, 100), None).unwrap();
    assert_eq!(interface.take_sent(&vmm, &mut [0; 99]), Some(Err(TakeError::TooLong)));

    both.transmit[16].store(5000, Ordering::Relaxed);
    assert_eq!(interface.take_sent(&vmm, &mut [0; 1518]), Some(Err(TakeError::Corrupt)));
    assert_eq!(interface.take_sent(&vmm, &mut [0; 1518]), None);
    let counters = interface.counters();
    assert_eq!((counters.sent, counters.frame_too_short, counters.frame_too_long), (3, 1, 5));
    assert_eq!((counters.frame_not_owned, counters.transmit_corrupt), (1, 1));
}

#[test]
fn an_entry_that_changes_meanwhile_changes_nothing() {
    let (both, vmm) = (Both::new(), Machine::new());
    let (mut interface, mut driver) = both.ends(&vmm);
    *vmm.meanwhile.borrow_mut() = Box::new(|| {
        for word in both.receive[48..].iter().chain(&both.transmit[48..]) {
            word.store(u32::MAX, Ordering::Relaxed);
        }
    });
    driver.post(buffer(1)).unwrap();
    driver.send(frame(2, 77), Some(6)).unwrap();
    interface.deliver(&vmm, &[1; 60], None).unwrap();
    assert_eq!(driver.received().unwrap().unwrap().buffer, buffer(1));
    // The guest's own posted frame is spoilt by now; it posts another.
    assert_eq!(interface.take_sent(&vmm, &mut [0; 1518]), Some(Err(TakeError::Malformed)));
    driver.send(frame(3, 78), Some(6)).unwrap();
    let sent = interface.take_sent(&vmm, &mut [0; 1518]).unwrap();
    assert_eq!(sent, Ok(Sent { len: 78, tag: Some(6) }));
    let expected = [Call::Write(GuestRange { len: 60, ..buffer(1).range }), Call::Read(frame(3, 78).range)];
    assert_eq!(*vmm.calls.borrow(), expected);
}

#[test]
fn a_batch_is_one_notification_and_a_busy_guest_gets_none() {
    let (both, vmm) = (Both::new(), Machine::new());
    let (mut interface, mut driver) = both.ends(&vmm);
    for id in 0..4 {
        driver.post(buffer(id)).unwrap();
        driver.send(frame(id, 60), None).unwrap();
    }
    assert!(driver.needs_notify());
    assert!(!driver.needs_notify(), "both directions were notified at once");
    assert!(!interface.notify_if_needed(&vmm), "nothing to tell");
    for _ in 0..2 {
        interface.deliver(&vmm, &[0; 60], None).unwrap();
        interface.take_sent(&vmm, &mut [0; 1518]).unwrap().unwrap();
    }
    assert!(interface.notify_if_needed(&vmm));
    interface.deliver(&vmm, &[0; 60], None).unwrap();
    assert!(!interface.notify_if_needed(&vmm), "the guest has not asked since");
    while driver.received().unwrap().is_some() {}
    while driver.reclaim().unwrap().is_some() {}
    assert_eq!(driver.may_sleep(), Ok(true));
    interface.take_sent(&vmm, &mut [0; 1518]).unwrap().unwrap();
    assert!(interface.notify_if_needed(&vmm), "either direction wakes it");
    assert_eq!((driver.may_sleep(), vmm.notified.get()), (Ok(false), 2));
    assert_eq!((interface.counters().notified, interface.counters().suppressed), (2, 1));
}

#[test]
fn targeted_buffers_are_filled_where_they_are() {
    let (both, vmm) = (Both::new(), Machine::new());
    let (mut interface, mut driver) = both.ends(&vmm);
    for id in 0..3 {
        driver.post(buffer(id)).unwrap();
    }
    let mut shared: Vec<_> = (0..3).map(|_| interface.receive().next().unwrap().unwrap()).collect();
    // The controller fills the second and the first; the third is given back unused.
    for (at, length) in [(1, 90), (0, 80)] {
        let posted = shared.remove(at);
        interface.receive().complete(posted, length, None).unwrap();
    }
    interface.receive().give_back(shared.remove(0), Status::Dropped).unwrap();
    let done = [(); 3].map(|()| driver.received().unwrap().unwrap());
    assert_eq!(done.map(|done| (done.buffer.id, done.length)), [(1, 90), (0, 80), (2, 0)]);
    assert!(vmm.calls.borrow().is_empty(), "nothing is copied");
}
