//! Only models of the family crates are controllers.

use vmdq::{Platform, Port};

fn number<P: Platform>(platform: P) {
    let _ = unsafe { Port::new(82576, platform) };
}

fn main() {}
