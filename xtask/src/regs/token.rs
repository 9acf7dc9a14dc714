//! A register's token as Rust: its type, and the value that makes it.

use super::model::{Place, Register};

/// Returns the type of a register's token on a device, and its access kind.
pub(crate) fn token_kind(register: &Register, device: usize) -> (&'static str, &'static str) {
    let Some(instance) = &register.on[device] else { return ("", "") };
    let token = if matches!(instance.place, Place::Array(_)) { "RegArray" } else { "Reg" };
    (token, instance.access.rust())
}

/// Writes the token of a place.
pub(crate) fn token_value(place: &Place) -> String {
    match place {
        Place::Single(at) => format!("Reg::new({at:#x})"),
        Place::Array(windows) => {
            let news =
                windows.iter().map(|w| format!("Window::new({:#x}, {:#x}, {})", w.base, w.stride, w.len));
            let constructor = if windows.len() == 1 { "new" } else { "split" };
            format!("RegArray::{constructor}({})", news.collect::<Vec<_>>().join(", "))
        }
    }
}
