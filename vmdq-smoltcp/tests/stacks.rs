//! The examples on each model and on short rings: nothing is lost, and nothing is left behind.

#[path = "../examples/common/mod.rs"]
mod common;

use common::{PINGS, Shape, one_machine, two_machines};
use igb_hal::{I82575, I82576};
use ixgbe_hal::I82598;
use vmdq_hal::device::Model;
use vmdq_sim::Sim;

/// Rings that the stacks fill again and again.
const SHORT: Shape = Shape { descriptors: 8, buffers: 40, config: vmdq_hal::Config::DEFAULT };

fn one<M: Model + Default>(sim: Sim) {
    let (outcome, counters) = one_machine::<M>(sim, Shape::default());
    assert!(outcome.is_complete(), "{outcome}");
    assert_eq!((counters.copies_dropped, counters.received_dropped, counters.sent_dropped), (0, 0, 0));
    // Its address was asked for by broadcast.
    assert!(counters.copies >= 1, "{counters:?}");
}

fn two<M: Model + Default>(sim: Sim) {
    let between = two_machines::<M>(sim, Shape::default());
    assert!(between.machines.is_complete(), "{between:?}");
    assert_eq!(between.station, [PINGS; 2]);
    // Nothing between the machines was on the wire: their answers to the station, and to its ARP requests.
    assert_eq!(between.unicast_on_the_wire, 2 * (usize::from(PINGS) + 1), "{between:?}");
    for counters in between.counters {
        assert_eq!((counters.copies_dropped, counters.sent_dropped), (0, 0), "{counters:?}");
        assert!(counters.copies > 700, "the echo came through the inboxes: {counters:?}");
    }
}

#[test]
fn an_82575_echoes() {
    one::<I82575>(Sim::i82575());
}

#[test]
fn an_82576_echoes() {
    one::<I82576>(Sim::i82576());
}

#[test]
fn an_82598_echoes() {
    one::<I82598>(Sim::i82598());
}

#[test]
fn machines_of_an_82575_reach_each_other() {
    two::<I82575>(Sim::i82575());
}

#[test]
fn machines_of_an_82576_reach_each_other() {
    two::<I82576>(Sim::i82576());
}

#[test]
fn machines_of_an_82598_reach_each_other() {
    two::<I82598>(Sim::i82598());
}

/// Rings of 8 descriptors are full most of the time: the stack waits, and every byte comes back all the same.
#[test]
fn short_rings_slow_down_and_lose_nothing() {
    let (outcome, counters) = one_machine::<I82576>(Sim::i82576(), SHORT);
    assert!(outcome.is_complete(), "{outcome}");
    assert!(counters.stalled > 10, "{counters:?}");
    assert_eq!((counters.copies_dropped, counters.received_dropped, counters.sent_dropped), (0, 0, 0));
}

/// A controller that acts within each register write changes nothing.
#[test]
fn a_controller_that_acts_at_once_echoes() {
    one::<I82576>(Sim::i82576().eager());
    two::<I82576>(Sim::i82576().eager());
}
