//! Hardware replicates headers on some controllers only.

use vmdq::device::Model;
use vmdq::targeted::HeaderSize;

fn header<M: Model>(model: M) {
    let _ = HeaderSize::new(model, 64);
}

fn main() {}
