//! What the hooks of both models do alike.

use vmdq_hal::device::Io;
use vmdq_hal::{Accept, Config, FrameLimit, Platform};

use crate::regs::{Common, RCTL};

/// Returns the RCTL bits that accept what is not filtered, as far as they are the same on all models.
pub(super) fn accepted(accept: Accept) -> u32 {
    let mut bits = 0;
    if accept.contains(Accept::BROADCAST) {
        bits |= RCTL::BAM::SET.value;
    }
    if accept.contains(Accept::PROMISCUOUS) {
        bits |= RCTL::UPE::SET.value;
    }
    bits
}

/// Returns the length to which hardware that knows one limit for all frames is set.
pub(super) fn hardware_limit(config: &Config) -> u32 {
    // `Port::init` has refused what is out of range; saturate all the same.
    FrameLimit::new(config.max_frame, u16::MAX)
        .map_or(u32::from(FrameLimit::LEAST), |limit| limit.hardware().into())
}

/// Lets causes clear and mask themselves when their message is sent.
pub(super) fn clear_and_mask_by_message<P: Platform>(io: Io<'_, P>, bits: u32) {
    Common::EIAC.on(io).set(Common::EIAC.on(io).get() | bits);
    Common::EIAM.on(io).set(Common::EIAM.on(io).get() | bits);
}
