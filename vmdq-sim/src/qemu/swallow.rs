//! Frames that QEMU's igb throws away instead of sending them.

const VLAN: [u8; 2] = [0x81, 0x00];
const SERVICE_VLAN: [u8; 2] = [0x88, 0xa8];
const IPV4: [u8; 2] = [0x08, 0x00];
const IPV6: [u8; 2] = [0x86, 0xdd];
/// Bytes of a header without options.
const IPV4_LEN: usize = 20;
const IPV6_LEN: usize = 40;
/// Extension headers of IPv6 that have a length of their own.
const EXTENSIONS: [u8; 5] = [0, 43, 44, 51, 60];

/// Tells whether QEMU's igb may throw a frame away instead of sending it: it parses the headers of
/// what it sends (`net_tx_pkt_parse`) and says nothing of frames whose IP header is malformed.
///
/// For IPv6 with extension headers that can't be told from here. Captures have such frames: padding
/// that begins where an IP header should.
pub(crate) fn may_swallow(frame: &[u8]) -> bool {
    let tagged = |at: usize| matches!(ethertype(frame, at), Some(VLAN | SERVICE_VLAN));
    let at = if !tagged(12) {
        12
    } else if !tagged(16) {
        16
    } else {
        20
    };
    let packet = frame.get(at + 2..).unwrap_or_default();
    match ethertype(frame, at) {
        Some(IPV4) => {
            let header = packet.first().map_or(0, |first| usize::from(first & 0xf) * 4);
            header < IPV4_LEN || packet.len() < header
        }
        Some(IPV6) => packet.len() < IPV6_LEN || EXTENSIONS.contains(&packet[6]),
        _ => false,
    }
}

fn ethertype(frame: &[u8], at: usize) -> Option<[u8; 2]> {
    frame.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(types: &[[u8; 2]], packet: &[u8]) -> Vec<u8> {
        let mut frame = vec![2; 12];
        for (i, kind) in types.iter().enumerate() {
            frame.extend(kind);
            // A tag's contents come between its type and the next.
            frame.extend(if i + 1 < types.len() { &[0, 5][..] } else { &[] });
        }
        frame.extend(packet);
        frame
    }

    #[test]
    fn only_malformed_ip_headers_are_swallowed() {
        for tags in [&[][..], &[VLAN], &[SERVICE_VLAN, VLAN]] {
            let swallowed = |kind, packet: &[u8]| may_swallow(&frame(&[tags, &[kind]].concat(), packet));
            assert!(swallowed(IPV4, &[0; 46]));
            assert!(!swallowed(IPV4, &[0x45; 46]));
            assert!(swallowed(IPV4, &[0x4c; 46]), "options beyond the frame");
            assert!(swallowed(IPV4, &[0x45; 19]));
            assert!(!swallowed(IPV6, &[0x60; 46]));
            assert!(swallowed(IPV6, &[0x60; 39]));
            assert!(!swallowed([0x88, 0xb5], &[0; 46]));
        }
        assert!(!may_swallow(&[2; 13]));
    }
}
