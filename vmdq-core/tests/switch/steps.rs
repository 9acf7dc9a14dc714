//! What happens to random switches.

use std::collections::BTreeSet;

use proptest::prelude::*;
use vmdq_core::MacAddress;

use crate::mac;
use crate::model::{Carried, Traffic, VLANS};

/// Interfaces that may be there at once.
pub(crate) const PLACES: usize = 6;

fn carried() -> impl Strategy<Value = (Carried, bool)> {
    let vlan = prop::sample::select(&VLANS[..]);
    let tagged = prop::sample::subsequence(&VLANS[1..], 0..=3);
    prop_oneof![
        vlan.clone().prop_map(|id| (Carried { untagged: Some(id), tagged: BTreeSet::new() }, true)),
        (prop::option::of(vlan), tagged).prop_map(|(untagged, tagged)| {
            (Carried { untagged, tagged: tagged.into_iter().collect() }, false)
        }),
        Just((Carried { untagged: Some(0), tagged: BTreeSet::from([10, 20, 30]) }, false)),
    ]
}

/// What can happen to a switch.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    BindPhysical((Carried, bool), u8),
    /// VLANs, whether it learns, and whether it is tied to an uplink (and to which).
    BindVirtual((Carried, bool), bool, Option<usize>),
    Unbind(usize),
    BindAddress(usize, u8),
    UnbindAddress(usize, u8),
    Bridge(bool),
    Pass(u64),
    Sweep,
    Group(Traffic),
}

fn address() -> impl Strategy<Value = MacAddress> {
    prop_oneof![
        12 => (1..9u8).prop_map(mac),
        1 => Just(MacAddress::BROADCAST),
        1 => Just(MacAddress([1, 0, 0x5e, 0, 0, 1])),
        1 => (0..17u8).prop_map(|last| MacAddress([1, 0x80, 0xc2, 0, 0, last])),
        1 => Just(MacAddress([0; 6])),
    ]
}

fn traffic() -> impl Strategy<Value = Traffic> {
    let tag = prop_oneof![
        Just(None),
        prop::sample::select(vec![0, 10, 20, 30, 40, 0xfff, 0xa000, 0xa00a]).prop_map(Some)
    ];
    let rare = || prop::bool::weighted(0.05);
    let place = (0..PLACES, 0..PLACES, 0..4u8, prop::bool::weighted(0.95));
    let header = (tag, any::<bool>(), address(), address(), rare());
    (place, header, rare(), 1..65u64).prop_map(
        |((from, to, kind, fits), (tag, inside, destination, source, cut), error, frames)| Traffic {
            from,
            to,
            kind,
            tag,
            inside,
            error,
            frames,
            destination,
            source,
            cut,
            fits,
        },
    )
}

/// One thing that happens.
pub(crate) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (carried(), 0..3u8).prop_map(|(vlans, unknown)| Step::BindPhysical(vlans, unknown)),
        2 => (carried(), any::<bool>(), prop::option::of(0..PLACES))
            .prop_map(|(vlans, learns, tie)| Step::BindVirtual(vlans, learns, tie)),
        1 => (0..PLACES).prop_map(Step::Unbind),
        3 => (0..PLACES, 1..9u8).prop_map(|(at, address)| Step::BindAddress(at, address)),
        1 => (0..PLACES, 1..9u8).prop_map(|(at, address)| Step::UnbindAddress(at, address)),
        1 => any::<bool>().prop_map(Step::Bridge),
        1 => (0..80u64).prop_map(Step::Pass),
        1 => Just(Step::Sweep),
        30 => traffic().prop_map(Step::Group),
    ]
}
