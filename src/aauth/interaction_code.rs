//! Interaction codes: what ties a person's browser to a request that waits.
//!
//! Implements "Interaction Code Format" of draft-hardt-oauth-aauth-protocol-11. Single use, expiry and the limit on
//! attempts belong to whoever keeps the code; so does drawing the random bytes.

use std::fmt;

use subtle::ConstantTimeEq as _;

/// Crockford base32: no `I`, `L`, `O` and `U`, which are misread.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Five bits each: 8 symbols are the 40 bits that the draft asks for.
const MIN_SYMBOLS: usize = 8;
/// Longer input is no code of anybody's.
const MAX_SYMBOLS: usize = 32;
/// What a person may type around the symbols, such as hyphens.
const MAX_INPUT: usize = 64;
/// Symbols between two hyphens.
const GROUP: usize = 4;

/// An interaction code, without hyphens and in upper case.
///
/// It correlates and authorizes nothing, yet whoever knows it can spend it: it is not printed by `Debug`, and
/// comparing takes the same time wherever two codes of one length differ.
#[derive(Clone)]
pub struct InteractionCode(String);

/// Text that is no interaction code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an interaction code has 8 to 32 digits and letters, without U")]
pub struct InvalidInteractionCode;

impl InteractionCode {
    /// A new code of 40 bits, from as many random ones.
    pub fn new(random: [u8; 5]) -> Self {
        Self::of(&random)
    }

    /// A new code of 80 bits, for an interaction of higher value.
    pub fn long(random: [u8; 10]) -> Self {
        Self::of(&random)
    }

    /// Each five bytes are eight symbols.
    fn of(random: &[u8]) -> Self {
        let mut symbols = String::new();
        let (mut bits, mut held) = (0_u32, 0_u32);
        for byte in random {
            (bits, held) = (bits << 8 | u32::from(*byte), held + 8);
            while held >= 5 {
                held -= 5;
                // Five bits never point past 32 symbols.
                symbols.extend(ALPHABET.get((bits >> held & 31) as usize).copied().map(char::from));
            }
        }
        Self(symbols)
    }

    /// Reads what a person or a server sent: any case, hyphens anywhere, `I` and `L` for `1`, `O` for `0`.
    pub fn parse(text: &str) -> Result<Self, InvalidInteractionCode> {
        let text = text.trim_ascii();
        if text.len() > MAX_INPUT {
            return Err(InvalidInteractionCode);
        }
        let symbols: Option<String> = text.bytes().filter(|byte| *byte != b'-').map(symbol).collect();
        symbols
            .filter(|symbols| (MIN_SYMBOLS..=MAX_SYMBOLS).contains(&symbols.len()))
            .map(Self)
            .ok_or(InvalidInteractionCode)
    }

    /// The code as it is kept and looked up: symbols alone. A secret from here on.
    pub fn symbols(&self) -> &str {
        &self.0
    }

    /// The code as it is shown and sent: `A1B2-C3D4`.
    pub fn displayed(&self) -> String {
        let mut shown = String::with_capacity(self.0.len() + self.0.len() / GROUP);
        for (at, symbol) in self.0.chars().enumerate() {
            if at > 0 && at % GROUP == 0 {
                shown.push('-');
            }
            shown.push(symbol);
        }
        shown
    }
}

/// The symbol a character stands for.
fn symbol(byte: u8) -> Option<char> {
    let symbol = match byte.to_ascii_uppercase() {
        b'I' | b'L' => b'1',
        b'O' => b'0',
        other => other,
    };
    ALPHABET.contains(&symbol).then_some(char::from(symbol))
}

impl PartialEq for InteractionCode {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for InteractionCode {}

impl fmt::Debug for InteractionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InteractionCode(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "MUST carry at least 40 bits of entropy, at least 8 Crockford base32 symbols": no bit of the source is lost.
    #[test]
    fn every_random_bit_shows() {
        let zero = InteractionCode::new([0; 5]);
        assert_eq!(zero.displayed(), "0000-0000");
        assert_eq!(InteractionCode::new([255; 5]).displayed(), "ZZZZ-ZZZZ");
        assert_eq!(InteractionCode::new([0x00, 0x44, 0x32, 0x14, 0xC7]).symbols(), "01234567");
        assert_eq!(InteractionCode::long([255; 10]).displayed(), "ZZZZ-ZZZZ-ZZZZ-ZZZZ");
        let mut seen = std::collections::HashSet::from([zero.0]);
        for bit in 0..40 {
            let mut random = [0; 5];
            random[bit / 8] = 1 << (bit % 8);
            assert!(seen.insert(InteractionCode::new(random).0), "bit {bit}");
        }
    }

    /// "Hyphens" and "Case".
    #[test]
    fn a_person_may_write_it_as_they_like() {
        let code = InteractionCode::parse("A1B2-C3D0").unwrap();
        for typed in ["a1b2c3d0", "A1B2C3D0", "-a-1b2--c3d0-", "aIb2-c3dO", "Alb2-c3do", "AiB2-C3d0", " A1B2-C3D0 "] {
            assert_eq!(InteractionCode::parse(typed), Ok(code.clone()), "{typed}");
        }
        assert_ne!(InteractionCode::parse("A1B2-C3D1").unwrap(), code);
        assert_ne!(InteractionCode::parse("A1B2-C3D0-0").unwrap(), code);
    }

    #[test]
    fn what_is_shown_is_read_back() {
        let code = InteractionCode::new([1, 35, 69, 103, 137]);
        assert_eq!(InteractionCode::parse(&code.displayed()), Ok(code.clone()));
        assert_eq!(InteractionCode::parse(code.symbols()), Ok(code));
    }

    #[test]
    fn what_is_no_code() {
        let long = "A".repeat(33);
        let padded = format!("{}A1B2C3D4", "-".repeat(100));
        for bad in ["", "A1B2-C3D", "U1B2-C3D4", "A1B2 C3D4", "A1B2_C3D4", "A1B2-C3DÉ", &long, &padded] {
            assert_eq!(InteractionCode::parse(bad), Err(InvalidInteractionCode), "{bad}");
        }
    }

    #[test]
    fn it_is_not_printed() {
        assert_eq!(format!("{:?}", InteractionCode::new([255; 5])), "InteractionCode(redacted)");
    }
}
