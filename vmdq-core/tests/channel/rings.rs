//! One direction: layout, order, exchange, notification, restart, and each thing that can be refused.

use std::sync::atomic::{AtomicU32, Ordering};

use vmdq_core::channel::{
    BackEnd, Corrupt, FrontEnd, GuestBuffer, LayoutError, MOST_ENTRIES, PostError, RespondError,
    ResponseError, Status, Unfit, VERSION, words,
};
use vmdq_core::guest::GuestRange;

use crate::machine::{BASE, ENTRIES, back_end, buffer, shared};

/// Words, by the table in the docs.
const REQUESTS_PRODUCED: usize = 16;
const RESPONSES_PRODUCED: usize = 32;
const REQUEST: usize = 48;
const RESPONSE: usize = REQUEST + 4 * ENTRIES;

fn put(memory: &[AtomicU32], at: usize, value: u32) {
    memory[at].store(value, Ordering::Relaxed);
}

fn front_end(memory: &[AtomicU32]) -> FrontEnd<'_, ENTRIES> {
    FrontEnd::new(memory).unwrap()
}

#[test]
fn words_stand_where_the_table_says() {
    let memory = shared();
    assert_eq!(memory.len(), 48 + 8 * ENTRIES);
    let (mut back, mut front) = (back_end(&memory), front_end(&memory));
    front
        .post_for_exchange(GuestBuffer { id: 3, range: GuestRange { at: 0x12_3456_7000, len: 2048 } })
        .unwrap();
    let posted = back.next().unwrap().unwrap();
    assert_eq!((posted.id(), posted.tag(), posted.may_exchange()), (3, None, true));
    back.complete(posted, 99, Some(0xfff0)).unwrap();
    assert!(front.may_sleep().is_ok_and(|sleep| !sleep) && back.may_sleep().unwrap());
    let word = |at: usize| memory[at].load(Ordering::Relaxed);
    assert_eq!([word(0), word(1)], [VERSION, ENTRIES as u32]);
    assert_eq!([word(16), word(17), word(32), word(33)], [1, 0, 1, 1]);
    assert_eq!([0, 1, 2, 3].map(|at| word(REQUEST + at)), [0x3456_7000, 0x12, 0x0200_0800, 3]);
    assert_eq!([0, 1, 2, 3].map(|at| word(RESPONSE + at)), [0x3456_7000, 0x12, 0x0100_0063, 0xfff0_0003]);
}

#[test]
fn a_layout_that_can_not_be_is_refused() {
    let memory = shared();
    let unlaid = FrontEnd::<ENTRIES>::new(&memory);
    assert_eq!(unlaid.unwrap_err(), LayoutError::Unknown);
    for entries in [0, 3, MOST_ENTRIES + 1, MOST_ENTRIES * 2, u32::MAX] {
        assert_eq!(BackEnd::new(&memory, entries).unwrap_err(), LayoutError::Entries);
    }
    for short in [0, 47, 48, words(8) - 1] {
        assert_eq!(BackEnd::new(&memory[..short], 8).unwrap_err(), LayoutError::TooShort);
    }
    let _back = back_end(&memory);
    assert_eq!(FrontEnd::<4>::new(&memory).unwrap_err(), LayoutError::Unknown);
    front_end(&memory).post(buffer(0)).unwrap();
    assert_eq!(FrontEnd::<ENTRIES>::new(&memory).unwrap_err(), LayoutError::Used);
    put(&memory, 0, VERSION + 1);
    assert_eq!(FrontEnd::<ENTRIES>::new(&memory).unwrap_err(), LayoutError::Unknown);
}

#[test]
fn one_entry_is_a_ring_too() {
    let memory: Vec<_> = (0..words(1)).map(|_| AtomicU32::new(0)).collect();
    let mut back = BackEnd::new(&memory, 1).unwrap();
    let mut front = FrontEnd::<1>::new(&memory).unwrap();
    for length in 1..10 {
        front.post(buffer(0)).unwrap();
        assert_eq!(front.post(buffer(0)), Err(PostError::Posted));
        let posted = back.next().unwrap().unwrap();
        assert!(back.next().is_none());
        back.complete(posted, length, None).unwrap();
        assert_eq!(front.take_done().unwrap().unwrap().length, length);
        assert_eq!(front.take_done(), Ok(None));
    }
}

