//! The signature over a webhook body: proof that Meta sent it.
//!
//! Header `X-Hub-Signature-256: sha256=<hex>`: HMAC-SHA-256 of the body with the app secret as
//! key (section 3). It is taken over the bytes as they were received. Meta escapes non-ASCII
//! characters in what it signs, so a body that was parsed and written again would not match.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header that carries it.
pub const HEADER: &str = "x-hub-signature-256";

/// Why a body is not taken. Says nothing about the body or the expected signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    #[error("the request has no signature")]
    Missing,
    #[error("the signature is not of the form sha256=<64 hexadecimal digits>")]
    Malformed,
    #[error("the signature does not fit the body")]
    Wrong,
}

/// Whether `body` was signed with `app_secret`. The comparison takes the same time wherever the
/// first difference stands.
///
/// # Errors
/// [`BadSignature`] unless it was.
pub fn verify(app_secret: &[u8], header: Option<&[u8]>, body: &[u8]) -> Result<(), BadSignature> {
    let header = header.ok_or(BadSignature::Missing)?;
    let hexadecimal = header
        .strip_prefix(b"sha256=")
        .ok_or(BadSignature::Malformed)?;
    let mut given = [0u8; 32];
    hex::decode_to_slice(hexadecimal, &mut given).map_err(|_| BadSignature::Malformed)?;
    mac(app_secret, body)
        .verify_slice(&given)
        .map_err(|_| BadSignature::Wrong)
}

/// The header value that Meta would send for `body`.
#[must_use]
pub fn sign(app_secret: &[u8], body: &[u8]) -> String {
    let code = mac(app_secret, body).finalize().into_bytes();
    format!("sha256={}", hex::encode(code))
}

fn mac(app_secret: &[u8], body: &[u8]) -> Hmac<Sha256> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(app_secret).expect("HMAC takes keys of every length");
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &[u8] = b"app-secret";
    // Made with: printf '%s' '{"object":"whatsapp_business_account"}' |
    //            openssl dgst -sha256 -hmac app-secret
    const BODY: &[u8] = br#"{"object":"whatsapp_business_account"}"#;

    #[test]
    fn a_signature_of_another_tool_fits() {
        let made_elsewhere =
            "sha256=0bf7374433906636bed1653bc7c64affb42fa5da9a39e251ab95c2e3a9c06923";
        assert_eq!(sign(SECRET, BODY), made_elsewhere);
        assert_eq!(
            verify(SECRET, Some(made_elsewhere.as_bytes()), BODY),
            Ok(())
        );
        // Hexadecimal is the same in capitals.
        let capitals = made_elsewhere.to_uppercase().replace("SHA256=", "sha256=");
        assert_eq!(verify(SECRET, Some(capitals.as_bytes()), BODY), Ok(()));
    }

    #[test]
    fn without_a_header_it_is_refused() {
        assert_eq!(verify(SECRET, None, BODY), Err(BadSignature::Missing));
    }

    #[test]
    fn a_malformed_header_is_refused() {
        let good = sign(SECRET, BODY);
        for header in [
            "",
            "sha256=",
            "sha256=zz",
            "sha1=0000000000000000000000000000000000000000",
            good.trim_start_matches("sha256="),
            &good[..good.len() - 2],
            &format!("{good}00"),
            &format!("{good} "),
            &good.replace("sha256=", "SHA256="),
        ] {
            assert_eq!(
                verify(SECRET, Some(header.as_bytes()), BODY),
                Err(BadSignature::Malformed),
                "{header}"
            );
        }
        assert_eq!(
            verify(SECRET, Some(&[0xff, 0xfe]), BODY),
            Err(BadSignature::Malformed)
        );
    }

    #[test]
    fn another_secret_or_another_body_is_refused() {
        let header = sign(SECRET, BODY);
        let header = Some(header.as_bytes());
        assert_eq!(verify(b"other", header, BODY), Err(BadSignature::Wrong));
        assert_eq!(verify(SECRET, header, b"{}"), Err(BadSignature::Wrong));
        let spaced = br#"{"object": "whatsapp_business_account"}"#;
        assert_eq!(verify(SECRET, header, spaced), Err(BadSignature::Wrong));
    }

    proptest! {
        #[test]
        fn one_changed_bit_is_enough(
            body in proptest::collection::vec(any::<u8>(), 1..200),
            at in any::<proptest::sample::Index>(),
            bit in 0u8..8,
        ) {
            let header = sign(SECRET, &body);
            prop_assert_eq!(verify(SECRET, Some(header.as_bytes()), &body), Ok(()));
            let mut other = body;
            let index = at.index(other.len());
            other[index] ^= 1 << bit;
            prop_assert_eq!(
                verify(SECRET, Some(header.as_bytes()), &other),
                Err(BadSignature::Wrong)
            );
        }

        #[test]
        fn no_header_makes_it_panic(header in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(verify(SECRET, Some(&header), BODY).is_err());
        }
    }
}
