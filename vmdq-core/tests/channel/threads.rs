//! Guest and I/O container on threads of their own, asleep whenever they may be.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use vmdq_core::channel::{GuestBuffer, Status, TakeError, VirtualDriver, VirtualInterface};
use vmdq_core::guest::{GuestMemory, GuestRange, NotOwned, VmId};

use crate::machine::{ENTRIES, Memory, back_end, buffer, limit, shared};

/// Frames that go to the guest and back.
const FRAMES: u32 = 10_000;

/// A wake-up that stays until it is taken.
#[derive(Default)]
struct Bell(AtomicBool);

impl Bell {
    fn ring(&self, who: &Thread) {
        self.0.store(true, Ordering::Release);
        who.unpark();
    }

    fn wait(&self) {
        while !self.0.swap(false, Ordering::Acquire) {
            // The time only turns a lost wake-up into a failure instead of a hang.
            let before = std::time::Instant::now();
            thread::park_timeout(Duration::from_secs(60));
            assert!(before.elapsed() < Duration::from_secs(60), "nobody woke us: a wake-up was lost");
        }
    }
}

struct Platform<'a> {
    memory: &'a Memory,
    bell: &'a Bell,
    guest: Thread,
}

impl GuestMemory for Platform<'_> {
    fn validate(&self, _: VmId, range: GuestRange) -> Result<(), NotOwned> {
        self.memory.read(range.at, &mut vec![0; range.len as usize])
    }

    fn read(&self, _: VmId, at: u64, into: &mut [u8]) -> Result<(), NotOwned> {
        self.memory.read(at, into)
    }

    fn write(&self, _: VmId, at: u64, from: &[u8]) -> Result<(), NotOwned> {
        self.memory.write(at, from)
    }

    fn notify(&self, _: VmId) {
        self.bell.ring(&self.guest);
    }
}

/// What frame number `number` contains: its length depends on the number, too.
fn content(number: u32) -> Vec<u8> {
    number.to_le_bytes().iter().copied().cycle().take(16 + number as usize % 100).collect()
}

/// A guest that sends each frame back from the buffer in which it came.
fn guest(receive: &[AtomicU32], transmit: &[AtomicU32], bell: &Bell, kick: impl Fn()) {
    let mut driver = VirtualDriver::<ENTRIES>::new(receive, transmit).unwrap();
    for id in 0..ENTRIES as u16 {
        driver.post(buffer(id)).unwrap();
    }
    let mut reclaimed = 0;
    while reclaimed < FRAMES {
        while let Some(done) = driver.reclaim().unwrap() {
            assert_eq!(done.status, Status::Done);
            reclaimed += 1;
            driver.post(buffer(done.buffer.id)).unwrap();
        }
        while let Some(done) = driver.received().unwrap() {
            let GuestBuffer { id, range } = done.buffer;
            assert_eq!(done.status, Status::Done);
            driver
                .send(GuestBuffer { id, range: GuestRange { len: done.length, ..range } }, done.tag)
                .unwrap();
        }
        if driver.needs_notify() {
            kick();
        }
        if reclaimed < FRAMES && driver.may_sleep().unwrap() {
            bell.wait();
        }
    }
}

#[test]
fn frames_go_to_a_guest_and_back_while_both_sleep() {
    let (receive, transmit, memory) = (shared(), shared(), Memory::new());
    let mut interface = VirtualInterface::new(VmId(1), back_end(&receive), back_end(&transmit), limit());
    let (guest_bell, container_bell) = (Bell::default(), Bell::default());
    let container = thread::current();
    thread::scope(|scope| {
        let guest =
            scope.spawn(|| guest(&receive, &transmit, &guest_bell, || container_bell.ring(&container)));
        let vmm = Platform { memory: &memory, bell: &guest_bell, guest: guest.thread().clone() };
        let (mut given, mut taken) = (0, 0);
        let mut into = [0; 1518];
        while taken < FRAMES {
            let batch = interface.counters().delivered + ENTRIES as u64;
            let mut starved = false;
            while given < FRAMES && interface.counters().delivered < batch {
                if interface.deliver(&vmm, &content(given), Some(given as u16)).is_err() {
                    starved = true;
                    break;
                }
                given += 1;
            }
            while let Some(sent) = interface.take_sent(&vmm, &mut into) {
                let sent = sent.unwrap();
                assert_eq!(sent.tag, Some(taken as u16));
                assert_eq!(into[..sent.len], content(taken));
                taken += 1;
            }
            interface.notify_if_needed(&vmm);
            let out_of_work = starved || given == FRAMES;
            if taken < FRAMES
                && out_of_work
                && interface.may_sleep().unwrap()
                && (given == FRAMES || interface.receive().may_sleep().unwrap())
            {
                container_bell.wait();
            }
        }
        guest.join().unwrap();
    });
    let counters = interface.counters();
    assert_eq!((counters.delivered, counters.sent), (u64::from(FRAMES), u64::from(FRAMES)));
    assert!(!interface.is_corrupt());
    assert_eq!((interface.receive().held(), interface.transmit().held()), (0, 0));
}