#[test]
fn a_buffer_that_can_not_be_is_not_posted() {
    let memory = shared();
    let (mut back, mut front) = (back_end(&memory), front_end(&memory));
    let at = |at, len| GuestBuffer { id: 0, range: GuestRange { at, len } };
    assert_eq!(front.post(buffer(ENTRIES as u16)), Err(PostError::Id));
    for bad in [at(BASE, 0), at(BASE, 1 << 24), at(u64::MAX, 1), at(u64::MAX - 10, 12)] {
        assert_eq!(front.post(bad), Err(PostError::Range));
    }
    assert_eq!((front.posted(), front.is_posted(0)), (0, false));
    assert!(back.next().is_none());
    front.post(at(BASE, (1 << 24) - 1)).unwrap();
    assert_eq!((front.posted(), front.is_posted(0)), (1, true));
    assert_eq!(back.next().unwrap().unwrap().range().len, (1 << 24) - 1);
}

#[test]
fn buffers_come_back_in_another_order_and_in_every_way() {
    let memory = shared();
    let (mut back, mut front) = (back_end(&memory), front_end(&memory));
    for id in 0..3 {
        front.post_frame(buffer(id), Some(id)).unwrap();
    }
    let [first, second, third] = [(); 3].map(|()| back.next().unwrap().unwrap());
    assert_eq!((back.held(), second.tag()), (3, Some(1)));
    back.give_back(third, Status::Dropped).unwrap();
    back.complete(first, 2048, Some(7)).unwrap();
    back.give_back(second, Status::Refused).unwrap();
    let done = [(); 3].map(|()| front.take_done().unwrap().unwrap());
    assert_eq!(done.map(|done| done.buffer), [buffer(2), buffer(0), buffer(1)]);
    assert_eq!(done.map(|done| done.status), [Status::Dropped, Status::Done, Status::Refused]);
    assert_eq!(done.map(|done| (done.length, done.tag)), [(0, None), (2048, Some(7)), (0, None)]);
    let counters = back.counters();
    assert_eq!((counters.taken, counters.done, counters.refused, counters.dropped), (3, 1, 1, 1));
    assert_eq!((back.held(), front.posted()), (0, 0));
}

#[test]
fn buffers_are_exchanged_one_for_one() {
    let memory = shared();
    let (mut back, mut front) = (back_end(&memory), front_end(&memory));
    let given = GuestRange { at: 0x77_0000, len: 2048 };
    front.post_for_exchange(buffer(0)).unwrap();
    front.post(buffer(1)).unwrap();
    let posted = back.next().unwrap().unwrap();
    let (why, posted) = back.exchange(posted, GuestRange { len: 4096, ..given }, 60, None).unwrap_err();
    assert_eq!(why, RespondError::OtherLength);
    let (why, posted) = back.exchange(posted, given, 2049, None).unwrap_err();
    assert_eq!(why, RespondError::TooLong);
    assert_eq!(back.exchange(posted, given, 1000, Some(9)), Ok(buffer(0).range));
    let done = front.take_done().unwrap().unwrap();
    assert_eq!(done.buffer, GuestBuffer { id: 0, range: given });
    assert_eq!((done.length, done.tag, done.status), (1000, Some(9), Status::Done));

    // Not without the guest's leave.
    let posted = back.next().unwrap().unwrap();
    let (why, posted) = back.exchange(posted, given, 1000, None).unwrap_err();
    assert_eq!(why, RespondError::NotForExchange);
    back.complete(posted, 1000, None).unwrap();
    assert_eq!(front.take_done().unwrap().unwrap().buffer, buffer(1));
    assert_eq!((back.counters().done, back.counters().exchanged), (2, 1));

    // A buffer that may be exchanged may also come back itself, and the one given can be posted.
    front.post_for_exchange(done.buffer).unwrap();
    let posted = back.next().unwrap().unwrap();
    back.complete(posted, 1, None).unwrap();
    assert_eq!(front.take_done().unwrap().unwrap().buffer, done.buffer);
}

#[test]
fn a_buffer_of_another_channel_is_refused_and_comes_back() {
    let (memory, other) = (shared(), shared());
    let (mut back, mut front) = (back_end(&memory), front_end(&memory));
    let mut stranger = back_end(&other);
    front.post(buffer(0)).unwrap();
    let posted = back.next().unwrap().unwrap();
    let (why, posted) = stranger.complete(posted, 60, None).unwrap_err();
    assert_eq!(why, RespondError::Foreign);
    let (why, posted) = back.complete(posted, 2049, None).unwrap_err();
    assert_eq!(why, RespondError::TooLong);
    back.complete(posted, 2048, None).unwrap();
    assert_eq!(front.take_done().unwrap().unwrap().length, 2048);
}

