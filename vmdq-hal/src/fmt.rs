//! One pair of logging macros over `defmt` and `log`; with both features on, `defmt` wins.
//!
//! They are for what happens once in a while: nothing that is done for each frame or burst logs.

/// Logs something that the datasheet rules out, or that failed.
macro_rules! warning {
    ($text:literal $(, $arg:expr)* $(,)?) => {{
        #[cfg(feature = "defmt")]
        defmt::warn!($text $(, $arg)*);
        #[cfg(all(feature = "log", not(feature = "defmt")))]
        log::warn!($text $(, $arg)*);
        #[cfg(not(any(feature = "defmt", feature = "log")))]
        { $( let _ = &$arg; )* }
    }};
}

/// Logs an event of a port's life.
macro_rules! event {
    ($text:literal $(, $arg:expr)* $(,)?) => {{
        #[cfg(feature = "defmt")]
        defmt::info!($text $(, $arg)*);
        #[cfg(all(feature = "log", not(feature = "defmt")))]
        log::info!($text $(, $arg)*);
        #[cfg(not(any(feature = "defmt", feature = "log")))]
        { $( let _ = &$arg; )* }
    }};
}

pub(crate) use {event, warning};
