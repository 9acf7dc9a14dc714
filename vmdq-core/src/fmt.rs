//! One logging macro over `defmt` and `log`; with both features on, `defmt` wins.
//!
//! It is for what happens once in a while: no decision on a group logs.

/// Logs that an interface or an address came or went.
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

pub(crate) use event;