#[test]
fn a_buffer_of_an_earlier_back_end_on_the_same_words_is_refused() {
    let memory = shared();
    let mut old = back_end(&memory);
    front_end(&memory).post(buffer(0)).unwrap();
    let stale = old.next().unwrap().unwrap();
    let (mut back, mut front) = (back_end(&memory), front_end(&memory));
    // Nor does it pass for one that the new one took.
    for id in 0..2 {
        front.post(buffer(id)).unwrap();
    }
    let posted = back.next().unwrap().unwrap();
    let (why, stale) = back.complete(stale, 60, None).unwrap_err();
    assert_eq!((why, back.held()), (RespondError::Foreign, 1));
    back.complete(posted, 61, None).unwrap();
    let (why, _stale) = back.give_back(stale, Status::Refused).unwrap_err();
    assert_eq!((why, back.held()), (RespondError::Foreign, 0));
    assert_eq!(front.take_done().unwrap().unwrap().length, 61);
    assert_eq!(front.take_done().unwrap(), None);
    // All counts are still right: the next is taken, and the channel is whole.
    let posted = back.next().unwrap().unwrap();
    back.complete(posted, 62, None).unwrap();
    assert_eq!((front.take_done().unwrap().unwrap().length, back.is_corrupt()), (62, false));
}

#[test]
fn who_does_not_ask_is_not_notified() {
    let memory = shared();
    let (mut back, mut front) = (back_end(&memory), front_end(&memory));
    assert!(!front.needs_notify(), "nothing was posted");
    front.post(buffer(0)).unwrap();
    assert!(front.needs_notify(), "the first is always notified");
    assert!(!front.needs_notify(), "once");
    front.post(buffer(1)).unwrap();
    assert!(!front.needs_notify(), "the back-end has not asked again");
    assert_eq!(back.may_sleep(), Ok(false));
    let first = back.next().unwrap().unwrap();
    let second = back.next().unwrap().unwrap();
    assert_eq!(back.may_sleep(), Ok(true));
    front.post(buffer(2)).unwrap();
    front.post(buffer(3)).unwrap();
    assert!(front.needs_notify(), "one of the batch was asked for");
    assert_eq!(back.may_sleep(), Ok(false), "two are there");

    back.complete(first, 60, None).unwrap();
    assert!(back.needs_notify());
    assert!(front.take_done().unwrap().is_some());
    back.complete(second, 60, None).unwrap();
    assert!(!back.needs_notify(), "the guest polls");
    assert!(front.take_done().unwrap().is_some());
    assert_eq!(front.may_sleep(), Ok(true));
    let third = back.next().unwrap().unwrap();
    back.complete(third, 60, None).unwrap();
    assert!(back.needs_notify());
}

#[test]
fn a_count_that_can_not_be_breaks_the_channel_until_a_restart() {
    let jumps: [fn(u32) -> u32; 4] =
        [|n| n.wrapping_add(ENTRIES as u32 + 1), |n| n - 1, |n| n ^ 1 << 31, |_| u32::MAX];
    for jump in jumps {
        let memory = shared();
        let (mut back, mut front) = (back_end(&memory), front_end(&memory));
        front.post(buffer(0)).unwrap();
        let held = back.next().unwrap().unwrap();
        let produced = memory[REQUESTS_PRODUCED].load(Ordering::Relaxed);
        put(&memory, REQUESTS_PRODUCED, jump(produced));
        assert_eq!(back.next(), Some(Err(Unfit::Corrupt)));
        assert_eq!((back.next(), back.is_corrupt()), (None, true));
        assert_eq!(back.may_sleep(), Err(Corrupt));
        // Not even a right count mends it.
        put(&memory, REQUESTS_PRODUCED, produced);
        assert_eq!((back.next(), back.may_sleep()), (None, Err(Corrupt)));
        let (why, held) = back.complete(held, 60, None).unwrap_err();
        assert_eq!(why, RespondError::Corrupt);
        assert_eq!(memory[RESPONSES_PRODUCED].load(Ordering::Relaxed), 0);
        assert_eq!(back.counters().corrupt, 1);

        back.restart();
        let mut front = front_end(&memory);
        front.post(buffer(0)).unwrap();
        let posted = back.next().unwrap().unwrap();
        assert_eq!(posted.range(), held.range());
        assert_eq!(back.complete(held, 60, None).unwrap_err().0, RespondError::Foreign, "of the old life");
        back.complete(posted, 61, None).unwrap();
        assert_eq!(front.take_done().unwrap().unwrap().length, 61);
    }
}

