//! The number of flow counters is a power of two.

use vmdq::fair::FlowQueues;

fn main() {
    let _ = FlowQueues::<100>::new();
}
