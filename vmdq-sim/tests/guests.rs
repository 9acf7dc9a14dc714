//! Memory of virtual machines: who may reach what, and what is noticed.

use core::sync::atomic::Ordering;

use vmdq_hal::vmm::{GuestMemory, GuestRange, NotOwned, VmId, Vmm};
use vmdq_sim::{Guest, GuestRule, Guests, Sim, Testbed};

const PAGE: u32 = 4096;

fn two() -> (Guests, Guest, Guest) {
    let guests = Guests::new();
    let (red, blue) = (guests.add(4), guests.add(4));
    (guests, red, blue)
}

fn rules(guests: &Guests) -> Vec<GuestRule> {
    guests.violations().iter().map(|violation| violation.rule).collect()
}

#[test]
fn only_the_own_pages_are_a_machine_s() {
    let (guests, red, blue) = two();
    let all = red.memory();
    let page = |number: u64| GuestRange { at: all.at + number * u64::from(PAGE), len: PAGE };
    assert_eq!(all.len, 4 * PAGE);
    assert!(!all.overlaps(blue.memory()));
    for (range, owned) in [
        (all, true),
        (page(3), true),
        (GuestRange { at: page(4).at - 1, len: 1 }, true),
        (GuestRange { at: page(4).at - 1, len: 2 }, false),
        (page(4), false),
        (GuestRange { at: all.at - 1, len: 2 }, false),
        (blue.memory(), false),
        (GuestRange { at: u64::MAX, len: 1 }, false),
        (GuestRange { at: u64::MAX - 3, len: u32::MAX }, false),
        (GuestRange { at: all.at, len: u32::MAX }, false),
        (GuestRange { at: 0, len: 1 }, false),
    ] {
        assert_eq!(guests.validate(red.vm(), range).is_ok(), owned, "{range:?}");
        let mut byte = [0];
        assert_eq!(red.read(range.at, &mut byte).is_ok() && range.len == 1, owned && range.len == 1);
    }
    assert_eq!(guests.validate(VmId(2), page(0)), Err(NotOwned));

    red.release(GuestRange { at: page(1).at - 1, len: PAGE + 2 });
    for (number, owned) in [(0, true), (1, false), (2, true)] {
        assert_eq!(guests.validate(red.vm(), page(number)).is_ok(), owned);
    }
    assert_eq!(guests.validate(red.vm(), all), Err(NotOwned));
    assert!(rules(&guests).is_empty());
}

#[test]
fn copies_are_counted_and_stay_inside() {
    let (guests, red, blue) = two();
    let (before, other) = (red.snapshot(), blue.snapshot());
    let buffer = red.alloc(100, 64).unwrap();
    let frame: Vec<u8> = (1..=77).collect();
    guests.write(red.vm(), buffer.at + 3, &frame).unwrap();
    let mut back = [0; 77];
    guests.read(red.vm(), buffer.at + 3, &mut back).unwrap();
    assert_eq!(back, *frame);
    assert_eq!(red.differences(&before), [GuestRange { at: buffer.at + 3, len: 77 }]);

    assert_eq!(guests.write(blue.vm(), buffer.at, &frame), Err(NotOwned));
    let end = red.memory().end().unwrap();
    assert_eq!(guests.write(red.vm(), end - 76, &frame), Err(NotOwned));
    assert_eq!(guests.read(red.vm(), end - 76, &mut back), Err(NotOwned));
    assert!(blue.differences(&other).is_empty());
    assert_eq!(red.differences(&before).len(), 1);

    guests.notify(red.vm());
    assert_eq!((red.notified(), blue.notified()), (1, 0));
    let counters = guests.counters(red.vm());
    assert_eq!((counters.read, counters.written, counters.refused, counters.notified), (77, 77, 2, 1));
    assert_eq!(guests.counters(blue.vm()).refused, 1);
}

#[test]
fn allocations_are_apart_and_end_with_the_memory() {
    let (_, red, _) = two();
    let mut taken = vec![red.alloc(1, 1).unwrap()];
    while let Some(range) = red.alloc(1000, 256) {
        assert!(range.at.is_multiple_of(256) && !range.overlaps(taken[taken.len() - 1]));
        taken.push(range);
    }
    assert_eq!(taken.len(), 16);
    assert!(red.alloc(u32::MAX, 1).is_none() && red.alloc(1, u64::MAX).is_none());
}

#[test]
fn words_are_the_guest_s_memory() {
    let (guests, red, blue) = two();
    let range = red.alloc(64, 64).unwrap();
    let words = red.words(range).unwrap();
    assert_eq!(words.len(), 16);
    words[1].store(0x0102_0304, Ordering::Relaxed);
    let mut bytes = [0; 4];
    guests.read(red.vm(), range.at + 4, &mut bytes).unwrap();
    assert_eq!(u32::from_ne_bytes(bytes), 0x0102_0304);
    assert_eq!(blue.words(range).err(), Some(NotOwned));
    assert_eq!(red.words(GuestRange { at: range.at + 2, len: 8 }).err(), Some(NotOwned));
}

#[test]
fn mapping_is_checked() {
    let (guests, red, blue) = two();
    let dma = Sim::i82598().dma();
    let range = red.alloc(2048, 2048).unwrap();
    let next = red.alloc(2048, 2048).unwrap();
    let bus = guests.map(red.vm(), range, &dma).unwrap();
    guests.map(red.vm(), next, &dma).unwrap();
    assert_eq!(guests.counters(red.vm()).mapped, 2);
    assert!(rules(&guests).is_empty());

    assert!(guests.map(blue.vm(), range, &dma).is_none());
    assert!(guests.map(red.vm(), GuestRange { at: range.at + 2047, len: 1 }, &dma).is_none());
    assert!(guests.map(red.vm(), red.memory(), &dma).is_none());
    // SAFETY: no device has it; what is wrong is to be noticed.
    unsafe { guests.unmap(red.vm(), range, bus + 1, &dma) };
    // SAFETY: no device has it; what is wrong is to be noticed.
    unsafe { guests.unmap(red.vm(), GuestRange { len: 1024, ..range }, bus, &dma) };
    // SAFETY: no device has it; what is wrong is to be noticed.
    unsafe { guests.unmap(blue.vm(), range, bus, &dma) };
    // What is mapped already is refused and no fault: two rings of one machine may ask for it.
    assert_eq!(rules(&guests), [&[GuestRule::MapOutside][..], &[GuestRule::NotMapped; 3]].concat());

    // SAFETY: no device has it; what is wrong is to be noticed.
    unsafe { guests.unmap(red.vm(), range, bus, &dma) };
    // SAFETY: no device has it; what is wrong is to be noticed.
    unsafe { guests.unmap(red.vm(), range, bus, &dma) };
    assert_eq!(rules(&guests).len(), 5);
    guests.remove(blue.vm());
    assert_eq!(rules(&guests).len(), 5);
    guests.remove(red.vm());
    assert_eq!(rules(&guests).last(), Some(&GuestRule::FreedWhileMapped));
    assert_eq!(guests.violations().last().unwrap().range, next);
    assert_eq!(guests.validate(red.vm(), range), Err(NotOwned));
}
