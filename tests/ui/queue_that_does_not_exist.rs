//! The 82575 has four queues.

use vmdq::Resources;
use vmdq::bus::Mmio;
use vmdq::igb::I82575;

fn five(resources: Resources<I82575, Mmio>) {
    let [_q0, _q1, _q2, _q3, _q4] = resources.queues;
}

fn main() {}
