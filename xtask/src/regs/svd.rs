//! Writes one device as CMSIS-SVD, for viewers: an export, never a source.
//!
//! An array is an SVD list (`RAL%s`). SVD has no array in two windows: the later copies are a second
//! list, `RAL_HI%s`, whose indices go on. SVD can't say that a write hands memory to the device: the
//! description does. Other addresses of a register stand in its description too.

use svd_rs::{
    Access as SvdAccess, AddressBlock, AddressBlockUsage, BitRange, BitRangeType, Device, DimElement,
    EnumeratedValue, EnumeratedValues, FieldInfo, MaybeArray, ModifiedWriteValues, PeripheralInfo,
    ReadAction, RegisterCluster, RegisterInfo, RegisterProperties, SvdError, ValidateLevel,
};

use super::error::Error;
use super::model::{Access, Family, Field, Instance, Place, Register, WINDOW};

const STRICT: ValidateLevel = ValidateLevel::Strict;

/// Returns a device's SVD text.
pub(crate) fn write(family: &Family, device: usize) -> Result<String, Error> {
    let failed = |message: String| Error::Svd { device: family.devices[device].clone(), message };
    let tree = build(family, device).map_err(|e| failed(e.to_string()))?;
    svd_encoder::encode(&tree).map_err(|e| failed(e.to_string()))
}

fn build(family: &Family, device: usize) -> Result<Device, SvdError> {
    let mut registers = Vec::new();
    for register in &family.registers {
        if let Some(instance) = &register.on[device] {
            registers.extend(copies(family, register, instance, device)?);
        }
    }
    let block = AddressBlock::builder().offset(0).size(WINDOW).usage(AddressBlockUsage::Registers);
    let nic = PeripheralInfo::builder()
        .name("NIC".into())
        .description(Some(format!("Register window (BAR 0) of the {}", family.devices[device])))
        .base_address(0)
        .address_block(Some(vec![block.build(STRICT)?]))
        .registers(Some(registers))
        .build(STRICT)?;
    Device::builder()
        .vendor(Some("Intel".into()))
        .name(family.type_name(device))
        .version(env!("CARGO_PKG_VERSION").into())
        .description(format!("One of the {}", family.doc))
        .schema_version("1.3".into())
        .no_namespace_schema_location("CMSIS-SVD.xsd".into())
        .address_unit_bits(8)
        .width(32)
        .default_register_properties(RegisterProperties::new().size(Some(32)))
        .peripherals(vec![MaybeArray::Single(nic)])
        .build(STRICT)
}

fn copies(
    family: &Family,
    register: &Register,
    instance: &Instance,
    device: usize,
) -> Result<Vec<RegisterCluster>, SvdError> {
    let Place::Array(windows) = &instance.place else {
        let at = instance.place.offsets()[0] as u32;
        let info = info(family, register, instance, device, register.name.clone(), at)?;
        return Ok(vec![RegisterCluster::Register(info.single())]);
    };
    let mut lists = Vec::new();
    let mut first = 0;
    for window in windows {
        let name =
            if first == 0 { format!("{}%s", register.name) } else { format!("{}_HI%s", register.name) };
        let mut dim = DimElement::builder().dim(window.len).dim_increment(window.stride);
        if first != 0 {
            dim = dim.dim_index(Some((first..first + window.len).map(|i| i.to_string()).collect()));
        }
        let info = info(family, register, instance, device, name, window.base)?;
        lists.push(RegisterCluster::Register(info.array(dim.build(STRICT)?)));
        first += window.len;
    }
    Ok(lists)
}

fn info(
    family: &Family,
    register: &Register,
    instance: &Instance,
    device: usize,
    name: String,
    at: u32,
) -> Result<RegisterInfo, SvdError> {
    let own = family.layout(register).fields.iter().filter(|f| f.is_on(device));
    let fields = own.map(|f| field(f, device).map(MaybeArray::Single)).collect::<Result<Vec<_>, _>>()?;
    let (access, written, read) = access(instance.access);
    RegisterInfo::builder()
        .name(name)
        .description(Some(description(register, instance)))
        .address_offset(at)
        .access(Some(access))
        .modified_write_values(written)
        .read_action(read)
        .reset_value(instance.reset.map(u64::from))
        .fields((!fields.is_empty()).then_some(fields))
        .build(STRICT)
}

fn description(register: &Register, instance: &Instance) -> String {
    let mut text = format!("{} ({}).", register.doc.trim_end_matches('.'), register.source);
    for alias in &instance.aliases {
        text += &format!(" Also at {alias}.");
    }
    if instance.access == Access::Dma {
        text += " A write hands memory to the device.";
    }
    text
}

fn access(kind: Access) -> (SvdAccess, Option<ModifiedWriteValues>, Option<ReadAction>) {
    match kind {
        Access::Ro => (SvdAccess::ReadOnly, None, None),
        Access::Rw | Access::Dma => (SvdAccess::ReadWrite, None, None),
        Access::Wo => (SvdAccess::WriteOnly, None, None),
        Access::Rc => (SvdAccess::ReadOnly, None, Some(ReadAction::Clear)),
        Access::W1c => (SvdAccess::ReadWrite, Some(ModifiedWriteValues::OneToClear), None),
        Access::W1s => (SvdAccess::ReadWrite, Some(ModifiedWriteValues::OneToSet), None),
    }
}

fn field(field: &Field, device: usize) -> Result<FieldInfo, SvdError> {
    let here = field.values.iter().filter(|v| v.only.is_none_or(|only| only.has(device)));
    let values = here
        .map(|v| {
            let value = EnumeratedValue::builder().name(v.name.clone()).value(Some(u64::from(v.value)));
            value.build(STRICT)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut named = Vec::new();
    if !values.is_empty() {
        named.push(EnumeratedValues::builder().values(values).build(STRICT)?);
    }
    FieldInfo::builder()
        .name(field.name.clone())
        .description((!field.doc.is_empty()).then(|| field.doc.clone()))
        .bit_range(BitRange { offset: field.lo, width: field.width(), range_type: BitRangeType::BitRange })
        .enumerated_values(named)
        .build(STRICT)
}
