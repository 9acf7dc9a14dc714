//! The receive engine: puts one frame into the descriptors of one queue.
//!
//! Facts: igb-hal/FACTS.md 3.10 (table of DESCTYPE) and 4, ixgbe-hal/FACTS.md 3. The write-back layout is the
//! same in both families as far as it is modelled: DD, EOP, VP, HBO, error bits, lengths, tag, packet type. RSS
//! hash, IP id and checksum fields read 0.

use crate::board::Board;
use crate::fault::InjectedFault;
use crate::frame::Headers;
use crate::queue::{Ring, overlap};
use crate::violation::Rule;

const DD: u32 = 1;
const EOP: u32 = 1 << 1;
/// Status bit: the frame had a tag, which stands in the descriptor.
pub(crate) const VP: u32 = 1 << 3;
const HBO: u32 = 1 << 23;
const SPH: u32 = 1 << 31;

/// The receive format of a queue (SRRCTL).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    /// SRRCTL.DESCTYPE.
    pub(crate) kind: u32,
    /// Bytes of a packet buffer.
    pub(crate) packet: usize,
    /// Bytes of a header buffer.
    pub(crate) header: usize,
    /// The largest header buffer that all sources agree on.
    pub(crate) header_most: usize,
}

/// One frame as the receive data path hands it to the engine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received<'a> {
    /// Everything that goes to memory (FCS included if it isn't stripped).
    pub(crate) data: &'a [u8],
    /// Packet type, in place (dw0 bits 15:4).
    pub(crate) kind: u32,
    /// Status and error bits besides DD, EOP and HBO.
    pub(crate) status: u32,
    /// The stripped tag.
    pub(crate) tag: u16,
    /// Where the header ends that PSRTYPE asks to cut, if the parser found one.
    pub(crate) cut: Option<usize>,
}

/// The outcome of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// In memory and written back.
    Delivered,
    /// Not enough descriptors; nothing was touched.
    NoDescriptor,
    /// The format is not one that the engine knows; the frame is lost.
    Broken,
}

/// How a frame is laid out over the buffers of its descriptors.
struct Layout<'a> {
    header: &'a [u8],
    payload: &'a [u8],
    /// PKT_LEN of the first descriptor where it isn't what the packet buffer got.
    claim: Option<usize>,
    header_len: usize,
    sph: bool,
    hbo: bool,
}

/// Packet type bits of the descriptor: 4 IPv4, 6 IPv6, 8 TCP, 9 UDP (igb-hal/FACTS.md section 4;
/// ixgbe-hal/FACTS.md section 3 has the same positions).
pub(crate) fn packet_type(headers: Headers) -> u32 {
    u32::from(headers.ipv4) << 4
        | u32::from(headers.ipv6) << 6
        | u32::from(headers.tcp) << 8
        | u32::from(headers.udp) << 9
}

/// Where a header ends whose packet type PSRTYPE asks for; bit t is type t: 0 MAC only, 1 IPv4, 2 with
/// TCP, 3 with UDP, 7 IPv6, 8 with TCP, 9 with UDP (igb-hal/FACTS.md 2.3). Types 1 and 7 are fragments alone;
/// tunnels (4 to 6) are not parsed.
pub(crate) fn cut_by_type(psrtype: u32, headers: Headers) -> Option<usize> {
    let (kind, end) = match headers {
        Headers { ipv4: true, tcp: true, .. } => (2, headers.l4),
        Headers { ipv4: true, udp: true, .. } => (3, headers.l4),
        Headers { ipv4: true, fragment: true, .. } => (1, headers.l3),
        Headers { ipv6: true, tcp: true, .. } => (8, headers.l4),
        Headers { ipv6: true, udp: true, .. } => (9, headers.l4),
        Headers { ipv6: true, fragment: true, .. } => (7, headers.l3),
        Headers { ipv4: false, ipv6: false, .. } => (0, headers.l2),
        _ => return None,
    };
    (psrtype >> kind & 1 != 0).then_some(end)
}

