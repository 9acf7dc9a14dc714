//! A targeted ring of a stopped pool shares nothing.

use vmdq::igb::I82576;
use vmdq::targeted::TargetedRing;
use vmdq::vmm::{GuestRange, Vmm};
use vmdq::{FilterTable, Platform, Started};

fn stopped<P: Platform, V: Vmm>(
    mut started: Started<I82576, P, TargetedRing<P, V>>,
    table: FilterTable<I82576, P>,
) {
    let _ = started.stop(&table, drop);
    let _ = started.rx.share(0, GuestRange { at: 0, len: 2048 });
}

fn main() {}