#[test]
fn a_guest_that_posts_more_than_it_can_have_breaks_the_channel() {
    let memory = shared();
    let (mut back, mut front) = (back_end(&memory), front_end(&memory));
    for id in 0..ENTRIES as u16 {
        front.post(buffer(id)).unwrap();
    }
    let held: Vec<_> = (0..ENTRIES).map(|_| back.next().unwrap().unwrap()).collect();
    assert_eq!(back.may_sleep(), Ok(true));
    put(&memory, REQUESTS_PRODUCED, ENTRIES as u32 + 1);
    assert_eq!(back.may_sleep(), Err(Corrupt));
    assert_eq!((back.held(), held.len()), (ENTRIES as u32, ENTRIES));
}

#[test]
fn a_senseless_entry_goes_back_as_refused() {
    let memory = shared();
    let (mut back, mut front) = (back_end(&memory), front_end(&memory));
    for id in 0..3 {
        front.post(buffer(id)).unwrap();
    }
    put(&memory, REQUEST + 2, 1 << 28 | 2048); // a flag that isn't one
    put(&memory, REQUEST + 4 + 2, 0); // no length
    assert_eq!(back.next(), Some(Err(Unfit::Malformed)));
    assert_eq!(back.next(), Some(Err(Unfit::Malformed)));
    let posted = back.next().unwrap().unwrap();
    assert_eq!((posted.id(), back.held()), (2, 1));
    for id in 0..2 {
        let done = front.take_done().unwrap().unwrap();
        assert_eq!((done.buffer, done.length, done.status), (buffer(id), 0, Status::Refused));
    }
    assert_eq!((back.counters().taken, back.counters().malformed), (1, 2));
}

#[test]
fn the_front_end_takes_only_what_it_posted() {
    let memory = shared();
    let (mut back, mut front) = (back_end(&memory), front_end(&memory));
    let respond = |count: u32, words: [u32; 4]| {
        let place = RESPONSE + 4 * ((count - 1) as usize % ENTRIES);
        (0..4).for_each(|at| put(&memory, place + at, words[at]));
        put(&memory, RESPONSES_PRODUCED, count);
    };
    let at = |id| buffer(id).range.at as u32;
    for id in 0..ENTRIES as u16 {
        front.post(buffer(id)).unwrap();
    }
    respond(1, [at(0), 0, 60, 100]);
    assert_eq!(front.take_done(), Err(ResponseError::NotPosted(100)));
    respond(2, [at(0), 0, 60, 0]);
    assert_eq!(front.take_done().unwrap().unwrap().buffer, buffer(0));
    respond(3, [at(0), 0, 60, 0]);
    assert_eq!(front.take_done(), Err(ResponseError::NotPosted(0)), "twice");
    respond(4, [at(1), 0, 2049, 1]);
    assert_eq!(front.take_done(), Err(ResponseError::Garbled(buffer(1))));
    respond(5, [at(2), 0, 3 << 26 | 60, 2]);
    assert_eq!(front.take_done(), Err(ResponseError::Garbled(buffer(2))), "a status that isn't one");
    respond(6, [at(3) + 1, 0, 60, 3]);
    assert_eq!(front.take_done(), Err(ResponseError::Exchanged(buffer(3))));
    assert_eq!(front.posted(), ENTRIES - 4);
    front.post(buffer(1)).unwrap();
    respond(5, [at(4), 0, 60, 4]);
    assert_eq!(front.take_done(), Err(ResponseError::Corrupt), "backwards");
    assert_eq!(front.post(buffer(0)), Err(PostError::Corrupt));
    assert_eq!(front.may_sleep(), Err(ResponseError::Corrupt));
    respond(7, [at(4), 0, 60, 4]);
    assert_eq!(front.take_done(), Err(ResponseError::Corrupt), "for good");
    back.restart();
    front_end(&memory).post(buffer(0)).unwrap();
}

#[test]
fn halves_go_to_other_threads_and_errors_say_what_to_do() {
    fn is_send<T: Send>(_: &T) {}
    let memory = shared();
    is_send(&back_end(&memory));
    is_send(&front_end(&memory));
    let errors: [&dyn core::error::Error; 5] = [
        &LayoutError::Used,
        &PostError::Posted,
        &ResponseError::Garbled(buffer(4)),
        &RespondError::Corrupt,
        &Unfit::Malformed,
    ];
    for error in errors {
        assert!(error.to_string().contains([':', ';']), "{error}");
    }
}
