//! The last register of an array is inside the window, also where 32 bits would wrap.

use vmdq::reg::Window;

const WRAPS: Window = Window::new(0, 0x2_0000, 0x8001);

fn main() {
    let _ = WRAPS;
}
