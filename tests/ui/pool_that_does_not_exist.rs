//! The 82575 has four pools.

use vmdq::igb::I82575;
use vmdq::{Platform, Resources};

fn five<P: Platform>(resources: Resources<I82575, P>) {
    let [_p0, _p1, _p2, _p3, _p4] = resources.pools;
}

fn main() {}
