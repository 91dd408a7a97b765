//! When a certificate ends: the one thing that is read out of it.
//!
//! A certificate (RFC 5280) is DER: tag, length, content, one in another. Verifying it is rustls'
//! affair; this only walks to the second of its two times.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustls::pki_types::CertificateDer;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
/// `[0]`, around the version.
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// When the first of the certificates to end does so.
pub fn first_end(chain: &[CertificateDer<'_>]) -> Option<Timestamp> {
    chain.iter().filter_map(|der| not_after(der)).min()
}

fn not_after(certificate: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = read(certificate, SEQUENCE)?;
    let (body, _) = read(certificate, SEQUENCE)?;
    // Absent in certificates of version 1.
    let rest = read(body, VERSION).map_or(body, |(_, rest)| rest);
    let (_serial, rest) = read(rest, INTEGER)?;
    let (_algorithm, rest) = read(rest, SEQUENCE)?;
    let (_issuer, rest) = read(rest, SEQUENCE)?;
    let (validity, _) = read(rest, SEQUENCE)?;
    let (_not_before, rest) = time(validity)?;
    time(rest)?.0
}

/// A time and what follows it; the time is `None` where it is in no form that RFC 5280 allows.
fn time(der: &[u8]) -> Option<(Option<Timestamp>, &[u8])> {
    if let Some((text, rest)) = read(der, UTC_TIME) {
        // Two digits of a year: from 50 on they are of the last century.
        let year = text.get(..2).and_then(number)?;
        let century = if year < 50 { 2000 } else { 1900 };
        return Some((moment(century + year, text.get(2..)?), rest));
    }
    let (text, rest) = read(der, GENERALIZED_TIME)?;
    let year = text.get(..4).and_then(number)?;
    Some((moment(year, text.get(4..)?), rest))
}

/// `MMDDHHMMSSZ` of a year.
fn moment(year: i16, text: &[u8]) -> Option<Timestamp> {
    let digits = text
        .strip_suffix(b"Z")
        .filter(|digits| digits.len() == 10)?;
    let mut parts = [0i8; 5];
    for (part, pair) in parts.iter_mut().zip(digits.chunks(2)) {
        *part = i8::try_from(number(pair)?).ok()?;
    }
    let [month, day, hour, minute, second] = parts;
    let moment = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    Some(moment.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

fn number(digits: &[u8]) -> Option<i16> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The content of the element that `der` begins with, and what follows it, if it has this tag.
fn read(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    if first != tag {
        return None;
    }
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        // So many bytes of length; certificates need two.
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            let length = bytes
                .iter()
                .fold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(year: i32, month: u8, day: u8) -> CertificateDer<'static> {
        let mut wanted =
            rcgen::CertificateParams::new(vec!["docs.example.com".to_owned()]).expect("a name");
        wanted.not_after = rcgen::date_time_ymd(year, month, day);
        let key = rcgen::KeyPair::generate().expect("a key");
        wanted.self_signed(&key).expect("signed").der().clone()
    }

    #[test]
    fn the_end_is_read_in_both_forms_and_of_a_chain_the_first() {
        let at = |text: &str| Some(text.parse::<Timestamp>().expect("a time"));
        // Until 2049 a year has two digits, from 2050 on four.
        let near = made(2031, 5, 17);
        let far = made(2055, 1, 2);
        assert_eq!(
            first_end(std::slice::from_ref(&near)),
            at("2031-05-17T00:00:00Z")
        );
        assert_eq!(
            first_end(std::slice::from_ref(&far)),
            at("2055-01-02T00:00:00Z")
        );
        assert_eq!(first_end(&[far, near]), at("2031-05-17T00:00:00Z"));
        assert_eq!(first_end(&[]), None);
    }

    #[test]
    fn a_broken_certificate_has_no_end_and_breaks_nothing() {
        let whole = made(2031, 5, 17);
        for length in 0..whole.len() {
            let cut = CertificateDer::from(&whole[..length]);
            let _none_or_the_right_one = first_end(&[cut]);
        }
        assert_eq!(
            first_end(&[CertificateDer::from(vec![
                0x30, 0x84, 0xff, 0xff, 0xff, 0xff
            ])]),
            None
        );
    }
}