/// Lays a frame out as DESCTYPE says.
fn lay_out<'a>(frame: &Received<'a>, format: Format) -> Option<Layout<'a>> {
    let (data, fits) = (frame.data, format.header.min(frame.data.len()));
    let whole = Layout { header: &[], payload: data, claim: None, header_len: 0, sph: false, hbo: false };
    Some(match (format.kind, frame.cut) {
        // What is not recognised goes to the packet buffer alone (I210 p269; DS98 p224, p233).
        (1, _) | (2..=4, None) => whole,
        (2, Some(cut)) if cut > format.header => Layout { header_len: cut, sph: true, hbo: true, ..whole },
        (2, Some(cut)) => {
            Layout { header: &data[..cut], payload: &data[cut..], header_len: cut, sph: true, ..whole }
        }
        // Split always: a frame that fits goes to the header buffer alone.
        (5, _) if data.len() <= format.header => {
            Layout { header: data, payload: &[], header_len: data.len(), ..whole }
        }
        (5, Some(cut)) if cut <= format.header => {
            Layout { header: &data[..cut], payload: &data[cut..], header_len: cut, sph: true, ..whole }
        }
        (5, cut) => Layout {
            header: &data[..fits],
            payload: &data[fits..],
            header_len: cut.unwrap_or(fits),
            sph: cut.is_some(),
            hbo: cut.is_some(),
            ..whole
        },
        // Replicate large packets only: PKT_LEN is reported although the packet buffer gets nothing.
        (4, Some(cut)) if data.len() <= format.header => Layout {
            header: data,
            payload: &[],
            claim: Some(data.len()),
            header_len: cut,
            sph: true,
            ..whole
        },
        // The header buffer is filled, beyond the header (DS98 p224, p233).
        (3 | 4, Some(cut)) => Layout { header: &data[..fits], header_len: cut, sph: true, ..whole },
        _ => return None,
    })
}

/// Puts a frame into a ring. A frame takes all its descriptors at once or none.
pub(crate) fn deliver(ring: &mut Ring, frame: &Received, format: Format, board: &mut Board) -> Outcome {
    // A device that does not replicate takes the whole frame for what it is.
    let plain = board.replicates_nothing && matches!(format.kind, 3 | 4);
    let laid_out = lay_out(frame, if plain { Format { kind: 1, ..format } } else { format });
    let Some(layout) = laid_out.filter(|_| format.packet > 0) else {
        board.report(
            Rule::BadDescriptor,
            format!("SRRCTL of {}: DESCTYPE {} is not modelled", ring.name(), format.kind),
        );
        return Outcome::Broken;
    };
    if format.kind != 1 && (format.header == 0 || format.header > format.header_most) {
        // ixgbe-hal/FACTS.md 1.5: all formats with a header buffer need BSIZEHEADER > 0.
        let (name, kind, header) = (ring.name(), format.kind, format.header);
        let what = format!("SRRCTL of {name}: DESCTYPE {kind} with header buffers of {header} bytes");
        board.report(Rule::BadDescriptor, what);
        return Outcome::Broken;
    }
    let count = layout.payload.len().div_ceil(format.packet).max(1) as u32;
    if ring.posted() < count {
        return Outcome::NoDescriptor;
    }
    let mut outcome = Outcome::Delivered;
    for ahead in 0..count {
        let start = ahead as usize * format.packet;
        let piece = &layout.payload[start..layout.payload.len().min(start + format.packet)];
        // Only the first descriptor's header buffer is used (ixgbe-hal/FACTS.md 2.9).
        let header = (ahead == 0 && format.kind != 1).then_some(layout.header);
        if fill(ring, ahead, piece, header, board).is_none() {
            outcome = Outcome::Broken;
        }
        let words = write_back(frame, &layout, piece.len(), ahead, count, board);
        let at = ring.address(ahead);
        let name = format_args!("write-back of {}", ring.name());
        if board.memory.write_back(at, words, &name, &mut board.log).is_none() {
            outcome = Outcome::Broken;
        }
    }
    ring.advance(count);
    outcome
}

