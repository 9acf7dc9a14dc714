//! An `Io` lets registers be written behind the port's back: nobody makes one without `unsafe`.

use vmdq::{Io, Platform};

fn reach<P: Platform>(platform: &P) {
    let _ = Io::new(platform);
}

fn main() {}
