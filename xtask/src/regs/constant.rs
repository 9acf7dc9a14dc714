//! Fields and values that only some devices have: constants of those devices.
//!
//! Were they in `register_bitfields!` with the common ones, a field of another device would compile.

use super::model::{Devices, Field, Register, Value};

/// A field or field value that only some devices have.
pub(crate) struct DeviceConstant<'a> {
    /// Name of the generated constant.
    pub(crate) name: String,
    field: &'a Field,
    value: Option<&'a Value>,
}

/// Lists the fields and values of `register` that `device` has and others lack.
pub(crate) fn device_constants(register: &Register, device: usize) -> Vec<DeviceConstant<'_>> {
    let mut found = Vec::new();
    for field in register.fields.iter().filter(|f| f.is_on(device)) {
        let name = format!("{}_{}", register.name, field.name);
        for value in &field.values {
            let own = field.only.is_some() || value.only.is_some();
            if own && value.only.is_none_or(|only| only.has(device)) {
                let name = format!("{name}_{}", value.name);
                found.push(DeviceConstant { name, field, value: Some(value) });
            }
        }
        if field.only.is_some() {
            found.push(DeviceConstant { name, field, value: None });
        }
    }
    found
}

impl DeviceConstant<'_> {
    /// Returns the devices that have it, of those that have the register.
    pub(crate) fn devices(&self, all: Devices) -> Devices {
        let field = self.field.only.unwrap_or(all);
        let value = self.value.and_then(|v| v.only).unwrap_or(field);
        Devices(field.0 & value.0)
    }

    /// Returns one line for people.
    pub(crate) fn doc(&self, register: &Register) -> String {
        let (name, field) = (&register.name, &self.field.name);
        match self.value {
            Some(value) => format!("`{name}.{field}` = {} here.", value.value),
            None if self.field.doc.is_empty() => format!("Field `{name}.{field}`."),
            None => format!("Field `{name}.{field}`: {}.", self.field.doc.trim_end_matches('.')),
        }
    }

    /// Returns the Rust type of the constant.
    pub(crate) fn rust_type(&self, register: &Register) -> String {
        let kind = if self.value.is_some() { "FieldValue" } else { "Field" };
        format!("{kind}<u32, {}::Register>", register.name)
    }

    /// Returns the constant as a Rust item.
    pub(crate) fn rust(&self, register: &Register) -> String {
        let (mask, shift) = (self.field.mask(), self.field.lo);
        let value = match self.value {
            Some(value) => format!("FieldValue::<u32, _>::new({mask:#x}, {shift}, {:#x})", value.value),
            None => format!("Field::new({mask:#x}, {shift})"),
        };
        format!("const {}: {} = {value};", self.name, self.rust_type(register))
    }
}
