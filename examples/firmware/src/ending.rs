//! How a program ends: with a status that QEMU exits with, and how deep the stack was.

use core::panic::PanicInfo;

use crate::report::{Stop, say};
use crate::{arch, stack};

/// QEMU's exit status if all went well.
const PASSED: u8 = 33;
const FAILED: u8 = 35;

/// Ends the program with what it came to.
pub fn end(result: Result<(), Stop>) -> ! {
    let status = match result {
        Ok(()) => PASSED,
        Err(Stop(why)) => {
            say!("stopped: {}", why);
            FAILED
        }
    };
    say!("stack: {} of {} bytes", stack::used(), stack::size());
    arch::exit(status)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    say!("{}", info);
    arch::exit(FAILED)
}
