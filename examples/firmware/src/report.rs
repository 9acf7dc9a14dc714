//! What is printed on the serial port: lines of text, or defmt frames that hold them, and the driver's events
//! between them.

use core::fmt::Display;

/// Why the firmware ends early.
pub struct Stop(pub &'static str);

/// Says why something was refused, and what was to be done: for `map_err`.
pub fn because<E: Display>(what: &'static str) -> impl FnOnce(E) -> Stop {
    move |error| {
        say!("{}", error);
        Stop(what)
    }
}

/// Prints a line.
macro_rules! say {
    ($($part:expr),+) => { $crate::report::line(format_args!($($part),+)) };
}
pub(crate) use say;

/// Prints a line; `say!` calls it.
#[inline(never)]
pub fn line(text: core::fmt::Arguments<'_>) {
    #[cfg(feature = "defmt")]
    defmt::println!("{}", defmt::Display2Format(&text));
    #[cfg(not(feature = "defmt"))]
    {
        use core::fmt::Write;
        // The serial port takes everything.
        let _ = writeln!(Serial, "{text}");
    }
}

#[cfg(not(feature = "defmt"))]
struct Serial;

#[cfg(not(feature = "defmt"))]
impl core::fmt::Write for Serial {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        text.bytes().for_each(crate::arch::put);
        Ok(())
    }
}

#[cfg(feature = "defmt")]
mod frames {
    use core::cell::UnsafeCell;

    use defmt::Encoder;

    struct Shared(UnsafeCell<Encoder>);

    // SAFETY: there is one processor, and nothing is logged while it is interrupted.
    unsafe impl Sync for Shared {}

    static ENCODER: Shared = Shared(UnsafeCell::new(Encoder::new()));

    fn put(bytes: &[u8]) {
        bytes.iter().copied().for_each(crate::arch::put);
    }

    #[defmt::global_logger]
    struct Logger;

    // SAFETY: one message is written at a time, from beginning to end: see `Shared`.
    unsafe impl defmt::Logger for Logger {
        fn acquire() {
            // SAFETY: see `Shared`.
            unsafe { (*ENCODER.0.get()).start_frame(put) }
        }

        unsafe fn flush() {}

        unsafe fn release() {
            // SAFETY: see `Shared`.
            unsafe { (*ENCODER.0.get()).end_frame(put) }
        }

        unsafe fn write(bytes: &[u8]) {
            // SAFETY: see `Shared`.
            unsafe { (*ENCODER.0.get()).write(bytes, put) }
        }
    }
}