/// Fetches a descriptor and fills its buffers; with a `header`, if only an empty one, it has to name a
/// header buffer.
fn fill(ring: &Ring, ahead: u32, piece: &[u8], header: Option<&[u8]>, board: &mut Board) -> Option<()> {
    let name = ring.name();
    let at = ring.address(ahead);
    let [packet_at, header_at] =
        board.memory.descriptor(at, &format_args!("descriptor of {name}"), &mut board.log)?;
    if header_at & 1 != 0 {
        // igb-hal/FACTS.md section 4 and ixgbe-hal/FACTS.md section 3: bit 0 of the second quadword is DD and
        // must be 0.
        board.report(
            Rule::DescriptorNotReady,
            format!("{name}: descriptor at {at:#x} has DD set (qw1 {header_at:#x})"),
        );
    }
    // ixgbe-hal/FACTS.md section 3 (DS98 p222): null addresses are not supported.
    if packet_at == 0 || (header.is_some() && header_at & !1 == 0) {
        board.report(Rule::DescriptorNotReady, format!("{name}: descriptor at {at:#x} has a null address"));
        return None;
    }
    if let Some(header) = header.filter(|header| !header.is_empty()) {
        board.memory.write(header_at & !1, header, &format_args!("header of {name}"), &mut board.log)?;
    }
    board.memory.write(packet_at, piece, &format_args!("frame of {name}"), &mut board.log)
}

/// Makes up the two quadwords of a write-back.
fn write_back(
    frame: &Received,
    layout: &Layout,
    piece: usize,
    ahead: u32,
    count: u32,
    board: &mut Board,
) -> [u64; 2] {
    let (first, last) = (ahead == 0, ahead + 1 == count);
    let mut low = frame.kind;
    let mut status = DD;
    let mut len = piece;
    if first {
        low |= (layout.header_len as u32 & 0x3ff) << 21 | if layout.sph { SPH } else { 0 };
        status |= if layout.hbo { HBO } else { 0 };
        len = layout.claim.unwrap_or(len);
        let claimed = |fault| if let InjectedFault::ClaimHeader(len) = fault { Some(len) } else { None };
        if let Some(claimed) = board.faults.take(claimed) {
            low = low & !(0x3ff << 21) | (u32::from(claimed) & 0x3ff) << 21 | SPH;
        }
    }
    let mut tag = 0;
    if last {
        status |= EOP | frame.status;
        tag = frame.tag;
        let claimed = |fault| if let InjectedFault::ClaimLength(len) = fault { Some(len) } else { None };
        len = board.faults.take(claimed).map_or(len, usize::from);
        if board.faults.strike(InjectedFault::NoEndOfPacket) {
            status &= !EOP;
        }
        if board.faults.strike(InjectedFault::AllErrors) {
            status |= 0xfff0_0000;
        }
    }
    [u64::from(low), u64::from(tag) << 48 | (len as u64 & 0xffff) << 32 | u64::from(status)]
}

/// Sets DD in a posted descriptor without writing a frame ([`InjectedFault::SpuriousDone`]).
pub(crate) fn spurious_done(ring: &Ring, board: &mut Board) -> bool {
    if !ring.gate.is_open() || ring.posted() == 0 {
        return false;
    }
    // Any posted descriptor may be hit; the choice is arbitrary but repeatable.
    let at = ring.address(board.now as u32 % ring.posted());
    let words = [0, u64::from(DD)];
    board.memory.write_back(at, words, &"spurious write-back", &mut board.log).is_some()
}

