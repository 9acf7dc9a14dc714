//! How deep the stack was: the start code fills it with a pattern, and what was used is no longer the pattern.

/// What the start code writes.
const PATTERN: u32 = 0x57ac_57ac;

unsafe extern "C" {
    // The linker script's.
    static __stack_low: u32;
    static __stack_high: u32;
}

fn bounds() -> (*const u32, *const u32) {
    (&raw const __stack_low, &raw const __stack_high)
}

/// Returns the size of the stack, in bytes.
pub fn size() -> usize {
    let (low, high) = bounds();
    high.addr() - low.addr()
}

/// Returns how many bytes were used at most.
pub fn used() -> usize {
    let (low, high) = bounds();
    let mut at = low;
    // SAFETY: inside the stack; the words below what is used hold the pattern.
    while at < high && unsafe { at.read_volatile() } == PATTERN {
        at = at.wrapping_add(1);
    }
    high.addr() - at.addr()
}