/// A guest on another processor writes garbage all the time; the I/O container stays whole, and its
/// books balance.
#[test]
fn garbage_from_another_processor_harms_nobody() {
    const SCRIBBLES: usize = 300_000;
    let (receive, transmit, memory) = (shared(), shared(), Memory::new());
    let mut interface = VirtualInterface::new(VmId(1), back_end(&receive), back_end(&transmit), limit());
    let bell = Bell::default();
    thread::scope(|scope| {
        let guest = scope.spawn(|| {
            let mut random = 0x2545_f491_4f6c_dd1du64;
            for count in 0..SCRIBBLES {
                if count % 16 == 0 {
                    thread::yield_now(); // where there is one processor only
                }
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                let words = if random & 1 == 0 { &receive } else { &transmit };
                let (at, value) = ((random >> 8) as usize % words.len(), (random >> 32) as u32);
                if at < 48 {
                    // Mostly a count that grows as it should.
                    let next = words[16].load(Ordering::Relaxed).wrapping_add(1);
                    words[16].store(if random & 0x1f0 == 0 { value } else { next }, Ordering::Relaxed);
                } else {
                    // Mostly what looks like an entry.
                    let frame = buffer(0).range.at as u32 + (value & 0xfff);
                    let plausible = [frame, 0, value & 0xfff, value & 7];
                    words[at].store(
                        if random & 0x1f0 == 0 { value } else { plausible[at % 4] },
                        Ordering::Relaxed,
                    );
                }
            }
        });
        let vmm = Platform { memory: &memory, bell: &bell, guest: guest.thread().clone() };
        let (mut calls, mut sent, mut refused, mut corrupt, mut into) = (0, 0, 0, 0, [0; 1518]);
        while !guest.is_finished() {
            thread::yield_now();
            calls += 1;
            let _ = interface.deliver(&vmm, &[0xa5; 60], None);
            match interface.take_sent(&vmm, &mut into) {
                Some(Ok(frame)) => {
                    assert!((14..=1518).contains(&frame.len));
                    sent += 1;
                }
                Some(Err(TakeError::Corrupt)) => corrupt += 1,
                Some(Err(_)) => refused += 1,
                None => {}
            }
            let _ = interface.may_sleep();
            interface.notify_if_needed(&vmm);
            if interface.is_corrupt() {
                interface.restart();
            }
        }
        let counters = interface.counters();
        let of_guest = [
            counters.frame_too_short,
            counters.frame_too_long,
            counters.frame_not_owned,
            counters.frame_malformed,
        ];
        assert_eq!((of_guest.iter().sum(), counters.sent), (refused, sent));
        // `may_sleep` can have found the rest.
        assert!(counters.transmit_corrupt == corrupt && corrupt <= interface.transmit().counters().corrupt);
        let delivers = [
            counters.delivered,
            counters.no_buffer,
            counters.buffer_too_short,
            counters.buffer_not_owned,
            counters.buffer_malformed,
            counters.receive_corrupt,
        ];
        assert_eq!(delivers.iter().sum::<u64>(), calls);
        for counters in [interface.receive().counters(), interface.transmit().counters()] {
            assert_eq!(counters.taken, counters.done + counters.refused + counters.dropped);
        }
    });
}