/// Returns whether a ring, or a buffer that is posted in it, lies in `[bus, bus + len)`.
pub(crate) fn reaches(ring: &Ring, format: Format, bus: u64, len: usize, board: &mut Board) -> bool {
    if !ring.gate.may_land(board.now) || ring.slots() == 0 {
        return false;
    }
    ring.overlaps(bus, len)
        || (0..ring.posted()).any(|ahead| {
            let found = board.memory.descriptor(ring.address(ahead), &ring.name(), &mut board.log);
            found.is_some_and(|[packet, header]| {
                overlap(packet, format.packet.max(1), bus, len)
                    || format.kind > 1 && overlap(header & !1, format.header.max(1), bus, len)
            })
        })
}

#[cfg(test)]
mod tests {
    use super::{Format, Headers, Received, cut_by_type, lay_out};

    fn laid(kind: u32, len: usize, cut: Option<usize>) -> (usize, usize, Option<usize>, usize, bool, bool) {
        let data = vec![0; len];
        let frame = Received { data: &data, kind: 0, status: 0, tag: 0, cut };
        let layout = lay_out(&frame, Format { kind, packet: 2048, header: 128, header_most: 960 }).unwrap();
        (layout.header.len(), layout.payload.len(), layout.claim, layout.header_len, layout.sph, layout.hbo)
    }

    /// The rows of igb-hal/FACTS.md 3.10 (S75 p129 table 33).
    #[test]
    fn lays_frames_out_as_the_datasheet_says() {
        assert_eq!(laid(1, 300, Some(54)), (0, 300, None, 0, false, false));
        assert_eq!(laid(2, 300, None), (0, 300, None, 0, false, false));
        assert_eq!(laid(2, 300, Some(54)), (54, 246, None, 54, true, false));
        assert_eq!(laid(2, 300, Some(200)), (0, 300, None, 200, true, true));
        assert_eq!(laid(5, 100, Some(54)), (100, 0, None, 100, false, false));
        assert_eq!(laid(5, 300, None), (128, 172, None, 128, false, false));
        assert_eq!(laid(5, 300, Some(54)), (54, 246, None, 54, true, false));
        assert_eq!(laid(5, 300, Some(200)), (128, 172, None, 200, true, true));
        assert_eq!(laid(3, 300, Some(54)), (128, 300, None, 54, true, false));
        assert_eq!(laid(3, 60, Some(42)), (60, 60, None, 42, true, false));
        assert_eq!(laid(3, 300, None), (0, 300, None, 0, false, false));
        assert_eq!(laid(4, 100, None), (0, 100, None, 0, false, false));
        assert_eq!(laid(4, 100, Some(54)), (100, 0, Some(100), 54, true, false));
        assert_eq!(laid(4, 300, Some(54)), (128, 300, None, 54, true, false));
    }

    #[test]
    fn each_packet_type_is_cut_where_its_bit_asks() {
        let base = Headers { l2: 14, l3: 34, l4: 42, ..Headers::default() };
        let v4 = Headers { ipv4: true, ..base };
        let v6 = Headers { ipv6: true, ..base };
        let types = [
            (0, base, 14),
            (1, Headers { fragment: true, ..v4 }, 34),
            (2, Headers { tcp: true, ..v4 }, 42),
            (3, Headers { udp: true, ..v4 }, 42),
            (7, Headers { fragment: true, ..v6 }, 34),
            (8, Headers { tcp: true, ..v6 }, 42),
            (9, Headers { udp: true, ..v6 }, 42),
        ];
        for (kind, headers, end) in types {
            assert_eq!(cut_by_type(1 << kind, headers), Some(end), "{kind}");
            assert_eq!(cut_by_type(!(1 << kind), headers), None, "{kind}");
        }
        assert_eq!((cut_by_type(!0, v4), cut_by_type(!0, v6)), (None, None), "whole, but not understood");
    }

    #[test]
    fn the_legacy_format_is_not_one() {
        let frame = Received { data: &[0; 60], kind: 0, status: 0, tag: 0, cut: None };
        assert!(lay_out(&frame, Format { kind: 0, packet: 2048, header: 0, header_most: 960 }).is_none());
    }
}
