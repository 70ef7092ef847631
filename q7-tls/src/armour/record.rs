//! Where a TLS record ends: five bytes in front of each say what it is and how long.
//!
//! `rustls` does not say whether it waits for the rest of one. Without that, a peer that stops in the
//! middle of a record would be taken for one that is idle. This stops it: `tls`
//! `a_peer_that_stops_in_a_record_has_five_seconds`.

use std::time::Instant;

/// Type, version, and two bytes of length.
const HEADER_SIZE: usize = 5;
/// The first byte of a record: from change_cipher_spec to application_data.
const TYPES: std::ops::RangeInclusive<u8> = 20..=24;

/// What has passed of the records of one direction.
#[derive(Debug, Default)]
pub struct Records {
    header: [u8; HEADER_SIZE],
    /// How many bytes of the header have passed.
    len: usize,
    /// How many bytes of the rest have not.
    missing: usize,
    begun: Option<Instant>,
    /// The first bytes of all.
    first: [u8; 4],
    total: usize,
}

impl Records {
    /// Notes bytes that were received.
    pub fn pass(&mut self, mut bytes: &[u8]) {
        let is_new = !self.is_inside();
        for (place, &byte) in self.first.iter_mut().skip(self.total).zip(bytes) {
            *place = byte;
        }
        self.total = self.total.saturating_add(bytes.len());
        let mut ended = false;
        while !bytes.is_empty() {
            if self.len < HEADER_SIZE {
                let size = bytes.len().min(HEADER_SIZE - self.len);
                self.header[self.len..self.len + size].copy_from_slice(&bytes[..size]);
                self.len += size;
                bytes = &bytes[size..];
                self.missing = usize::from(u16::from_be_bytes([self.header[3], self.header[4]]));
            } else {
                let size = bytes.len().min(self.missing);
                self.missing -= size;
                bytes = &bytes[size..];
            }
            if self.len == HEADER_SIZE && self.missing == 0 {
                self.len = 0;
                ended = true;
            }
        }
        if self.is_inside() && (is_new || ended) {
            self.begun = Some(Instant::now());
        }
    }

    /// Whether a record has begun and not ended.
    pub fn is_inside(&self) -> bool {
        self.len > 0
    }

    /// When the record began that has not ended.
    pub fn begun(&self) -> Instant {
        self.begun.unwrap_or_else(Instant::now)
    }

    /// Whether the very first byte is no record's.
    pub fn is_no_tls(&self) -> bool {
        self.total > 0 && !TYPES.contains(&self.first[0])
    }

    /// The first bytes of all, as many as there were.
    pub fn first(&self) -> &[u8] {
        &self.first[..self.total.min(self.first.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_ends_where_its_header_says_however_it_is_cut() {
        let record = [&[23, 3, 3, 0, 4][..], b"abcd"].concat();
        let two = [record.clone(), record.clone(), vec![21, 3, 3, 0, 0]].concat();
        for cut in 0..=two.len() {
            let mut records = Records::default();
            records.pass(&two[..cut]);
            assert_eq!(records.is_inside(), ![0, 9, 18, 23].contains(&cut), "{cut}");
            records.pass(&two[cut..]);
            assert!(!records.is_inside(), "{cut}");
        }
    }

    #[test]
    fn the_time_of_a_record_begins_with_its_first_byte() {
        let mut records = Records::default();
        records.pass(&[23, 3]);
        let begun = records.begun();
        records.pass(&[3, 0, 9, 1]);
        assert_eq!(records.begun(), begun);
        records.pass(&[0; 8]);
        records.pass(&[23]);
        assert!(records.begun() > begun);
    }

    #[test]
    fn another_protocol_is_known_by_its_first_byte() {
        for (bytes, expected) in [(&b"SPC1"[..], true), (b"GET ", true), (&[22, 3, 1], false)] {
            let mut records = Records::default();
            records.pass(&bytes[..1]);
            records.pass(&bytes[1..]);
            assert_eq!((records.is_no_tls(), records.first()), (expected, bytes));
        }
    }
}
