//! Frames that go out again: joined rings ([`vmdq::ring::Exchange`], [`vmdq::ring::InPlace`]) and frames
//! one at a time, on the models, with every register access counted.

#[path = "../common/mod.rs"]
mod common;
#[macro_use]
#[path = "../common/on_every_model.rs"]
mod on_every_model;

mod joined;
mod lies;
mod refused;
mod singly;
mod tails;

use common::{Concrete, Plan, QueuePair, Setup, SimMachine, vm};
use vmdq::ring::{Exchange, InPlace, RxRing, TxRing};
use vmdq_sim::{Sim, SimBus, Testbed, Traced};

type Bus = Traced<SimBus>;
type Machine = SimMachine<Bus>;
type Traces<M> = Setup<M, Machine, Sim>;
type Exchanging = Exchange<RxRing<Machine>, TxRing<Machine>>;
type StayingInPlace = InPlace<RxRing<Machine>, TxRing<Machine>>;

/// A setup with a filter for each queue, whose register accesses are counted from zero.
fn traced<M: Concrete>(bed: Sim, plan: Plan) -> (Traces<M>, Bus) {
    let bus = Traced::new(bed.bus());
    let machine = bed.platform_over(bus.clone());
    let mut setup = Traces::<M>::start_on(bed, machine, plan);
    setup.bind_all();
    bus.reset_counts();
    (setup, bus)
}

/// A setup with rings of a given length, the fewest buffers that both ways of forwarding need, and
/// one queue pair of it taken out.
fn pair<M: Concrete>(bed: Sim, descriptors: usize) -> (Traces<M>, Bus, QueuePair<M, Machine>) {
    let plan = Plan { descriptors, buffers: 2 * descriptors - 1, ..Plan::default() };
    let (mut setup, bus) = traced::<M>(bed, plan);
    let pair = setup.pairs[1].take().expect("the queue runs");
    (setup, bus, pair)
}

/// What has gone out since the last call.
fn sent<M: Concrete>(setup: &mut Traces<M>) -> Vec<Vec<u8>> {
    let _ = setup.bed.settle();
    setup.bed.take_sent().into_iter().map(|sent| sent.bytes).collect()
}

/// Frames with these numbers for the queue pair that was taken out.
fn frames(numbers: std::ops::Range<u32>) -> Vec<Vec<u8>> {
    numbers.map(|i| common::frame(vm(1), i, 60 + (i as usize * 37) % 1400)).collect()
}

on_every_model! { making
    joined:
        every_frame_passes_once_and_in_order,
        dropped_frames_are_left_out,
        frames_over_the_limit_do_not_pass,
        a_full_transmit_ring_keeps_the_rest_waiting,
        rings_come_apart_with_frames_under_way,
        a_panic_loses_nothing;
    refused:
        what_can_not_be_joined_comes_back,
        limits_of_two_ports_are_compared,
        nothing_comes_apart_without_room;
    tails:
        joined_rings_write_two_tails_for_a_batch,
        an_empty_poll_writes_nothing,
        replacing_writes_few_tails,
        a_call_for_nothing_writes_nothing;
    singly:
        frames_are_answered_one_at_a_time,
        a_starved_pool_costs_no_frame,
        what_is_not_sent_comes_back;
    lies:
        any_length_may_be_claimed,
        lies_in_a_row_leave_joined_rings_sound;
}
