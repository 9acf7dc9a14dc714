//! One pair of logging macros over `defmt` and `log`; with both features on, `defmt` wins.

/// Logs a warning: something that the datasheet rules out, that failed, or that cost a frame.
#[macro_export]
#[doc(hidden)]
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
#[macro_export]
#[doc(hidden)]
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
